//! Embeds the pages anew when a file appears or goes: `include_dir!` alone notices changed files only.

use std::io::Write;

fn main() -> std::io::Result<()> {
    writeln!(std::io::stdout(), "cargo::rerun-if-changed=ui")
}
