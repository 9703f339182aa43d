//! `proofmark clean`

use proofmark_env::kubeconfig;

use crate::args::CleanArgs;
use crate::destination::Destination;
use crate::environment;
use crate::error::{Exit, ExpectedError};

pub(crate) fn run(args: &CleanArgs) -> Result<Exit, ExpectedError> {
    let cluster = environment::open(&args.kubeconfig, args.context.as_deref())?;
    let found = environment::within(&cluster, async || {
        kubeconfig::clean(&cluster.cluster()?, args.run.as_deref(), args.dry_run).await
    })?;
    let mut text = String::new();
    for cleaned in &found {
        text.push_str(&format!("{} (run {})\n", cleaned.path, cleaned.run));
    }
    let done = if args.dry_run { "left behind" } else { "taken away" };
    text.push_str(&format!("{} {done}\n", found.len()));
    Destination::open(None)?.print(&text)?;
    Ok(Exit::AsExpected)
}
