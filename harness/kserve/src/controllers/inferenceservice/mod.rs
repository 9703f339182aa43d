//! InferenceServices: for each of its components a workload, in front of them a way in, and a status that says how it goes.
//!
//! | module | what it does |
//! |---|---|
//! | `reconcile` | one piece of work, in order |
//! | `component` | what predictors, transformers and explainers come down to |
//! | `predictor` | the runtime of a model, and what it changes |
//! | `metadata` | labels and annotations of children |
//! | `multinode` | a head and its workers |
//! | `endpoint` | where the model of a service is asked |
//! | `follow` | services whose runtime changes |
//! | `raw` | Deployments, Services, autoscalers |
//! | `ingress` | Ingresses of raw mode |
//! | `serverless` | Knative Services and VirtualServices |
//! | `stop` | services that shall rest |
//! | `availability` | what Deployments say of a component |
//! | `status`, `model_status` | what the service says of itself |

mod availability;
mod component;
mod endpoint;
mod follow;
mod gateway;
mod ingress;
mod keda;
mod metadata;
mod model_status;
mod multinode;
mod predictor;
mod raw;
mod reconcile;
mod serverless;
mod status;
mod stop;

use proofmark_controllers::kit::{Api, Next, Reconcile, Recorder, Selection, queue};

use super::scheme::Scheme;
use super::watch::{self, Key};
use crate::behaviour::Behaviour;
use crate::control_plane::{Clock, Context};
use crate::names::kinds;

pub(super) use component::{model_config_name, serves_many};
pub(super) use endpoint::endpoint;
pub(super) use raw::{autoscaler, deployment, ensure_autoscaler, front, host, service, unfit};
pub(super) use serverless::{UNKNOWN_KIND, fill_in, first_scale, is_available, starts_at_zero};
pub(super) use stop::autoscaler as rest_autoscaler;

pub(super) fn start(context: &mut Context, scheme: &Scheme) {
    let (queue, worker) = queue::new();
    let follows = context.behaviour.follows_runtimes;
    let services = if follows { Selection::whole(kinds::SERVICES) } else { Selection::metadata(kinds::SERVICES) };
    let own = watch::own(context, services, &queue);
    let mut caches = vec![own.clone()];
    caches.push(watch::owned(context, kinds::DEPLOYMENTS, kinds::SERVICES, &queue));
    for of in [kinds::KNATIVE_SERVICES, kinds::VIRTUAL_SERVICES, kinds::SCALED_OBJECTS] {
        watch::owned_if_there(context, of, kinds::SERVICES, &queue);
    }
    if context.behaviour.gateway_api {
        watch::owned_if_there(context, kinds::HTTP_ROUTES, kinds::SERVICES, &queue);
    }
    if context.behaviour.watches_ways_in {
        for of in [kinds::CORE_SERVICES, kinds::INGRESSES] {
            caches.push(watch::owned(context, of, kinds::SERVICES, &queue));
        }
    }
    if context.behaviour.follows_runtimes {
        caches.extend(follow::runtimes(context, &own, &queue));
    }
    if context.behaviour.watches_initializers {
        caches.push(follow::initializers(context, &queue));
    }
    let services = Services {
        api: context.api.clone(),
        namespace: context.options.namespace.clone(),
        behaviour: context.behaviour,
        scheme: scheme.clone(),
        clock: context.options.clock.clone(),
        recorder: context.recorder("v1beta1Controllers"),
    };
    let scheme = scheme.clone();
    context.run(worker, caches, async move { scheme.settled().await }, services);
}

/// The controller.
struct Services {
    api: Api,
    /// Where the control plane lives.
    namespace: String,
    behaviour: Behaviour,
    scheme: Scheme,
    clock: Clock,
    recorder: Recorder,
}

impl Reconcile for Services {
    type Key = Key;
    type Error = String;

    async fn reconcile(&self, key: &Key) -> Result<Next, String> {
        reconcile::reconcile(self, key).await
    }
}
