//! The webhook that a case serves, in this process: answers by path, and remembers what it was asked.
//!
//! An answer is an AdmissionResponse whose `patch` may be a list, or `{"http": code, "text": body}`, or `{"convert": {...}}` for
//! conversions; `{"sleep": seconds}` delays it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use proofmark_apiserver::{Endpoint, Webhooks};
use proofmark_json::{Value, json};

use crate::case::Names;

/// Where it is. Another address of the loopback device than the server's own.
const URL: &str = "https://127.0.0.1:1443";

/// What its certificate would be signed by.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";

/// A served webhook.
pub(crate) struct Hook(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: BTreeMap<String, Value>,
    seen: Vec<(String, Value)>,
}

impl Hook {
    /// Begins to serve; a webhook of the case before is forgotten.
    pub(crate) fn serve(webhooks: &Webhooks) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        webhooks.register_signed_by(Endpoint::url(URL), AUTHORITY, move |request| respond(shared.clone(), request));
        Self(state)
    }

    /// Answers differently from now on.
    pub(crate) fn answer(&self, answers: BTreeMap<String, Value>) {
        self.0.lock().expect("no panic under the lock").answers = answers;
    }

    /// Tells a case where the webhook is.
    pub(crate) fn name(&self, names: &mut Names) {
        names.set("webhook.url", URL);
        names.set("webhook.ca", &STANDARD.encode(AUTHORITY));
    }

    /// What it was asked since the last time, by path.
    pub(crate) fn seen(&self) -> Vec<Value> {
        let mut seen = std::mem::take(&mut self.0.lock().expect("no panic under the lock").seen);
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        seen.into_iter().map(|(path, review)| json!({"path": path, "review": review})).collect()
    }
}

async fn respond(state: Arc<Mutex<State>>, request: Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let review: Value = proofmark_json::from_slice(request.body()).unwrap_or_default();
    let answer = {
        let mut state = state.lock().expect("no panic under the lock");
        state.seen.push((path.clone(), review.clone()));
        state.answers.get(request.uri().path()).cloned().unwrap_or(json!({"http": 404}))
    };
    if let Some(seconds) = answer.get("sleep").and_then(Value::as_f64) {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }
    let (code, body) = match answer.get("http").and_then(Value::as_u64) {
        Some(code) => (code, answer.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()),
        None => (
            200,
            json!({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": reviewed(answer, &review)})
                .to_string(),
        ),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = u16::try_from(code).ok().and_then(|c| StatusCode::from_u16(c).ok()).unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The response to a review.
fn reviewed(mut answer: Value, review: &Value) -> Value {
    if let Some(how) = answer.get("convert") {
        let converted = converted(&review["request"], how);
        let uid = &review["request"]["uid"];
        return json!({"uid": uid, "result": {"status": "Success"}, "convertedObjects": converted});
    }
    if answer["patch"].is_array() {
        answer["patch"] = STANDARD.encode(answer["patch"].to_string()).into();
        answer["patchType"] = "JSONPatch".into();
    }
    if let Some(fields) = answer.as_object_mut() {
        fields.shift_remove("sleep");
        fields.retain(|_, value| !value.is_null());
        fields.entry("uid").or_insert_with(|| review["request"]["uid"].clone());
    }
    answer
}

/// The objects of a conversion, in the version asked for: fields moved (`rename`) or put (`set`).
fn converted(request: &Value, how: &Value) -> Vec<Value> {
    let version = &request["desiredAPIVersion"];
    let pairs = |what: &str| how[what].as_array().cloned().unwrap_or_default();
    let objects = request["objects"].as_array().into_iter().flatten();
    let convert = |object: &Value| {
        let mut object = object.clone();
        object["apiVersion"] = version.clone();
        for pair in pairs("rename") {
            let (from, to) = (pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default());
            if let Some(value) = take(&mut object, from) {
                place(&mut object, to, value);
            }
        }
        for pair in pairs("set") {
            place(&mut object, pair[0].as_str().unwrap_or_default(), pair[1].clone());
        }
        object
    };
    objects.map(convert).collect()
}

fn take(object: &mut Value, at: &str) -> Option<Value> {
    let (parent, key) = at.rsplit_once('/')?;
    object.pointer_mut(parent)?.as_object_mut()?.shift_remove(key)
}

fn place(object: &mut Value, at: &str, value: Value) {
    let mut inner = object;
    for part in at.split('/').skip(1) {
        inner = &mut inner[part];
    }
    *inner = value;
}
