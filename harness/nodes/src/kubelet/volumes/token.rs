//! Service account tokens of pods: asked for when they are read, and again before they run out.
//!
//! A kubelet replaces a token when a fifth of its life is left, or after a day (`pkg/kubelet/token/token_manager.go`). Here that is
//! decided when the file is read: to the process it looks the same, and nothing has to be done while nobody reads.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{PodSpec, ServiceAccountTokenProjection};
use proofmark_controllers::kit::object;
use proofmark_json::json;

use super::super::agent::Agent;
use super::super::pod::PodRef;
use crate::kinds::SERVICE_ACCOUNTS;

/// The life that a token is asked for where the pod does not say (seconds).
const USUAL: i64 = 3600;
/// No token is used for longer.
const OLDEST: SignedDuration = SignedDuration::from_hours(24);

struct Held {
    text: Bytes,
    replace_at: Timestamp,
}

/// The tokens of one volume, by their path.
#[derive(Default)]
pub(super) struct Tokens(BTreeMap<String, Held>);

impl Tokens {
    /// A token, and whether it is another than last time.
    pub(super) async fn get(
        &mut self,
        agent: &Agent,
        pod: &PodRef,
        spec: &PodSpec,
        wanted: &ServiceAccountTokenProjection,
    ) -> Result<(Bytes, bool), String> {
        let now = (agent.clock)();
        if let Some(held) = self.0.get(&wanted.path).filter(|held| now < held.replace_at) {
            return Ok((held.text.clone(), false));
        }
        let seconds = wanted.expiration_seconds.unwrap_or(USUAL);
        let audiences: Vec<&str> = wanted.audience.as_deref().filter(|a| !a.is_empty()).into_iter().collect();
        let account = spec.service_account_name.as_deref().unwrap_or("default");
        let mut request = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {
                "expirationSeconds": seconds,
                "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": pod.name, "uid": pod.uid},
            },
        });
        if !audiences.is_empty() {
            request["spec"]["audiences"] = json!(audiences);
        }
        let made = agent
            .api
            .create_subresource(&SERVICE_ACCOUNTS, &pod.namespace, account, "token", &request)
            .await
            .map_err(|error| format!("failed to fetch token: {error}"))?;
        let text = Bytes::from(object::text(&made, "/status/token").to_owned());
        let life = SignedDuration::from_secs(seconds) * 4 / 5;
        let replace_at = now.checked_add(life.min(OLDEST)).unwrap_or(now);
        self.0.insert(wanted.path.clone(), Held { text: text.clone(), replace_at });
        Ok((text, true))
    }
}
