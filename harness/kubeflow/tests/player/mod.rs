//! Plays recorded cases of Profiles against an API server and puts down where it differs.
//!
//! Objects lose what cannot repeat (uids, resource versions, times) and what the recordings dropped: managedFields and the status of quotas.
//! A step is given ten seconds of the runtime's clock to come true.

mod stands;

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Request, header};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use proofmark_controllers::kit::{Resource, object};
use proofmark_json::{Value, json};
pub(crate) use stands::{Roles, Stands};
use stands::{asked_of_iam, told};

const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

const NAMESPACES: Resource = Resource::cluster("", "v1", "namespaces", "Namespace");
/// The kinds that cases speak of; AuthorizationPolicies were listed in the preferred version.
static KINDS: [Resource; 6] = [
    NAMESPACES,
    Resource::cluster("kubeflow.org", "v1", "profiles", "Profile"),
    Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount"),
    Resource::namespaced("", "v1", "resourcequotas", "ResourceQuota"),
    Resource::namespaced("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    Resource::namespaced("security.istio.io", "v1", "authorizationpolicies", "AuthorizationPolicy"),
];

pub(crate) struct Player {
    client: Client,
    stands: Stands,
    case: String,
    given: Vec<Value>,
    /// Kind, namespace and name of what should exist beside what was given.
    there: BTreeSet<(String, String, String)>,
    pub(crate) differences: Vec<String>,
}

impl Player {
    /// Plays a case to its end and removes what it made.
    pub(crate) async fn play(client: Client, stands: Stands, case: &Value) -> Vec<String> {
        let given = object::list(case, "/given").to_vec();
        let name = object::text(case, "/case").to_owned();
        let mut player =
            Self { client, stands, case: name, given: given.clone(), there: BTreeSet::new(), differences: Vec::new() };
        let mut steps = object::list(case, "/then").iter().peekable();
        while let Some(step) = steps.next() {
            let what = object::text(step, "/what");
            if let Some(created) = what.strip_prefix("answer to create ") {
                let (dry_run, created) =
                    created.strip_prefix("(dryRun=All) ").map_or((false, created), |rest| (true, rest));
                let answer = player.create_up_to(created, dry_run).await;
                player.compare(what, &step["response"], &answer);
            } else if what == "KFAM" {
                let answer = player.stands.kfam(&step["request"]).await;
                player.compare(&format!("{what} {}", step["request"]), &told(&step["response"]), &answer);
            } else if let Some(role) = what.strip_prefix("given at AWS: trust policy of role ") {
                player.stands.iam.set(role, step["response"].to_string());
            } else if let Some(role) = what.strip_prefix("trust policy of role ") {
                let role = role.strip_suffix(" afterwards").expect("a role");
                player.compare(what, &step["response"], &player.stands.iam.get(role));
            } else if what.contains("what the controller asked of IAM") {
                let asked = player.stands.iam.asked();
                player.compare(what, &asked_of_iam(step), &asked);
            } else if step.get("request").is_some() {
                let answer = player.act(&step["request"]).await;
                player.compare(what, &step["response"], &answer);
            } else if step.get("object").is_some() {
                let mut group = vec![step];
                while let Some(next) = steps.next_if(|next| next.get("object").is_some() && label(next) == label(step))
                {
                    group.push(next);
                }
                player.settle(&group).await;
            }
        }
        player.clean_up(&given).await;
        player.differences
    }

    /// Creates what was given, in order, up to this one; the answer to it.
    async fn create_up_to(&mut self, created: &str, dry_run: bool) -> Value {
        while !self.given.is_empty() {
            let given = self.given.remove(0);
            let is_it = format!("{} {}", object::text(&given, "/kind"), object::name(&given)) == created;
            let path = path(&given, false) + if is_it && dry_run { "?dryRun=All" } else { "" };
            let answer = self.ask("POST", &path, Some(&given), "application/json").await;
            if is_it {
                return answer;
            }
        }
        Value::Null
    }

    async fn act(&self, request: &Value) -> Value {
        let content_type = request.get("contentType").and_then(Value::as_str).unwrap_or("application/json");
        self.ask(object::text(request, "/method"), object::text(request, "/path"), request.get("body"), content_type)
            .await
    }

    /// Waits until every object of a group of steps is as it should be, and nothing else is there.
    async fn settle(&mut self, group: &[&Value]) {
        for step in group {
            let key = key(&step["object"]);
            if is_gone(step) {
                self.there.remove(&key)
            } else {
                self.there.insert(key)
            };
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let wrong = self.judge(group).await;
            if wrong.is_empty() || tokio::time::Instant::now() > deadline {
                self.differences.extend(wrong);
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn judge(&self, group: &[&Value]) -> Vec<String> {
        let mut wrong = Vec::new();
        for step in group {
            let (what, wanted) = (object::text(step, "/what"), &step["object"]);
            let what = format!("{}: {what}: {} {}", self.case, object::text(wanted, "/kind"), object::name(wanted));
            let mut found = self.ask("GET", &path(wanted, true), None, "application/json").await;
            let code = found["code"].as_u64();
            normalise(&mut found);
            if is_gone(step) {
                wrong.extend((code != Some(404)).then(|| format!("{what}: still there")));
            } else if object::is_being_deleted(wanted) && code == Some(404) {
                // The recording caught it on its way out: whether one does depends on timing alone.
            } else if found["body"] != *wanted {
                wrong.push(format!("{what}\n  wanted {wanted}\n  found  {}", found["body"]));
            }
        }
        let spaces: BTreeSet<&str> =
            self.there.iter().map(|(_, namespace, _)| namespace.as_str()).filter(|space| !space.is_empty()).collect();
        for (kind, namespace) in
            KINDS.iter().filter(|kind| kind.namespaced).flat_map(|kind| spaces.iter().map(move |space| (kind, *space)))
        {
            let list = self.ask("GET", &kind.path(namespace), None, "application/json").await;
            for name in object::list(&list, "/body/items").iter().map(object::name) {
                let expected = self.there.contains(&(kind.kind.to_string(), namespace.to_owned(), name.to_owned()));
                if !expected && name != "default" {
                    wrong.push(format!("{}: not expected: {} {name}", self.case, kind.kind));
                }
            }
        }
        wrong
    }

    fn compare(&mut self, what: &str, wanted: &Value, answer: &Value) {
        let mut answer = answer.clone();
        normalise(&mut answer);
        if answer != *wanted {
            self.differences.push(format!("{}: {what}\n  wanted {wanted}\n  found  {answer}", self.case));
        }
    }

    async fn clean_up(&mut self, given: &[Value]) {
        for object in given {
            self.ask("DELETE", &path(object, true), None, "application/json").await;
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        for given in given {
            // A Profile whose namespace is somebody else's keeps its finalizer for ever.
            while self.ask("GET", &path(given, true), None, "application/json").await["code"] == 200
                && tokio::time::Instant::now() < deadline
            {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// The answer to a request: `{"code", "body"}`.
    async fn ask(&self, method: &str, path: &str, body: Option<&Value>, content_type: &str) -> Value {
        let bytes = body.map(|body| proofmark_json::to_vec(body).expect("serialisable")).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(bytes));
        let response = self.client.send(request.expect("a request")).await.expect("the server answers");
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.expect("readable").to_bytes();
        json!({"code": code, "body": proofmark_json::from_slice::<Value>(&bytes).expect("JSON")})
    }
}

/// Steps with the same label were seen together.
fn label(step: &Value) -> &str {
    object::text(step, "/what").rsplit_once(": ").map_or("", |(label, _)| label)
}

fn is_gone(step: &Value) -> bool {
    object::text(step, "/what").ends_with(": gone")
}

fn key(of: &Value) -> (String, String, String) {
    (object::text(of, "/kind").to_owned(), object::namespace(of).to_owned(), object::name(of).to_owned())
}

fn path(of: &Value, with_name: bool) -> String {
    let kind = KINDS.iter().find(|kind| kind.kind == object::text(of, "/kind")).expect("a kind of the table");
    let mut kind = kind.clone();
    if let Some((_, version)) = object::text(of, "/apiVersion").split_once('/') {
        kind.version = version.to_owned().into();
    }
    let name = if with_name { format!("/{}", object::name(of)) } else { String::new() };
    kind.path(object::namespace(of)) + &name
}

fn normalise(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove("managedFields");
            if map.get("kind").is_some_and(|kind| kind == "ResourceQuota") {
                map.shift_remove("status");
            }
            for (key, value) in map {
                match (key.as_str(), &*value) {
                    ("uid", Value::String(_)) => *value = json!("<uid>"),
                    ("resourceVersion", Value::String(_)) => *value = json!("<rv>"),
                    ("creationTimestamp" | "deletionTimestamp" | "lastTransitionTime", Value::String(_)) => {
                        *value = json!("<time>")
                    }
                    _ => normalise(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(normalise),
        _ => {}
    }
}
