//! `proofmark completions`

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;
use proofmark_kserve::Release;
use proofmark_kubeflow::KubeflowRelease;

use crate::args::Cli;
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};

pub(crate) fn run(shell: Shell) -> Result<Exit, ExpectedError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut with_values(Cli::command()), "proofmark", &mut script);
    Destination::open(None)?.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::AsExpected)
}

/// Shells complete the names of scenarios and releases too.
fn with_values(command: Command) -> Command {
    let ids: Vec<String> = proofmark_catalog::all().iter().map(|scenario| scenario.about().id.clone()).collect();
    let kserve = || PossibleValuesParser::new(Release::all().iter().map(|release| release.version()));
    let kubeflow = || PossibleValuesParser::new(KubeflowRelease::all().iter().map(|release| release.version()));
    let released = |command: Command| {
        command
            .mut_arg("kserve", |arg| arg.value_parser(kserve()))
            .mut_arg("kubeflow", |arg| arg.value_parser(kubeflow()))
    };
    let scenarios = |arg: Arg| arg.value_parser(PossibleValuesParser::new(ids.clone()));
    command.mut_subcommands(|command| match command.get_name() {
        "run" => released(command).mut_arg("scenarios", scenarios),
        "explain" => command.mut_arg("scenario", scenarios),
        "up" => released(command),
        _ => command,
    })
}
