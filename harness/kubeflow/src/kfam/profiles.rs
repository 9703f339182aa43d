//! Profiles over HTTP: whoever has a name may register one, and only its owner may delete it.

use http::StatusCode;
use proofmark_controllers::kit::Reason;
use proofmark_json::{Value, json};

use super::bindings::told;
use super::route::{Kfam, Outcome, silently};
use crate::profile::PROFILES;

pub(super) async fn create(kfam: &Kfam, profile: &Value) -> Outcome {
    told(kfam.api.create(&PROFILES, profile).await.map(drop))
}

pub(super) async fn delete(kfam: &Kfam, caller: &str, name: &str) -> Outcome {
    if !kfam.may_manage(caller, name).await {
        return silently(StatusCode::UNAUTHORIZED);
    }
    let deleted = kfam.api.delete(&PROFILES, "", name, &json!({})).await;
    deleted.map(|_| String::new()).map_err(|error| (StatusCode::UNAUTHORIZED, error.words()))
}
