//! Two teams, and who is in them.
//!
//! Alice edits the InferenceServices of her team, Bob looks at them. Dana edits those of the other team. Carol is in none.

use proofmark_json::{Value, json};
use proofmark_replay::{Resource, Step, step};
use proofmark_scenarios_serving::kinds::{NAMESPACES, SERVICES};
use proofmark_scenarios_serving::{NEIGHBOUR, TEAM};

use crate::app::ROLES;

pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const CAROL: &str = "carol@example.com";
pub(crate) const DANA: &str = "dana@example.com";

/// The services of Alice's team, in the order in which lists have them, and the one of Dana's.
pub(crate) const SERVICES_OF_TEAM: [&str; 2] = ["digits", "iris"];
pub(crate) const SERVICE_OF_NEIGHBOUR: &str = "fraud";

/// RoleBindings.
pub(crate) const BINDINGS: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");

const EDITOR: &str = "inferenceservice-editor";
const VIEWER: &str = "inferenceservice-viewer";

/// The teams' namespaces, and the roles of their people.
pub(crate) fn objects() -> Vec<Value> {
    let role = |name: &str, verbs: &[&str]| {
        let rule = json!({"apiGroups": [SERVICES.group], "resources": [SERVICES.plural], "verbs": verbs});
        ROLES.object(None, name, json!({"rules": [rule]}))
    };
    vec![
        NAMESPACES.object(None, TEAM, json!({})),
        NAMESPACES.object(None, NEIGHBOUR, json!({})),
        role(EDITOR, &["get", "list", "watch", "create", "update", "patch", "delete"]),
        role(VIEWER, &["get", "list", "watch"]),
        binding(TEAM, "alice", EDITOR, &user(ALICE)),
        binding(TEAM, "bob", VIEWER, &user(BOB)),
        binding(NEIGHBOUR, "dana", EDITOR, &user(DANA)),
    ]
}

/// A person, as bindings name one.
pub(crate) fn user(name: &str) -> Value {
    json!({"apiGroup": ROLES.group, "kind": "User", "name": name})
}

/// Gives somebody a ClusterRole in a namespace.
pub(crate) fn binding(namespace: &str, name: &str, role: &str, subject: &Value) -> Value {
    let role = json!({"apiGroup": ROLES.group, "kind": "ClusterRole", "name": role});
    BINDINGS.object(Some(namespace), name, json!({"roleRef": role, "subjects": [subject]}))
}

/// The role of those who may edit InferenceServices.
pub(crate) fn editors() -> &'static str {
    EDITOR
}

/// A service of a model.
pub(crate) fn service(namespace: &str, name: &str) -> Value {
    let model =
        json!({"modelFormat": {"name": "sklearn"}, "storageUri": "gs://kfserving-examples/models/sklearn/1.0/model"});
    SERVICES.object(Some(namespace), name, json!({"spec": {"predictor": {"model": model}}}))
}

/// Both teams have services.
pub(crate) fn services() -> Vec<Step> {
    let of_team = SERVICES_OF_TEAM.map(|name| (TEAM, name));
    let all = of_team.into_iter().chain([(NEIGHBOUR, SERVICE_OF_NEIGHBOUR)]);
    all.map(|(namespace, name)| {
        step(format!("{namespace} has the service {name}")).create(&SERVICES, service(namespace, name))
    })
    .collect()
}
