//! What stands beside the API server in recorded cases: KFAM, and an IAM that keeps trust policies as texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Request;
use kube::Client;
use parking_lot::Mutex;
use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};
use proofmark_kubeflow::kfam::{Kfam, Settings};
use proofmark_kubeflow::profile::{Answer, Iam};

/// KFAM and IAM.
#[derive(Clone)]
pub(crate) struct Stands {
    kfam: Kfam,
    pub(crate) iam: Roles,
}

impl Stands {
    pub(crate) fn new(client: Client, iam: Roles) -> Self {
        let settings = Settings { cluster_admin: "root@example.com".to_owned(), ..Settings::default() };
        Self { kfam: Kfam::new(client, settings), iam }
    }

    /// The answer to a request of a recording, as [`told`] puts those of recordings.
    pub(crate) async fn kfam(&self, request: &Value) -> Value {
        let mut sent = Request::builder().method(object::text(request, "/method")).uri(object::text(request, "/path"));
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            sent = sent.header(name.as_str(), value.as_str().expect("a text"));
        }
        let body = match (request.get("rawBody"), request.get("body")) {
            (Some(raw), _) => raw.as_str().expect("a text").to_owned(),
            (None, Some(body)) => body.to_string(),
            (None, None) => String::new(),
        };
        let Ok(response) = self.kfam.answer(sent.body(body).expect("a request")).await else {
            return json!("no answer");
        };
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let mut answer = json!({"code": response.status().as_u16(), "type": kind});
        let text = response.into_body();
        answer["body"] = proofmark_json::from_str(&text).unwrap_or_else(|_| json!(text));
        sort(&mut answer["body"]);
        answer
    }
}

/// A recorded answer, without what a connection adds.
pub(crate) fn told(response: &Value) -> Value {
    if response.get("error").is_some() {
        return json!("no answer");
    }
    let mut answer =
        json!({"code": response["code"], "type": response["headers"]["Content-Type"], "body": response["body"]});
    sort(&mut answer["body"]);
    answer
}

/// The order of bindings is random in the original.
fn sort(body: &mut Value) {
    if let Some(bindings) = body.pointer_mut("/bindings").and_then(Value::as_array_mut) {
        bindings.sort_by_key(Value::to_string);
    }
}

/// Roles by name, and what was asked about them.
#[derive(Clone, Default)]
pub(crate) struct Roles(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    roles: BTreeMap<String, String>,
    asked: Vec<Value>,
}

impl Roles {
    pub(crate) fn set(&self, role: &str, document: String) {
        self.0.lock().roles.insert(role.to_owned(), document);
    }

    pub(crate) fn get(&self, role: &str) -> Value {
        self.find(role).map_or(Value::Null, |document| proofmark_json::from_str(&document).expect("JSON"))
    }

    /// What was asked since the last time, each once.
    pub(crate) fn asked(&self) -> Value {
        let mut distinct = vec![];
        for asked in std::mem::take(&mut self.0.lock().asked) {
            if !distinct.contains(&asked) {
                distinct.push(asked);
            }
        }
        Value::Array(distinct)
    }

    fn find(&self, role: &str) -> Option<String> {
        self.0.lock().roles.get(role).cloned()
    }
}

impl Iam for Roles {
    fn trust_policy<'a>(&'a self, role: &'a str) -> Answer<'a, String> {
        self.0.lock().asked.push(json!(["GetRole", role]));
        Box::pin(async move { self.find(role).ok_or_else(|| "NoSuchEntity".to_owned()) })
    }

    fn set_trust_policy<'a>(&'a self, role: &'a str, document: String) -> Answer<'a, ()> {
        self.0.lock().asked.push(json!(["UpdateAssumeRolePolicy", role, document]));
        self.set(role, document);
        Box::pin(async { Ok(()) })
    }
}

/// The same from a recording.
pub(crate) fn asked_of_iam(step: &Value) -> Value {
    let requests = object::list(step, "/requests").iter().map(|request| {
        let (action, role) = (&request["form"]["Action"], &request["form"]["RoleName"]);
        match request.get("policyDocumentText") {
            Some(document) => json!([action, role, document]),
            None => json!([action, role]),
        }
    });
    requests.collect()
}
