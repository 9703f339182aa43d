//! Exchanges of another client with other clusters, replayed: what the test suite of the k8s-openapi crate recorded from kind clusters of releases 1.33 and 1.35.
//!
//! The recordings lie in `upstream/kube-apiserver-recordings/RELEASE` of the reference data: arrays of a request and its response.
//!
//! - What the cluster brought (its own pods and deployments) is put into a fresh server first.
//! - Of requests that were repeated until something had happened only the last one counts.
//! - What cannot repeat (uids, times, revisions) is masked, and so is the name of the client in `managedFields`.
//! - Controllers and kubelets do not run here: an object that they wrote to is compared without its status, and what they made is passed over.
//!
//! [`KNOWN`] are the differences that are left; there must be no others, and none fewer.

#![expect(clippy::print_stdout, reason = "differences are told, and cargo captures them")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use proofmark_apiserver::ApiServer;
use proofmark_json::{Key, Value, json};
use serde::Deserialize;

const RELEASES: [&str; 2] = ["v1-33", "v1-35"];

/// Release, recording and step, JSON pointer. What differs is what changed between 1.33 and 1.35, unless said otherwise.
const KNOWN: [(&str, &str, &str); 4] = [
    // Groups and versions that only one of them serves by default.
    ("v1-33", "api_versions-list 0", "/documents/0/groups"),
    // Here a definition is established at once.
    ("v1-33", "custom_resource_definition-test 1", "/documents/0/status/conditions/1/reason"),
    ("v1-33", "custom_resource_definition-test 1", "/documents/0/status/conditions/1/status"),
    // The bookmark of a streaming list said what an empty list looks like.
    (
        "v1-33",
        "watch_event-watch_pods_without_initial_events 0",
        "/documents/8/object/metadata/annotations/kubernetes.io~1initial-events-list-blueprint",
    ),
];

/// Managers of objects that do not run here.
const OTHERS: [&str; 3] = ["kube-controller-manager", "kube-scheduler", "kubelet"];

#[derive(Debug, Deserialize)]
struct Exchange {
    request_url: String,
    request_method: String,
    request_body: String,
    request_content_type: Option<String>,
    response_status_code: u16,
    response_body: String,
}

impl Exchange {
    /// Whether it asks the same as another one.
    fn repeats(&self, other: &Self) -> bool {
        self.request_method == "GET" && other.request_method == "GET" && self.request_url == other.request_url
    }

    /// The documents of the response: one, or one for each event of a watch.
    fn documents(&self) -> Vec<Value> {
        let documents = proofmark_json::Deserializer::from_str(&self.response_body).into_iter();
        documents.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{}: {error}", self.request_url))
    }
}

struct Cluster(ApiServer);

impl Cluster {
    /// Sends a request. Of a watch so many events are read.
    async fn send(
        &self,
        method: &str,
        url: &str,
        content_type: &str,
        body: String,
        events: usize,
    ) -> (u16, Vec<Value>) {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", format!("Bearer {}", self.0.admin_token()))
            .header("content-type", content_type)
            .body(Bytes::from(body))
            .unwrap();
        let response = self.0.handle(request).await.unwrap();
        let status = response.status().as_u16();
        let mut body = response.into_body();
        let mut documents = Vec::new();
        while documents.len() < events {
            let next = tokio::time::timeout(Duration::from_secs(30), body.frame()).await;
            let Ok(Some(frame)) = next else { break };
            let data = frame.unwrap().into_data().unwrap();
            documents.extend(proofmark_json::from_slice::<Value>(&data).ok());
        }
        (status, documents)
    }

    /// Puts an object there as it is, its status included.
    async fn put(&self, collection: &str, mut object: Value) {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let account = object.pointer("/spec/serviceAccountName").and_then(Value::as_str);
        if let (Some(account), Some(accounts)) = (account, collection.strip_suffix("/pods")) {
            let account =
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}}).to_string();
            self.send("POST", &format!("{accounts}/serviceaccounts"), "application/json", account, 1).await;
        }
        for own in ["resourceVersion", "uid", "managedFields"] {
            object["metadata"].as_object_mut().unwrap().shift_remove(own);
        }
        let (status, answer) = self.send("POST", collection, "application/json", object.to_string(), 1).await;
        assert_eq!(status, 201, "{answer:?}");
        let at = format!("{collection}/{name}/status");
        let (status, answer) = self.send("PUT", &at, "application/json", object.to_string(), 1).await;
        assert_eq!(status, 200, "{answer:?}");
    }
}

/// Every object that the first answer of a recording shows, and that the recording did not make.
fn brought(exchanges: &[Exchange]) -> Vec<Value> {
    let Some(first) = exchanges.first().filter(|e| e.request_method == "GET" && e.request_url != "/apis") else {
        return Vec::new();
    };
    let mut objects = Vec::new();
    for document in first.documents() {
        match (&document["items"], document["type"].as_str()) {
            (Value::Array(items), _) => objects.extend(items.iter().cloned()),
            (_, Some("ADDED")) => objects.push(document["object"].clone()),
            _ => {}
        }
    }
    objects
}

/// Masks what cannot repeat.
fn mask(value: &mut Value, also: &str) {
    match value {
        Value::Object(members) => {
            for (key, value) in members.iter_mut() {
                match (key.as_str(), &*value) {
                    (
                        "uid" | "resourceVersion" | "controller-uid" | "batch.kubernetes.io/controller-uid",
                        Value::String(_),
                    ) => {
                        *value = json!("masked");
                    }
                    (key, _) if key == also => *value = json!("masked"),
                    (_, Value::String(text)) if text.parse::<jiff::Timestamp>().is_ok() => *value = json!("time"),
                    _ => mask(value, also),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, also)),
        _ => {}
    }
}

/// Where two values differ, as JSON pointers.
fn differences(expected: &Value, found: &Value, at: &str, out: &mut Vec<(String, String)>) {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&Key> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let (x, y) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                differences(x, y, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (x, y)) in a.iter().zip(b).enumerate() {
                differences(x, y, &format!("{at}/{i}"), out);
            }
        }
        (a, b) if a == b => {}
        (a, b) => out.push((at.to_owned(), format!("{a} became {b}"))),
    }
}

/// Whether a controller or kubelet wrote to an object.
fn others_wrote(object: &Value) -> bool {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries.filter_map(|entry| entry["manager"].as_str()).any(|manager| OTHERS.contains(&manager))
}

/// What differed, and how many exchanges were compared.
#[derive(Default)]
struct Outcome {
    differences: Vec<(String, String, String)>,
    compared: usize,
    passed_over: usize,
}

async fn replay(release: &str, file: &Path, outcome: &mut Outcome) {
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let exchanges: Vec<Exchange> = proofmark_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let brought = brought(&exchanges);
    let cluster = Cluster(ApiServer::builder().seed(1).build().unwrap());
    for object in &brought {
        let collection = exchanges[0].request_url.split('?').next().unwrap();
        cluster.put(collection, object.clone()).await;
    }
    // Who wrote which part of it cannot be repeated.
    let masked = if brought.is_empty() { "manager" } else { "managedFields" };
    for (i, exchange) in exchanges.iter().enumerate() {
        if exchanges.get(i + 1).is_some_and(|next| next.repeats(exchange)) {
            continue;
        }
        let mut expected = exchange.documents();
        let content_type = exchange.request_content_type.as_deref().unwrap_or("");
        let (method, url) = (&exchange.request_method, &exchange.request_url);
        let (status, mut found) =
            cluster.send(method, url, content_type, exchange.request_body.clone(), expected.len()).await;
        if brought.is_empty() {
            let mut items = expected.iter().filter_map(|document| document["items"].as_array()).flatten();
            if items.any(others_wrote) {
                outcome.passed_over += 1;
                continue;
            }
            for (expected, found) in expected.iter_mut().zip(&mut found).filter(|(e, _)| others_wrote(e)) {
                for document in [expected, found] {
                    document.as_object_mut().unwrap().shift_remove("status");
                    document["metadata"].as_object_mut().unwrap().shift_remove("managedFields");
                }
            }
        }
        let whole = |status: u16, documents: Vec<Value>| {
            let mut whole = json!({"status": status, "documents": documents});
            mask(&mut whole["documents"], masked);
            whole
        };
        let mut differ = Vec::new();
        differences(&whole(exchange.response_status_code, expected), &whole(status, found), "", &mut differ);
        for (at, how) in differ {
            println!("{release} {name} {i} {at}: {how}");
            outcome.differences.push((release.to_owned(), format!("{name} {i}"), at));
        }
        outcome.compared += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn recordings_of_other_clusters_agree() {
    let shared = std::env::var_os("PROOFMARK_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")));
    let root = shared.join("upstream/kube-apiserver-recordings");
    let mut outcome = Outcome::default();
    for release in RELEASES {
        let Ok(files) = std::fs::read_dir(root.join(release)) else {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "no recordings at {}", root.display());
            return println!("skipped: no recordings at {}", root.display());
        };
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        for file in files {
            replay(release, &file, &mut outcome).await;
        }
    }
    println!("{} exchanges compared, {} passed over", outcome.compared, outcome.passed_over);
    let found: BTreeSet<_> = outcome.differences.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(found, BTreeSet::from(KNOWN));
}
