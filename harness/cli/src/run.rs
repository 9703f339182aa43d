//! `proofmark run`

use std::sync::atomic::Ordering;

use proofmark_kserve::Release;
use proofmark_kubeflow::KubeflowRelease;
use proofmark_replay::{Runner, Target};

use crate::args::{ReleaseArgs, RunArgs};
use crate::error::{Exit, ExpectedError};
use crate::terminal::Terminal;
use crate::{environment, input, interrupt, report, scenarios};

pub(crate) fn run(args: &RunArgs, terminal: &Terminal) -> Result<Exit, ExpectedError> {
    let scenarios = match args.scenarios.as_slice() {
        [] => proofmark_catalog::all(),
        names => names.iter().map(|name| scenarios::named(name)).collect::<Result<_, _>>()?,
    };
    let targets = targets(args, terminal)?;
    let environment = environment::of(&args.environment)?;
    let interrupted = interrupt::flag()?;
    let runner = Runner::new(&*environment).seed(args.seed).brief().interrupted_by(interrupted.clone());
    let result = report::told(&args.report, terminal, |sink| runner.run(&scenarios, &targets, sink))?;
    Ok(match Exit::from(result.bottom()) {
        Exit::AsExpected if interrupted.load(Ordering::Relaxed) => Exit::INTERRUPTED,
        exit => exit,
    })
}

fn targets(args: &RunArgs, terminal: &Terminal) -> Result<Vec<Target>, ExpectedError> {
    let ReleaseArgs { kserve, kubeflow, manifests } = &args.releases;
    if args.all_releases {
        let kserve = Release::all().iter().map(|release| Target::kserve(*release));
        let kubeflow = KubeflowRelease::all().iter().map(|release| Target::kubeflow(*release));
        return Ok(kserve.chain(kubeflow).collect());
    }
    if !manifests.is_empty() {
        let read = input::manifests(manifests, terminal, args.report.quiet)?;
        return Ok(vec![Target::manifests(manifests, read)]);
    }
    Ok(match (kserve.as_slice(), kubeflow.as_slice()) {
        ([], []) => Release::matrix().map(Target::kserve).collect(),
        (kserve, []) => kserve.iter().map(|release| Target::kserve(*release)).collect(),
        ([], kubeflow) => kubeflow.iter().map(|release| Target::kubeflow(*release)).collect(),
        (kserve, kubeflow) => {
            let on_each = |release: &Release| kubeflow.iter().map(|on| Target::both(*release, *on)).collect::<Vec<_>>();
            kserve.iter().flat_map(on_each).collect()
        }
    })
}
