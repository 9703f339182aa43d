//! Reviews of pods, answered.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use kube::Client;
use proofmark_controllers::kit::{Api, Error, Reason as _, Resource, object};
use proofmark_json::{Value, json};

use crate::account::Wanted;
use crate::inject::inject;
use crate::registration::registrations;

static ACCOUNTS: Resource = Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount");
static SERVICES: Resource = Resource::namespaced("", "v1", "services", "Service");
static CONFIGURATIONS: Resource = Resource::cluster(
    "admissionregistration.k8s.io",
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
);

const USER_AGENT: &str = "pod-identity-webhook/proofmark (linux/amd64)";

/// The webhook. Clones are the same.
#[derive(Clone)]
pub struct PodIdentity {
    api: Api,
    region: String,
    /// Namespaces and names of service accounts that are associated with a role.
    associated: Arc<[(String, String)]>,
}

impl PodIdentity {
    /// A webhook of a cluster in a region (`us-east-1`), which containers are told; none if it is empty. `client` must be allowed to read service accounts.
    pub fn new(client: Client, region: impl Into<String>) -> Self {
        let api = Api::new(client, USER_AGENT);
        Self { api, region: region.into(), associated: Arc::new([]) }
    }

    /// Sends the pods of these service accounts, each by its namespace and its name, to the agent.
    #[must_use]
    pub fn associated(mut self, accounts: impl IntoIterator<Item = (String, String)>) -> Self {
        self.associated = accounts.into_iter().collect();
        self
    }

    /// Has the API server ask it, at a URL with its certificate authority (base64 of PEM), or behind [`SERVICE`](crate::SERVICE). `client` makes the
    /// configuration.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn register(&self, client: Client, address: Option<(&str, &str)>) -> Result<(), Error> {
        let api = Api::new(client, USER_AGENT);
        let [service, configuration] = registrations(address);
        for (of, object) in [(&SERVICES, service), (&CONFIGURATIONS, configuration)] {
            match api.create(of, &object).await {
                Err(error) if !error.is_already_exists() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Answers a review. What is no review of a pod is answered 400.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let review: Option<Value> = proofmark_json::from_slice(request.body()).ok();
        let Some(asked) = review.as_ref().and_then(|review| review.get("request")).filter(|asked| asked.is_object())
        else {
            let mut refusal = Response::new(Bytes::from_static(b"not an admission review"));
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            return refusal;
        };
        let mut response = json!({"uid": asked["uid"], "allowed": true});
        if let Some(pod) = self.changed(asked).await {
            let patch = json!([{"op": "replace", "path": "/spec", "value": pod["spec"]}]).to_string();
            response["patchType"] = json!("JSONPatch");
            response["patch"] = json!(STANDARD.encode(patch));
        }
        let review = json!({"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "response": response});
        Response::new(Bytes::from(review.to_string()))
    }

    /// The pod as it shall be, if that is another. An account that cannot be read has no role.
    async fn changed(&self, asked: &Value) -> Option<Value> {
        let pod = asked.get("object").filter(|pod| pod["spec"].is_object())?;
        let account = Some(object::text(pod, "/spec/serviceAccountName")).filter(|name| !name.is_empty());
        let namespace = object::text(asked, "/namespace");
        let name = account.unwrap_or("default");
        let associated = self.associated.iter().any(|(of, account)| of == namespace && account == name);
        let account = self.api.get(&ACCOUNTS, namespace, name).await.ok()?;
        let wanted = Wanted::of(&account, pod, associated)?;
        let mut changed = pod.clone();
        inject(&mut changed, &wanted, &self.region);
        (changed != *pod).then_some(changed)
    }
}
