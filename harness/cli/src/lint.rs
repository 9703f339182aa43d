//! `proofmark lint`

use std::path::Path;

use proofmark_env::{Embedded, Environment, Plan};
use proofmark_kserve::Release;
use proofmark_replay::{Expected, Scenario, Target};
use proofmark_scenario_files::{Problem, vet};

use crate::args::LintArgs;
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::scenarios;

pub(crate) fn run(args: &LintArgs) -> Result<Exit, ExpectedError> {
    let out = Destination::open(None)?;
    if args.schema {
        let schema = format!("{:#}\n", proofmark_scenario_files::schema());
        out.print(&schema)?;
        return Ok(Exit::AsExpected);
    }
    let mut lines = String::new();
    let mut exit = Exit::AsExpected;
    for path in &args.files {
        let problems = problems(path)?;
        if problems.is_empty() {
            lines.push_str(&format!("{}: nothing is wrong\n", path.display()));
        } else {
            exit = Exit::Finding;
            problems.iter().for_each(|problem| lines.push_str(&format!("{problem}\n")));
        }
    }
    out.print(&lines)?;
    Ok(exit)
}

/// What is wrong with a file: by itself, and in the eyes of an API server in the universe that it asks for.
fn problems(path: &Path) -> Result<Vec<Problem>, ExpectedError> {
    let text = scenarios::text(path)?;
    let scenario = match proofmark_scenario_files::read(path, &text) {
        Ok(scenario) => scenario,
        Err(problems) => return Ok(problems),
    };
    let runtime = Embedded.runtime().map_err(|source| ExpectedError::System { what: "start a runtime", source })?;
    let asked = runtime.block_on(async {
        let universe = Embedded.prepare(plan(&scenario)).await?;
        vet(path, &text, &universe.cluster).await
    });
    Ok(asked?)
}

/// The universe on the newest release that has the failure, or else on the newest on which the scenario has a meaning.
fn plan(scenario: &Scenario) -> Plan {
    let targets: Vec<Target> = Release::all().iter().rev().map(|release| Target::kserve(*release)).collect();
    let found = [Expected::Reproduces, Expected::Absent]
        .into_iter()
        .find_map(|wanted| targets.iter().find(|target| scenario.expected(target) == wanted));
    found.map_or_else(Plan::default, |target| scenario.plan(target))
}
