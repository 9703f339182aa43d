//! `proofmark run`

use std::sync::atomic::Ordering;

use proofmark_env::Plan;
use proofmark_env::kubeconfig::Kubeconfig;
use proofmark_kserve::Release;
use proofmark_kubeflow::KubeflowRelease;
use proofmark_replay::{Runner, Target};

use crate::args::{EnvironmentName, ReleaseArgs, RunArgs};
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::terminal::Terminal;
use crate::{environment, input, interrupt, report, scenarios};

pub(crate) fn run(args: &RunArgs, terminal: &Terminal) -> Result<Exit, ExpectedError> {
    if let Some((option, environment)) = args.environment.misplaced() {
        return Err(ExpectedError::OnlyFor { option, environment });
    }
    let scenarios = match args.scenarios.as_slice() {
        [] => proofmark_catalog::all(),
        names => names.iter().map(|name| scenarios::named(name)).collect::<Result<_, _>>()?,
    };
    let shard = args.shard()?;
    let is_installed = args.environment.read_only || !args.environment.kind.install.is_empty();
    let targets = if is_installed { told(args)? } else { targets(args, terminal)? };
    if args.environment.kind.dry_run {
        let script = args.environment.kind.plan().script("here the scenarios are played");
        Destination::open(args.report.output.as_deref())?.print(&script)?;
        return Ok(Exit::AsExpected);
    }
    let interrupted = interrupt::flag()?;
    let place = environment::of(&args.environment, &targets, args.report.quiet, &interrupted)?;
    let targets = match &place.installed {
        Some(cluster) if targets.is_empty() => vec![found(args, cluster)?],
        _ => targets,
    };
    let runner = Runner::new(&*place.environment)
        .seed(args.seed)
        .brief()
        .shard(shard)
        .read_only(args.environment.read_only)
        .interrupted_by(interrupted.clone());
    let result = report::told(&args.report, terminal, |sink| runner.run(&scenarios, &targets, sink));
    let finished = place.finish();
    let result = result?;
    finished?;
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

/// What is installed on the cluster, as the user says: one release, or nothing said.
fn told(args: &RunArgs) -> Result<Vec<Target>, ExpectedError> {
    let ReleaseArgs { kserve, kubeflow, .. } = &args.releases;
    let mut target = match (kserve.as_slice(), kubeflow.as_slice()) {
        ([], []) => return Ok(Vec::new()),
        ([kserve], []) => Target::kserve(*kserve),
        ([], [kubeflow]) => Target::kubeflow(*kubeflow),
        ([kserve], [kubeflow]) => Target::both(*kserve, *kubeflow),
        _ => return Err(ExpectedError::SeveralInstalled),
    };
    target.plan = Plan { installed: true, ..target.plan };
    target.arguments.extend(again(args));
    Ok(vec![target])
}

/// What is installed on the cluster, as its kinds and roles say.
fn found(args: &RunArgs, cluster: &Kubeconfig) -> Result<Target, ExpectedError> {
    let (_, manifests) = environment::distribution(cluster)?;
    let arguments = again(args);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let name = match args.environment.kind.install.as_slice() {
        [] => cluster.url(),
        installed => installed.join(" + "),
    };
    Ok(Target::installed(name, &arguments, manifests))
}

/// The arguments that lead to the same once more.
fn again(args: &RunArgs) -> Vec<String> {
    let environment = &args.environment;
    let mut words = Vec::new();
    let mut say = |option: &str, value: &str| words.extend([option.to_owned(), value.to_owned()]);
    if environment.env == EnvironmentName::Kind {
        say("--env", "kind");
        environment.kind.install.iter().for_each(|source| say("--install", source));
        return words;
    }
    say("--env", "kubeconfig");
    environment.kubeconfig.iter().for_each(|file| say("--kubeconfig", &file.display().to_string()));
    environment.context.iter().for_each(|context| say("--context", context));
    words.push("--read-only".to_owned());
    words
}
