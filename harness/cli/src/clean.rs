//! `proofmark clean`

use proofmark_env::kubeconfig::{self, Leftover, Leftovers};

use crate::args::CleanArgs;
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::{environment, random, tell};

pub(crate) fn run(args: &CleanArgs) -> Result<Exit, ExpectedError> {
    let cluster = environment::open(&args.kubeconfig, args.context.as_deref(), random::hexadecimal::<6>()?)?;
    let Leftovers { objects, unseen } = environment::within(&cluster, async || {
        let open = cluster.cluster()?;
        let found = kubeconfig::find(&open, args.run.as_deref(), None).await?;
        if !args.dry_run {
            kubeconfig::clean(&open, found.objects.clone()).await?;
        }
        Ok(found)
    })?;
    let mut text = String::new();
    for Leftover { path, run, .. } in &objects {
        text.push_str(&format!("{path} (run {run})\n"));
    }
    let done = if args.dry_run { "left behind" } else { "taken away" };
    text.push_str(&format!("{} {done}\n", objects.len()));
    Destination::open(None)?.print(&text)?;
    if !unseen.is_empty() {
        tell::line(format_args!("warning: not looked through, since they cannot be listed: {}", unseen.join(", ")));
    }
    Ok(Exit::AsExpected)
}
