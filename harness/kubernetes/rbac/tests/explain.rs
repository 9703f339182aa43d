//! Explanations of the situations that people meet, as whole texts.

use proofmark_json::{Value, json};
use proofmark_rbac::{Attributes, Policy, UserInfo, diff, effective, explain};

fn cluster_role(name: &str, labels: Value, rules: Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": name, "labels": labels}, "rules": rules})
}

fn aggregated(name: &str, labels: Value, from: &str) -> Value {
    let mut role = cluster_role(name, labels, Value::Null);
    role["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {from: "true"}}]});
    role
}

fn role_binding(namespace: &str, name: &str, role: &str, subject: Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}, "subjects": [subject]})
}

const VERBS: [&str; 6] = ["get", "list", "watch", "create", "delete", "update"];

fn serving(resources: &[&str]) -> Value {
    json!([{"apiGroups": ["serving.kserve.io"], "resources": resources, "verbs": VERBS}])
}

/// A team's namespace: an aggregated edit role, fed by a role per component, bound to the team's service account.
fn team(resources: &[&str]) -> Policy {
    let objects = [
        aggregated("platform-edit", json!({}), "example.com/aggregate-to-edit"),
        cluster_role("serving-edit", json!({"example.com/aggregate-to-edit": "true"}), serving(resources)),
        cluster_role(
            "pipelines-edit",
            json!({"example.com/aggregate-to-edit": "true"}),
            json!([{"apiGroups": ["pipelines.example.com"], "resources": ["runs"], "verbs": VERBS}]),
        ),
        role_binding(
            "team",
            "default-editor",
            "platform-edit",
            json!({"kind": "ServiceAccount", "name": "default-editor"}),
        ),
        role_binding(
            "other",
            "guest",
            "serving-all",
            json!({"kind": "ServiceAccount", "name": "default-editor", "namespace": "team"}),
        ),
        cluster_role("serving-all", json!({}), serving(&["trainedmodels"])),
        role_binding("team", "gone", "removed-role", json!({"kind": "User", "name": "carol"})),
    ];
    let mut policy = Policy::bootstrap();
    for object in &objects {
        policy.insert(object).expect("well formed");
    }
    policy.resolve_aggregation();
    policy
}

fn create_model(user: &UserInfo) -> Attributes<'_> {
    Attributes::resource(user, "create", "serving.kserve.io", "trainedmodels").in_namespace("team")
}

#[test]
fn an_aggregated_role_lacks_a_resource() {
    let editor = UserInfo::service_account("team", "default-editor");
    let explanation = explain(&team(&["inferenceservices"]), &create_model(&editor));
    insta::assert_snapshot!("aggregated_role_lacks_a_resource", explanation.to_string());
    insta::assert_json_snapshot!("aggregated_role_lacks_a_resource_json", explanation);
}

#[test]
fn the_repaired_role_allows() {
    let editor = UserInfo::service_account("team", "default-editor");
    let explanation = explain(&team(&["inferenceservices", "trainedmodels"]), &create_model(&editor));
    insta::assert_snapshot!("repaired_role_allows", explanation.to_string());
}

#[test]
fn a_stranger_has_no_binding() {
    let stranger = UserInfo::new("mallory", [] as [&str; 0]);
    let explanation = explain(&team(&["inferenceservices"]), &create_model(&stranger));
    insta::assert_snapshot!("stranger_has_no_binding", explanation.to_string());
}

#[test]
fn a_binding_leads_nowhere() {
    let carol = UserInfo::new("carol", ["system:authenticated"]);
    let explanation = explain(&team(&["inferenceservices"]), &create_model(&carol));
    insta::assert_snapshot!("binding_leads_nowhere", explanation.to_string());
}

#[test]
fn verbs_names_subresources_and_paths_that_are_close() {
    let mut policy = Policy::bootstrap();
    let rules = json!([
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["mine"]},
        {"apiGroups": ["extensions"], "resources": ["ingresses"], "verbs": ["get"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]);
    policy.insert(&cluster_role("reader", json!({}), rules)).expect("well formed");
    policy.insert(&role_binding("ns", "bob", "reader", json!({"kind": "User", "name": "bob"}))).expect("well formed");
    let bob = UserInfo::new("bob", ["system:authenticated"]);
    let asked = [
        Attributes::resource(&bob, "delete", "", "pods").in_namespace("ns").named("web-0"),
        Attributes::resource(&bob, "get", "", "pods").subresource("log").in_namespace("ns").named("web-0"),
        Attributes::resource(&bob, "get", "", "secrets").in_namespace("ns").named("yours"),
        Attributes::resource(&bob, "get", "networking.k8s.io", "ingresses").in_namespace("ns"),
        Attributes::resource(&bob, "get", "", "pods"),
        Attributes::path(&bob, "get", "/metrics"),
        Attributes::resource(&bob, "get", "", "pods").in_namespace("ns"),
    ];
    let texts: Vec<String> = asked.iter().map(|attributes| explain(&policy, attributes).to_string()).collect();
    insta::assert_snapshot!("close_requests", texts.join("\n"));
}

#[test]
fn the_privileged_group_passes_before_rbac() {
    let root = UserInfo::new("root", ["system:masters"]);
    let explanation = explain(&Policy::new(), &create_model(&root));
    assert!(explanation.privileged && !explanation.allowed);
    assert!(explanation.to_string().contains("system:masters"));
}

#[test]
fn an_unfilled_or_unlabelled_source_is_named() {
    let editor = UserInfo::service_account("team", "default-editor");
    let mut unlabelled = team(&["inferenceservices"]);
    let models = cluster_role("models-edit", json!({}), serving(&["trainedmodels"]));
    unlabelled.insert(&models).expect("well formed");
    let mut unfilled = team(&["inferenceservices"]);
    let labelled =
        cluster_role("models-edit", json!({"example.com/aggregate-to-edit": "true"}), serving(&["trainedmodels"]));
    unfilled.insert(&labelled).expect("well formed");
    let texts = [unlabelled, unfilled].map(|policy| explain(&policy, &create_model(&editor)).to_string());
    insta::assert_snapshot!("unlabelled_and_unfilled_sources", texts.join("\n"));
}

#[test]
fn a_repair_opens_what_it_should_and_nothing_else() {
    let editor = UserInfo::service_account("team", "default-editor");
    let before = effective(&team(&["inferenceservices"]), &editor, "team");
    let after = effective(&team(&["inferenceservices", "trainedmodels"]), &editor, "team");
    let change = diff(&before, &after);
    assert_eq!(change.to_string(), "+ trainedmodels.serving.kserve.io: create, delete, get, list, update, watch\n");
    assert!(diff(&after, &after).is_empty());
}
