//! Kinds that stay from case to case.
//!
//! Most of what a plan installs are kinds, and the next case mostly wants the same ones. To serve a kind, and to let it go again, costs an API server more than
//! all that a case does with it. So kinds stay when a case ends, unless it has changed them or something is still of them. They go before a case that does not
//! want them as they are, and when the run ends.

use std::sync::{Mutex, PoisonError};

use http::Method;
use proofmark_json::Value;

use super::LABEL;
use super::removal::{self, Made, send};
use crate::EnvError;
use crate::transport::{BoxError, Transport};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// The kinds that no case is using.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<Vec<Kind>>);

/// A kind that a case has found or made.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    made: Made,
    /// As the plan has it.
    definition: Value,
    /// Its `metadata.resourceVersion` once it was served.
    version: String,
}

impl Kind {
    /// Whether this is the object that defines it.
    pub(super) fn is(&self, made: &Made) -> bool {
        self.made == *made
    }
}

impl Standing {
    /// The kinds that are there and that a case wants just so, which are the case's from now on; the others go.
    ///
    /// # Errors
    /// [`EnvError::LeftBehind`] when one does not go.
    pub(super) async fn hand_over(&self, open: &Transport, wanted: &[Value]) -> Result<Vec<Made>, EnvError> {
        let (fit, others): (Vec<_>, Vec<_>) =
            self.take().into_iter().partition(|kind| wanted.contains(&kind.definition));
        removal::remove(open, others.into_iter().map(|kind| kind.made).collect()).await?;
        Ok(fit.into_iter().map(|kind| kind.made).collect())
    }

    /// Lets those of a case's kinds stay that are as they were and that nothing is of; the others go.
    ///
    /// # Errors
    /// [`EnvError::LeftBehind`] when one does not go.
    pub(super) async fn take_back(&self, open: &Transport, run: &str, kinds: Vec<Kind>) -> Result<(), EnvError> {
        if kinds.is_empty() {
            return Ok(());
        }
        let now = versions(open, run).await.unwrap_or_default();
        let mut others = Vec::new();
        for kind in kinds {
            let is_untouched = now.iter().any(|(made, version)| *made == kind.made && *version == kind.version);
            if is_untouched && is_unused(open, &kind.definition).await.unwrap_or(false) {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).push(kind);
            } else {
                others.push(kind.made);
            }
        }
        removal::remove(open, others).await
    }

    /// Takes all away.
    ///
    /// # Errors
    /// [`EnvError::LeftBehind`] when one does not go.
    pub(super) async fn clear(&self, open: &Transport) -> Result<(), EnvError> {
        self.hand_over(open, &[]).await.map(|_| ())
    }

    fn take(&self) -> Vec<Kind> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The kinds of a run that are there, of those that are wanted.
pub(super) async fn served(open: &Transport, run: &str, wanted: Vec<Value>) -> Vec<Kind> {
    if wanted.is_empty() {
        return Vec::new();
    }
    // Without an answer none stays at the end, and all is well.
    let mut there = versions(open, run).await.unwrap_or_default();
    let served = |definition: Value| {
        let path = format!("{DEFINITIONS}/{}", definition["metadata"]["name"].as_str()?);
        let at = there.iter().position(|(made, _)| made.path == path)?;
        let (made, version) = there.swap_remove(at);
        Some(Kind { made, definition, version })
    };
    wanted.into_iter().filter_map(served).collect()
}

/// Of every kind with the run's label what it is and its version.
async fn versions(open: &Transport, run: &str) -> Result<Vec<(Made, String)>, BoxError> {
    let (_, list) = send(open, Method::GET, &format!("{DEFINITIONS}?labelSelector={LABEL}={run}"), None).await?;
    let version = |item: &Value| {
        let text = |name: &str| item["metadata"][name].as_str().map(str::to_owned);
        let made = Made { path: format!("{DEFINITIONS}/{}", text("name")?), uid: text("uid")? };
        Some((made, text("resourceVersion")?))
    };
    Ok(list["items"].as_array().into_iter().flatten().filter_map(version).collect())
}

/// Whether there are no objects of a kind.
async fn is_unused(open: &Transport, definition: &Value) -> Result<bool, BoxError> {
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let served = spec["versions"].as_array().into_iter().flatten().find(|version| version["served"] == true);
    let Some(served) = served else { return Ok(false) };
    let (group, version, plural) = (text(&spec["group"]), text(&served["name"]), text(&spec["names"]["plural"]));
    let (_, list) = send(open, Method::GET, &format!("/apis/{group}/{version}/{plural}?limit=1"), None).await?;
    Ok(list["items"].as_array().is_some_and(Vec::is_empty))
}

#[cfg(test)]
mod tests {
    use proofmark_apiserver::ApiServer;
    use proofmark_json::json;

    use super::*;
    use crate::transport::transport;

    const RUN: &str = "r1";
    const MODELS: &str = "/apis/example.org/v1/namespaces/default/models";

    fn server() -> Transport {
        transport(ApiServer::builder().build().unwrap().service())
    }

    fn definition() -> Value {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "models.example.org"},
            "spec": {
                "group": "example.org", "scope": "Namespaced", "names": {"plural": "models", "kind": "Model"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
            },
        })
    }

    async fn made(open: &Transport, path: &str, object: &Value) {
        let (status, answer) = send(open, Method::POST, path, Some(("application/json", object))).await.unwrap();
        assert!(status.is_success(), "{answer}");
    }

    /// A server on which a case of the run has made the kind, and the kind.
    async fn with_kind() -> (Transport, Vec<Kind>) {
        let open = server();
        let mut labelled = definition();
        labelled["metadata"]["labels"] = json!({LABEL: RUN});
        made(&open, DEFINITIONS, &labelled).await;
        let kinds = served(&open, RUN, vec![definition()]).await;
        assert_eq!(kinds.len(), 1);
        (open, kinds)
    }

    async fn is_there(open: &Transport) -> bool {
        send(open, Method::GET, &format!("{DEFINITIONS}/models.example.org"), None).await.unwrap().0.is_success()
    }

    #[tokio::test(start_paused = true)]
    async fn a_kind_stays_for_whoever_wants_it_so() {
        let (open, kinds) = with_kind().await;
        let standing = Standing::default();
        standing.take_back(&open, RUN, kinds).await.unwrap();
        assert!(is_there(&open).await);
        let handed = standing.hand_over(&open, &[definition()]).await.unwrap();
        assert_eq!(handed.len(), 1);
        // It is the next case's now, and no longer one that nobody uses.
        standing.clear(&open).await.unwrap();
        assert!(is_there(&open).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_kind_goes_before_whoever_wants_it_otherwise() {
        let (open, kinds) = with_kind().await;
        let standing = Standing::default();
        standing.take_back(&open, RUN, kinds).await.unwrap();
        let mut other = definition();
        other["spec"]["names"]["shortNames"] = json!(["m"]);
        assert_eq!(standing.hand_over(&open, &[other]).await.unwrap(), []);
        assert!(!is_there(&open).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_kind_goes_when_something_is_still_of_it() {
        let (open, kinds) = with_kind().await;
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}});
        let _ = send(&open, Method::POST, "/api/v1/namespaces", Some(("application/json", &namespace))).await;
        made(&open, MODELS, &json!({"apiVersion": "example.org/v1", "kind": "Model", "metadata": {"name": "m"}})).await;
        Standing::default().take_back(&open, RUN, kinds).await.unwrap();
        assert!(!is_there(&open).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_kind_goes_when_a_case_has_changed_it() {
        let (open, kinds) = with_kind().await;
        let changed = json!({"metadata": {"annotations": {"by": "a case"}}});
        let path = format!("{DEFINITIONS}/models.example.org");
        send(&open, Method::PATCH, &path, Some(("application/merge-patch+json", &changed))).await.unwrap();
        Standing::default().take_back(&open, RUN, kinds).await.unwrap();
        assert!(!is_there(&open).await);
    }
}
