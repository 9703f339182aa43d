//! Prints the catalogue: `cargo run -p proofmark-catalog --example catalogue > docs/catalogue.md`.

#![expect(clippy::print_stdout, reason = "it prints")]

fn main() {
    print!("{}", proofmark_catalog::table::markdown());
}
