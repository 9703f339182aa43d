//! Takes the steps of a case, in order, and judges what comes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proofmark_json::{Map, Value, json};

use crate::compare::{Names, compare, leaves, normal, words};
use crate::text;
use crate::world::{World, list};

/// The waits before an unmet expectation is given up: a little more than five seconds.
const WAITS: [u64; 7] = [50, 100, 250, 600, 1000, 1500, 2000];

/// Between two changes.
const SECOND: Duration = Duration::from_secs(1);

/// Kind, namespace and name, with random parts replaced.
type Key = (String, String, String);

/// What became of a step.
pub(crate) struct Judged {
    pub(crate) what: String,
    pub(crate) equal: usize,
    pub(crate) all: usize,
    pub(crate) differences: Vec<String>,
}

pub(crate) struct Play<'w> {
    world: &'w World,
    given: Vec<Value>,
    todo: Vec<Value>,
    then: Vec<Value>,
    namespaces: BTreeSet<String>,
    names: Names,
    /// How many objects of a key should be there, beside what was given.
    there: BTreeMap<Key, usize>,
    judged: Vec<Judged>,
}

impl<'w> Play<'w> {
    pub(crate) fn new(world: &'w World, case: &Value) -> Self {
        let given = list(case, "given");
        let namespaces = given.iter().filter(|o| text(o, "kind") == "Namespace").map(|o| name(o).to_owned()).collect();
        Self {
            world,
            todo: given.clone(),
            given,
            then: list(case, "then"),
            namespaces,
            names: Names::new(),
            there: BTreeMap::new(),
            judged: Vec::new(),
        }
    }

    pub(crate) async fn run(mut self) -> Vec<Judged> {
        let mut undo: Vec<(String, Value)> = Vec::new();
        let mut steps = std::mem::take(&mut self.then).into_iter().peekable();
        while let Some(step) = steps.next() {
            let what = text(&step, "what").to_owned();
            if let Some(label) = label(&step) {
                let mut group = vec![step];
                while let Some(next) = steps.next_if(|next| self::label(next) == Some(label.clone())) {
                    group.push(next);
                }
                self.settle(&group).await;
            } else if let Some(created) = what.strip_prefix("answer to create ") {
                let (dry_run, created) =
                    created.strip_prefix("(dryRun=All) ").map_or((false, created), |rest| (true, rest));
                let answer = self.create(Some((created, dry_run))).await.unwrap_or(json!({"code": "never created"}));
                self.judge_answer(what, &step["response"], &answer);
            } else if what == "action: manager stopped" {
                self.world.stop_control_plane();
            } else if what == "action: manager started" {
                self.world.start_control_plane().await;
            } else if step.get("request").is_some() {
                let answer = self.act(&step, &mut undo).await;
                if let (Some(wanted), Some(answer)) = (step.get("response"), answer) {
                    self.judge_answer(what, wanted, &answer);
                }
            }
        }
        for (path, body) in undo.iter().rev() {
            self.world.ask("PATCH", path, Some(body), "application/merge-patch+json", None).await;
        }
        self.world.restore().await;
        for object in self.given.clone() {
            if text(&object, "kind") == "Namespace" {
                self.world.ask("DELETE", &self.world.path(&object, true), None, "application/json", None).await;
            }
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.judged
    }

    fn judge_answer(&mut self, what: String, wanted: &Value, answer: &Value) {
        let answer = normal(answer, &self.names);
        let asked: Map = wanted
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(k, _)| Some((k.clone(), answer.get(k)?.clone())))
            .collect();
        let (equal, all, differences) = compare(wanted, &Value::Object(asked));
        self.judged.push(Judged { what, equal, all, differences });
    }

    /// Creates what was given, in order, up to and with the one named; the answer to that one.
    async fn create(&mut self, upto: Option<(&str, bool)>) -> Option<Value> {
        while !self.todo.is_empty() {
            let object = self.todo.remove(0);
            // Times of creation are in seconds, and some choices are made by them.
            tokio::time::sleep(SECOND).await;
            let hit = upto.filter(|(named, _)| *named == format!("{} {}", text(&object, "kind"), name(&object)));
            let path =
                self.world.path(&object, false) + if hit.is_some_and(|(_, dry)| dry) { "?dryRun=All" } else { "" };
            let (mut code, mut body) = self.world.ask("POST", &path, Some(&object), "application/json", None).await;
            if code == 409 && matches!(text(&object, "kind"), "ServiceAccount" | "ConfigMap" | "Namespace") {
                let path = self.world.path(&object, true);
                (code, body) =
                    self.world.ask("PATCH", &path, Some(&object), "application/merge-patch+json", None).await;
            }
            if text(&object, "kind") == "Namespace" {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if hit.is_some() {
                return Some(json!({"code": code, "body": body}));
            }
        }
        None
    }

    async fn act(&mut self, step: &Value, undo: &mut Vec<(String, Value)>) -> Option<Value> {
        tokio::time::sleep(SECOND).await;
        let request = &step["request"];
        let answered = |(code, body): (u16, Value)| Some(json!({"code": code, "body": body}));
        if let Some(what) = request.get("patch").and_then(Value::as_str) {
            if let Some(pattern) = what.strip_prefix("status of pod ") {
                let mut pods: Vec<(String, String)> = self
                    .snapshot()
                    .await
                    .into_iter()
                    .filter(|o| text(o, "kind") == "Pod" && words(name(o), &self.names) == pattern)
                    .map(|o| (o["metadata"]["creationTimestamp"].to_string(), name(&o).to_owned()))
                    .collect();
                pods.sort();
                let (_, pod) = pods.pop()?;
                let body = request["body"].to_string().replace("<time>", "2026-01-01T00:00:00Z");
                let body: Value = proofmark_json::from_str(&body).ok()?;
                let path = format!("/api/v1/namespaces/{}/pods/{pod}/status", self.namespaces.first()?);
                return answered(
                    self.world.ask("PATCH", &path, Some(&body), "application/merge-patch+json", None).await,
                );
            }
            let (kind, rest) = what.split_once(' ')?;
            let (namespace, object) = rest.split_once('/')?;
            let path = format!("/api/v1/namespaces/{namespace}/{}s/{object}", kind.to_lowercase());
            let old = self.world.get(&path).await;
            let keys = request["body"]["data"].as_object().into_iter().flatten();
            let before: Map = keys.map(|(key, _)| (key.clone(), old["data"][key].clone())).collect();
            undo.push((path.clone(), json!({"data": before})));
            // The values of the configuration are JSON as text; the recordings show it as what it says.
            let mut body = request["body"].clone();
            for value in body.get_mut("data").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
                if value.is_object() {
                    *value = json!(value.to_string());
                }
            }
            let answer = self.world.ask("PATCH", &path, Some(&body), "application/merge-patch+json", None).await;
            return answered(answer);
        }
        if text(request, "method").is_empty() {
            return None;
        }
        let user = text(step, "what").strip_prefix("as ").and_then(|rest| rest.split_once(": ")).map(|(user, _)| user);
        let content_type = request.get("contentType").and_then(Value::as_str).unwrap_or("application/json");
        answered(
            self.world
                .ask(text(request, "method"), text(request, "path"), request.get("body"), content_type, user)
                .await,
        )
    }

    /// Everything in the case's namespaces.
    async fn snapshot(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        for namespace in &self.namespaces {
            for kind in self.world.kinds.iter().filter(|kind| kind.listed) {
                let found = self.world.get(&kind.collection(namespace)).await;
                for mut object in list(&found, "items") {
                    object["apiVersion"] = json!(kind.api_version);
                    object["kind"] = json!(kind.kind);
                    let quiet = object["metadata"].get("annotations").is_none() && object.get("secrets").is_none();
                    let default = kind.kind == "ServiceAccount" && name(&object) == "default" && quiet;
                    if !default && (kind.kind.as_str(), name(&object)) != ("ConfigMap", "kube-root-ca.crt") {
                        all.push(object);
                    }
                }
            }
        }
        for object in &all {
            let hash = object["metadata"]["labels"]["pod-template-hash"].as_str();
            let generated =
                object["metadata"]["generateName"].as_str().filter(|prefix| name(object).starts_with(prefix));
            let pair = match text(object, "kind") {
                "ReplicaSet" => hash.map(|hash| (hash.to_owned(), "<random>".to_owned())),
                "Pod" => generated.map(|prefix| (name(object).to_owned(), format!("{prefix}<random>"))),
                _ => None,
            };
            self.names.extend(pair.filter(|pair| !self.names.contains(pair)).into_iter().collect::<Vec<_>>());
        }
        self.names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        all
    }

    async fn settle(&mut self, group: &[Value]) {
        let named = |todo: &Value| {
            group.iter().any(|step| {
                step["object"]["kind"] == todo["kind"] && step["object"]["metadata"]["name"] == todo["metadata"]["name"]
            })
        };
        while self.todo.iter().any(named) {
            let next =
                self.todo.first().map(|next| format!("{} {}", text(next, "kind"), name(next))).unwrap_or_default();
            self.create(Some((&next, false))).await;
        }
        for step in group.iter().filter(|step| step.get("object").is_some()) {
            let count = self.there.entry(key(&step["object"])).or_default();
            match text(step, "what").rsplit(": ").next() {
                Some("gone") => *count = count.saturating_sub(1),
                Some("changed") => *count = (*count).max(1),
                _ => *count += 1,
            }
        }
        let mut judged = Vec::new();
        for wait in WAITS {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            judged = self.judge(group).await;
            if judged.iter().all(|judged| judged.differences.is_empty()) {
                break;
            }
        }
        self.judged.extend(judged);
    }

    async fn judge(&mut self, group: &[Value]) -> Vec<Judged> {
        let mut found: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
        for object in self.snapshot().await {
            let object = normal(&object, &self.names);
            found.entry(key(&object)).or_default().push(object);
        }
        let mut judged = Vec::new();
        for step in group {
            let what = text(step, "what");
            if let Some(events) = step.get("events").and_then(Value::as_array) {
                judged.push(self.judge_events(what, events).await);
                continue;
            }
            let wanted = &step["object"];
            let key = key(wanted);
            let what = format!("{what} {} {}", key.0, key.2);
            // What is not in the case's namespaces is looked up by itself.
            let elsewhere = match self.namespaces.contains(&key.1) || what.contains(": gone ") {
                true => Vec::new(),
                false => vec![normal(&self.world.get(&self.world.path(wanted, true)).await, &self.names)],
            };
            let here = found.get(&key).map(Vec::as_slice).unwrap_or_default();
            let have = if elsewhere.is_empty() { here } else { &elsewhere };
            let (equal, all, differences) = if what.contains(": gone ") {
                let extra = have.len() > self.there.get(&key).copied().unwrap_or_default();
                (usize::from(!extra), 1, if extra { vec!["still there".to_owned()] } else { Vec::new() })
            } else {
                let best = have
                    .iter()
                    .map(|found| compare(wanted, found))
                    .max_by(|(a, of, _), (b, all, _)| (a * all).cmp(&(b * of)));
                best.unwrap_or_else(|| (0, leaves(wanted).len(), vec!["not there".to_owned()]))
            };
            judged.push(Judged { what, equal, all, differences });
        }
        for key in found.keys() {
            let given = |o: &Value| text(o, "kind") == key.0 && name(o) == key.2;
            if !matches!(key.0.as_str(), "Secret" | "Pod" | "ReplicaSet")
                && !self.there.contains_key(key)
                && !self.given.iter().any(given)
            {
                let what = format!("unexpected {} {}", key.0, key.2);
                judged.push(Judged {
                    what,
                    equal: 0,
                    all: 1,
                    differences: vec!["not made by the real one".to_owned()],
                });
            }
        }
        judged
    }

    async fn judge_events(&self, what: &str, wanted: &[Value]) -> Judged {
        let mut have = Vec::new();
        for namespace in &self.namespaces {
            for event in list(&self.world.get(&format!("/api/v1/namespaces/{namespace}/events")).await, "items") {
                let mut of = event["involvedObject"].clone();
                of.as_object_mut().map(|of| (of.shift_remove("uid"), of.shift_remove("resourceVersion")));
                let fields = ["type", "reason", "message", "source", "reportingComponent"];
                let mut told: Map = fields.map(|field| (field.to_owned(), event[field].clone())).into_iter().collect();
                told.insert("involvedObject", of);
                have.push(normal(&Value::Object(told), &self.names));
            }
        }
        // Races of the real controllers come and go from run to run.
        let wanted: Vec<&Value> =
            wanted.iter().filter(|event| !text(event, "message").contains("the object has been modified")).collect();
        let missing: Vec<String> = wanted
            .iter()
            .filter(|event| !have.contains(event))
            .map(|event| format!("event missing: {}: {}", text(event, "reason"), text(event, "message")))
            .collect();
        Judged {
            what: what.to_owned(),
            equal: 6 * (wanted.len() - missing.len()),
            all: 6 * wanted.len(),
            differences: missing,
        }
    }
}

/// Steps with the same label were seen together.
fn label(step: &Value) -> Option<String> {
    let seen = step.get("object").is_some() || step.get("events").is_some();
    seen.then(|| text(step, "what").rsplit_once(": ").map_or("", |(label, _)| label).to_owned())
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn key(object: &Value) -> Key {
    (
        text(object, "kind").to_owned(),
        object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned(),
        name(object).to_owned(),
    )
}
