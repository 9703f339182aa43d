//! What pods and events say, as values that steps can expect.
//!
//! Names of pods are random and lists keep what is old, so these steps read and sum up: a step expects a small object in place of a list.

use http::Request;
use kube::Client;
use proofmark_json::{Value, json};

use crate::{Resource, Step};

const PODS: Resource = Resource::new("", "v1", "pods", "Pod");
const EVENTS: Resource = Resource::new("", "v1", "events", "Event");
const REPLICA_SETS: Resource = Resource::new("apps", "v1", "replicasets", "ReplicaSet");
const INITIALIZER: &str = "storage-initializer";

/// Reads, and sums up.
impl Step {
    /// Reads the messages of all events of a reason in a namespace, each once, oldest first: `{"messages": [..]}`. Names of pods stand as `<pod>` in them,
    /// pointers of Go as `<ptr>`.
    #[must_use]
    pub fn events(self, namespace: &str, reason: &str) -> Self {
        let words = format!("events of reason {reason} in {namespace}");
        let (namespace, query) = (namespace.to_owned(), format!("fieldSelector=reason%3D{reason}"));
        self.client(words, move |client| {
            let (namespace, query) = (namespace.clone(), query.clone());
            async move {
                let mut messages: Vec<String> = Vec::new();
                for event in list(&client, &EVENTS, &namespace, &query).await? {
                    let message = settled(event["message"].as_str().unwrap_or_default());
                    if !messages.contains(&message) {
                        messages.push(message);
                    }
                }
                Ok(json!({"messages": messages}))
            }
        })
    }

    /// Reads the newest pod of an InferenceService: `{"containers": {name: ..}, "initContainers": {name: ..}, "volumes": {name: source}}`, and
    /// `{"pods": 0}` while there is none. Of a container there are its arguments, its variables (a value, or `secret/key`), its mounts (path by volume) and its limits.
    #[must_use]
    pub fn newest_pod(self, namespace: &str, service: &str) -> Self {
        let words = format!("newest pod of {service} in {namespace}");
        let (namespace, service) = (namespace.to_owned(), service.to_owned());
        self.client(words, move |client| {
            let (namespace, service) = (namespace.clone(), service.clone());
            async move { Ok(newest(&client, &namespace, &service).await?.as_ref().map_or(json!({"pods": 0}), summed_up)) }
        })
    }

    /// Reads how the storage initializer of an InferenceService's newest pod ended: `{"exit": 0}`, or `{"exit": 1, "words": its last ones}`. Without an end yet,
    /// nothing.
    #[must_use]
    pub fn initialized(self, namespace: &str, service: &str) -> Self {
        let words = format!("storage initializer of {service} in {namespace}");
        let (namespace, service) = (namespace.to_owned(), service.to_owned());
        self.client(words, move |client| {
            let (namespace, service) = (namespace.clone(), service.clone());
            async move { Ok(newest(&client, &namespace, &service).await?.as_ref().and_then(ended).unwrap_or(json!({}))) }
        })
    }
}

async fn list(client: &Client, of: &Resource, namespace: &str, query: &str) -> kube::Result<Vec<Value>> {
    let request = Request::get(format!("{}?{query}", of.in_namespace(namespace).path())).body(Vec::new());
    let answer: Value = client.request(request.map_err(kube::Error::HttpError)?).await?;
    Ok(answer["items"].as_array().cloned().unwrap_or_default())
}

/// The newest pod of a service that is not on its way out.
async fn newest(client: &Client, namespace: &str, service: &str) -> kube::Result<Option<Value>> {
    let selector = format!("labelSelector=serving.kserve.io%2Finferenceservice%3D{service}");
    let mut pods = list(client, &PODS, namespace, &selector).await?;
    pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    let mut newest = youngest(pods);
    // Times are whole seconds, and a Deployment can be changed twice in one.
    if newest.len() > 1 {
        let sets = list(client, &REPLICA_SETS, namespace, &selector).await?;
        newest.sort_by_key(|pod| revision(pod, &sets));
    }
    Ok(newest.pop())
}

/// Of these pods those that were created last.
fn youngest(mut pods: Vec<Value>) -> Vec<Value> {
    let created = |pod: &Value| pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
    if let Some(last) = pods.iter().map(created).max() {
        pods.retain(|pod| created(pod) == last);
    }
    pods
}

/// Which revision of its Deployment a pod belongs to; 0 if to none.
fn revision(pod: &Value, sets: &[Value]) -> u64 {
    let owners = pod["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    let owned = |set: &&Value| owners.iter().any(|owner| owner["uid"] == set["metadata"]["uid"]);
    let revision =
        sets.iter().find(owned).map(|set| &set["metadata"]["annotations"]["deployment.kubernetes.io/revision"]);
    revision.and_then(Value::as_str).and_then(|revision| revision.parse().ok()).unwrap_or_default()
}

/// How the storage initializer of a pod ended, last time.
fn ended(pod: &Value) -> Option<Value> {
    let statuses = pod["status"]["initContainerStatuses"].as_array()?;
    let status = statuses.iter().find(|status| status["name"] == INITIALIZER)?;
    let ended = status["state"].get("terminated").or_else(|| status["lastState"].get("terminated"))?;
    let mut summary = json!({"exit": ended["exitCode"]});
    if let Some(message) = ended["message"].as_str() {
        summary["words"] = json!(last_words(message));
    }
    Some(summary)
}

/// What a Python program says in the end: the exception that ended it, or the message of its last line.
fn last_words(log: &str) -> &str {
    let after = |text: &str| log.rfind(text).map(|at| at + text.len());
    let told = ["Storage initialization failed: ", "Unexpected error during storage initialization: "];
    let from = after("Traceback (most recent call last):\n").or_else(|| told.iter().find_map(|words| log.rfind(words)));
    log.get(from.unwrap_or_default()..).unwrap_or_default().trim_end()
}

fn summed_up(pod: &Value) -> Value {
    let mut volumes = json!({});
    for volume in pod["spec"]["volumes"].as_array().into_iter().flatten() {
        let name = volume["name"].as_str().unwrap_or_default();
        // The name of the token's volume is random.
        if !name.starts_with("kube-api-access-") {
            let source = ["configMap", "secret"].iter().find_map(|kind| {
                let of = volume.get(*kind)?;
                of.get("name").or(of.get("secretName")).cloned()
            });
            volumes[name] = source.unwrap_or(json!(true));
        }
    }
    json!({
        "containers": containers(&pod["spec"]["containers"]),
        "initContainers": containers(&pod["spec"]["initContainers"]),
        "volumes": volumes,
    })
}

fn containers(list: &Value) -> Value {
    let mut all = json!({});
    for container in list.as_array().into_iter().flatten() {
        let (mut env, mut mounts) = (json!({}), json!({}));
        for variable in container["env"].as_array().into_iter().flatten() {
            let name = variable["name"].as_str().unwrap_or_default();
            let secret = &variable["valueFrom"]["secretKeyRef"];
            env[name] = match (secret["name"].as_str(), secret["key"].as_str()) {
                (Some(secret), Some(key)) => json!(format!("{secret}/{key}")),
                _ => variable.get("value").cloned().unwrap_or(json!("")),
            };
        }
        for mount in container["volumeMounts"].as_array().into_iter().flatten() {
            let name = mount["name"].as_str().unwrap_or_default();
            if !name.starts_with("kube-api-access-") {
                mounts[name] = mount["mountPath"].clone();
            }
        }
        let name = container["name"].as_str().unwrap_or_default();
        let (args, limits) = (&container["args"], &container["resources"]["limits"]);
        all[name] = json!({"args": args, "env": env, "mounts": mounts, "limits": limits});
    }
    all
}

/// A message without what is random in it.
fn settled(message: &str) -> String {
    let mut settled = String::new();
    // Events that differ in a name only are told as one after a while.
    let mut rest = message.strip_prefix("(combined from similar events): ").unwrap_or(message);
    while let Some(at) = rest.find("Pod \"") {
        let (before, from) = rest.split_at(at + "Pod \"".len());
        settled.push_str(before);
        settled.push_str("<pod>");
        rest = from.find('"').map_or("", |end| &from[end..]);
    }
    settled.push_str(rest);
    match settled.find(" 0xc") {
        Some(at) => {
            let end =
                settled[at + 1..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(settled.len(), |end| at + 1 + end);
            settled.replace_range(at + 1..end, "<ptr>");
            settled
        }
        None => settled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_random_in_a_message_is_replaced() {
        let table = [
            ("nothing", "nothing"),
            ("(combined from similar events): nothing", "nothing"),
            (r#"Pod "a-b-c2x4d" is invalid: spec"#, r#"Pod "<pod>" is invalid: spec"#),
            ("type: {sklearn 0xc000123456}", "type: {sklearn <ptr>}"),
            ("type: {sklearn 0xc000123456", "type: {sklearn <ptr>"),
            (r#"Pod "unfinished"#, r#"Pod "<pod>"#),
        ];
        for (message, expected) in table {
            assert_eq!(settled(message), expected);
        }
    }

    #[test]
    fn pods_of_one_second_are_told_apart_by_their_revision() {
        let pod = |name: &str, at: &str, owner: &str| json!({"metadata": {"name": name, "creationTimestamp": at, "ownerReferences": [{"uid": owner}]}});
        let set = |uid: &str, revision: &str| json!({"metadata": {"uid": uid, "annotations": {"deployment.kubernetes.io/revision": revision}}});
        let (first, second) = ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z");
        let pods =
            vec![pod("z", first, "s2"), pod("b", second, "s9"), pod("a", second, "s10"), pod("c", second, "none")];
        let mut left = youngest(pods);
        let sets = [set("s2", "2"), set("s9", "9"), set("s10", "10")];
        left.sort_by_key(|pod| revision(pod, &sets));
        let names: Vec<_> = left.iter().map(|pod| pod["metadata"]["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["c", "b", "a"]);
        assert!(youngest(Vec::new()).is_empty());
    }

    #[test]
    fn the_exception_that_ended_a_program_is_its_last_word() {
        let table = [
            (
                "Traceback (most recent call last):\nA: b\n\nDuring ..:\n\nTraceback (most recent call last):\nC: d\ne\n",
                "C: d\ne",
            ),
            ("2026-01-01 1 root ERROR [x] Storage initialization failed: why\n", "Storage initialization failed: why"),
            ("words", "words"),
        ];
        for (log, expected) in table {
            assert_eq!(last_words(log), expected);
        }
    }

    #[test]
    fn initializers_end() {
        let pod = |status: Value| json!({"status": {"initContainerStatuses": [status]}});
        let table = [
            (json!({"name": "storage-initializer", "state": {"running": {}}}), None),
            (json!({"name": "other", "state": {"terminated": {"exitCode": 0}}}), None),
            (
                json!({"name": "storage-initializer", "state": {"terminated": {"exitCode": 0}}}),
                Some(json!({"exit": 0})),
            ),
            (
                json!({"name": "storage-initializer", "state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 1, "message": "no\n"}}}),
                Some(json!({"exit": 1, "words": "no"})),
            ),
        ];
        for (status, expected) in table {
            assert_eq!(ended(&pod(status.clone())), expected, "{status}");
        }
    }

    #[test]
    fn pods_are_summed_up() {
        let pod = json!({"spec": {
            "initContainers": [{
                "name": "storage-initializer", "args": ["a"],
                "env": [
                    {"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, {"name": "C"},
                ],
                "volumeMounts": [{"name": "m", "mountPath": "/mnt/models"}, {"name": "kube-api-access-x", "mountPath": "/var"}],
            }],
            "volumes": [{"name": "m", "emptyDir": {}}, {"name": "c", "configMap": {"name": "ca"}}, {"name": "kube-api-access-x"}],
        }});
        let expected = json!({
            "containers": {},
            "initContainers": {"storage-initializer": {
                "args": ["a"], "env": {"A": "1", "B": "s/k", "C": ""}, "mounts": {"m": "/mnt/models"}, "limits": null,
            }},
            "volumes": {"m": true, "c": "ca"},
        });
        assert_eq!(summed_up(&pod), expected);
    }
}
