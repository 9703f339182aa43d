//! `proofmark list`

use proofmark_replay::{About, Scenario};

use crate::args::{PlainArgs, PlainFormat};
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::json;

pub(crate) fn run(args: &PlainArgs) -> Result<Exit, ExpectedError> {
    let scenarios = proofmark_catalog::all();
    let abouts: Vec<&About> = scenarios.iter().map(Scenario::about).collect();
    let text = match args.format {
        PlainFormat::Text => table(&abouts),
        PlainFormat::Json => json::document("scenarios", &abouts),
    };
    Destination::open(args.output.as_deref())?.print(&text)?;
    Ok(Exit::AsExpected)
}

fn table(abouts: &[&About]) -> String {
    let ids = abouts.iter().map(|about| about.id.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for about in abouts {
        out.push_str(&format!("{:<ids$}  {}\n", about.id, about.title));
        out.push_str(&format!("{:<ids$}  {}\n", "", about.affected));
    }
    out
}
