//! InferenceServices: what is filled in, and what is refused.

mod autoscaling;
mod component;
mod defaults;
mod marshal;
mod multinode;
mod validate;

pub(super) use validate::{bad_name, is_name, python_path_unset};

use proofmark_controllers::kit::{View, object};
use proofmark_json::Value;

use component::Component;

use super::{Denied, Inner, Review};
use crate::config::Config;
use crate::names::{DISABLE_LOCAL_MODEL, kinds};

/// Fills in defaults; the service that it becomes.
pub(super) async fn mutate(hooks: &Inner, review: &Review) -> Result<Option<Value>, Denied> {
    let filled = filled(hooks, review).await;
    filled.map_err(|denied| if hooks.behaviour.defaulter_refuses { denied } else { denied.panics() })
}

async fn filled(hooks: &Inner, review: &Review) -> Result<Option<Value>, Denied> {
    let config = Config::read(&hooks.api, &hooks.namespace, hooks.behaviour).await?;
    let refused = object::annotation(&review.object, DISABLE_LOCAL_MODEL).is_some();
    let caches = match config.local_model()?.enabled && !refused {
        true => Some(hooks.api.list(&kinds::LOCAL_MODELS, "", &[], View::Whole).await?),
        false => None,
    };
    let mut service = review.object.clone();
    let predictor = Component::Predictor.of(&service);
    if hooks.behaviour.looks_for_implementation
        && predictor.is_none_or(|block| Component::Predictor.implementations(block, hooks.behaviour) == 0)
    {
        return Err(Denied::Panic("runtime error: index out of range [0] with length 0".to_owned()));
    }
    defaults::fill_in(&mut service, &config, caches.as_ref().map(|list| object::list(list, "/items")))?;
    marshal::complete(&mut service, hooks.behaviour);
    if hooks.behaviour.keeps_empty_fields {
        let mut plain = review.object.clone();
        marshal::complete(&mut plain, hooks.behaviour);
        marshal::restore(&mut service, &review.object, &plain);
    }
    Ok(Some(service))
}

/// Checks a service.
pub(super) fn validate(hooks: &Inner, review: &Review) -> Result<(), Denied> {
    validate::check(&review.object, review.old.as_ref(), hooks.behaviour).map_err(Denied::because)
}
