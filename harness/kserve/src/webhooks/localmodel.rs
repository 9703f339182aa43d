//! LocalModelCaches: one that services use cannot be deleted.

use proofmark_controllers::kit::{View, object};

use super::{Denied, Inner, Review};
use crate::names::{LOCAL_MODEL_LABEL, kinds};

pub(super) async fn validate(hooks: &Inner, review: &Review) -> Result<(), Denied> {
    if review.operation != "DELETE" {
        return Ok(());
    }
    let name = object::name(&review.object);
    let selector = format!("{LOCAL_MODEL_LABEL}={name}");
    let users = hooks.api.list(&kinds::SERVICES, "", &[("labelSelector", &selector)], View::Metadata).await?;
    match object::list(&users, "/items").first() {
        Some(user) => Err(Denied::because(format!(
            "LocalModelCache {name} is being used by InferenceService {}",
            object::name(user)
        ))),
        None => Ok(()),
    }
}
