//! The admission webhooks of a release, as the API server calls them: reviews of `admission.k8s.io/v1beta1`, the only version that any release asks for.
//!
//! | module | path | what it does |
//! |---|---|---|
//! | `inferenceservice` | `/mutate-…-inferenceservice`, `/validate-…-inferenceservice` | defaults and checks |
//! | `pod` | `/mutate-pods` | adds what loads models, logs and batches requests |
//! | `runtimes` | `/validate-…-servingruntime`, `/validate-…-clusterservingruntime` | priorities |
//! | `graph` | `/validate-…-inferencegraph` | names, steps, weights |
//! | `trainedmodel` | `/validate-…-trainedmodel` | names, URIs, memory |
//! | `localmodel` | `/validate-…-localmodelcache` | what is used cannot be deleted |
//!
//! `gpus` is what several of them ask of GPUs. `registration` tells the API server of them, `review` is the protocol.

mod gpus;
mod graph;
mod inferenceservice;
mod localmodel;
mod pod;
pub(crate) mod registration;
mod review;
mod runtimes;
mod trainedmodel;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use proofmark_controllers::kit::{Api, object};

use crate::behaviour::Behaviour;
pub(crate) use review::{Denied, Review};

/// What the webhooks of a control plane need. Clones are the same webhooks.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) api: Api,
    /// Where the control plane lives.
    pub(crate) namespace: String,
    pub(crate) behaviour: Behaviour,
}

impl Webhooks {
    pub(crate) fn new(api: Api, namespace: String, behaviour: Behaviour) -> Self {
        Self(Arc::new(Inner { api, namespace, behaviour }))
    }

    /// Answers a review. What is no review, or has an unknown path, is answered 400 or 404, as the real server does. Where that one panics and
    /// does not recover, there is no answer.
    pub async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let Some(review) = Review::read(request.body()) else {
            return Some(review::plain(400, "not an admission review"));
        };
        let hooks = &*self.0;
        // Of these, what is being deleted is not looked at.
        let goes = hooks.behaviour.lets_all_go && review.old.is_some() && object::is_being_deleted(&review.object);
        let decided = match request.uri().path() {
            "/mutate-serving-kserve-io-v1beta1-inferenceservice" => inferenceservice::mutate(hooks, &review).await,
            "/validate-serving-kserve-io-v1beta1-inferenceservice" => {
                inferenceservice::validate(hooks, &review).map(|()| None)
            }
            "/mutate-pods" => pod::mutate(hooks, &review).await.map_err(Denied::on_the_way),
            "/validate-serving-kserve-io-v1alpha1-servingruntime"
            | "/validate-serving-kserve-io-v1alpha1-clusterservingruntime" => {
                runtimes::validate(hooks, &review).await.map(|()| None)
            }
            "/validate-serving-kserve-io-v1alpha1-inferencegraph"
            | "/validate-serving-kserve-io-v1alpha1-trainedmodel"
                if goes =>
            {
                Ok(None)
            }
            "/validate-serving-kserve-io-v1alpha1-inferencegraph" => graph::validate(&review.object).map(|()| None),
            "/validate-serving-kserve-io-v1alpha1-trainedmodel" => {
                trainedmodel::validate(&review.object, review.old.as_ref()).map(|()| None)
            }
            "/validate-serving-kserve-io-v1alpha1-localmodelcache" => {
                localmodel::validate(hooks, &review).await.map(|()| None)
            }
            _ => return Some(review::plain(404, "404 page not found\n")),
        };
        review.answer(decided, hooks.behaviour)
    }
}
