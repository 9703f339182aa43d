//! `proofmark up`: the environment live, on the real clock and over HTTPS.
//!
//! Without a command it says where it is and waits for Ctrl-C. With one it says nothing, so that the command's output is its own, hands signals
//! on to it, and ends with it.

mod cloud;
mod ingress;
mod issuer;
mod kfam;
mod kubeconfig;
mod live;
mod request_log;
mod world;

use proofmark_apiserver::VERSION;
use proofmark_env::{CloudPlan, Plan};
use proofmark_kserve::Flavor;
use proofmark_kserve::extras::Project;
use proofmark_kubeflow::KubeflowRelease;

use crate::args::UpArgs;
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::process::{Signals, child};
use crate::terminal::Terminal;
use crate::{aws, input, tell};

use kubeconfig::Kubeconfig;
use live::Live;
use world::Save;

pub(crate) fn run(args: &UpArgs, terminal: &Terminal) -> Result<Exit, ExpectedError> {
    let plan = plan(args, terminal)?;
    let runtime =
        tokio::runtime::Runtime::new().map_err(|source| ExpectedError::System { what: "start threads", source })?;
    runtime.block_on(up(args, plan))
}

/// What shall run there: the newest Kubeflow unless told.
fn plan(args: &UpArgs, terminal: &Terminal) -> Result<Plan, ExpectedError> {
    let mut plan = match (args.kserve, args.kubeflow) {
        _ if args.bare => Plan::default(),
        _ if !args.manifests.is_empty() => {
            let read = input::manifests(&args.manifests, terminal, args.quiet)?;
            Plan::manifests(read.objects.into_iter().map(|object| object.value).collect())
        }
        (Some(kserve), None) => Plan::kserve(kserve),
        (Some(kserve), Some(kubeflow)) => Plan { kserve: Some(kserve), ..Plan::kubeflow(kubeflow) },
        (None, kubeflow) => Plan::kubeflow(kubeflow.unwrap_or(KubeflowRelease::latest())),
    };
    plan.manifests.extend(args.issuer.is_some().then(issuer::everybody_reads));
    let usual = u32::from(!args.bare && !args.no_nodes);
    let control_plane = plan.kserve.map(|_| match (args.kserve, args.kubeflow) {
        (Some(_), None) => Flavor::Standalone,
        _ => Flavor::Kubeflow,
    });
    let mut extras = args.with.clone();
    let cloud = match &args.aws {
        None => None,
        Some(None) => Some(cloud::usual()),
        Some(Some(file)) => Some(aws::world(file)?),
    };
    // A cluster in AWS has the webhook that gives pods their roles.
    extras.extend(cloud.as_ref().filter(|_| !extras.contains(&Project::Irsa)).map(|_| Project::Irsa));
    let cloud = cloud.map(|accounts| CloudPlan { accounts, ..CloudPlan::default() });
    Ok(Plan { seed: args.seed, nodes: args.nodes.unwrap_or(usual), control_plane, extras, cloud, ..plan })
}

async fn up(args: &UpArgs, plan: Plan) -> Result<Exit, ExpectedError> {
    // From here on Ctrl-C must not end the program before it has cleaned up.
    let mut signals = Signals::new()?;
    let started = tokio::select! {
        started = start(args, &plan) => started?,
        _ = signals.next() => return Ok(Exit::INTERRUPTED),
    };
    let Started { live, kubeconfig, save } = started;
    for left_out in live.left_out() {
        tell::line(format_args!("warning: {} was left out: {}", left_out.object, left_out.why));
    }
    let exit = match args.command.split_first() {
        Some((program, arguments)) => {
            child::run(program, arguments, &live.variables(kubeconfig.path()), &mut signals).await?
        }
        None => {
            if !args.quiet {
                Destination::open(None)?.print(&welcome(&live, &plan, &kubeconfig))?;
            }
            signals.next().await;
            Exit::AsExpected
        }
    };
    let world = live.end().await?;
    if let Some(save) = save {
        save.write(&world)?;
    }
    Ok(exit)
}

/// What runs, and what is left to do when it ends.
struct Started {
    live: Live,
    kubeconfig: Kubeconfig,
    save: Option<Save>,
}

async fn start(args: &UpArgs, plan: &Plan) -> Result<Started, ExpectedError> {
    let path = args.kubeconfig.as_deref();
    Kubeconfig::check(path)?;
    let log = args.request_log.as_deref().map(request_log::open).transpose()?;
    let save = args.save.as_deref().map(Save::to).transpose()?;
    let world = args.restore.as_deref().map(world::read).transpose()?;
    let live = Live::start(plan, args, world).await?;
    if let Some(log) = log {
        live.log_requests(log);
    }
    live.break_things(&args.faults);
    let kubeconfig = Kubeconfig::write(path, &live.kubeconfig())?;
    Ok(Started { live, kubeconfig, save })
}

fn welcome(live: &Live, plan: &Plan, kubeconfig: &Kubeconfig) -> String {
    let mut what = format!("Kubernetes {VERSION}");
    if let Some(kubeflow) = plan.kubeflow {
        what.push_str(&format!(", Kubeflow {kubeflow}"));
    }
    if let Some(kserve) = plan.kserve {
        what.push_str(&format!(", KServe {kserve}"));
    }
    let mut text = format!("{what} at {}\n\n", live.url());
    for (name, value) in live.variables(kubeconfig.path()) {
        text.push_str(&format!("  export {name}={}\n", value.display()));
    }
    text.push_str("  kubectl get namespaces\n\nCtrl-C ends it.\n");
    text
}
