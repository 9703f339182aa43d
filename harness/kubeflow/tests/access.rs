//! What the users of a profile may do, computed from the fixtures.

mod shared;

use std::fs;

use proofmark_json::{Value, json};
use proofmark_kserve::Release;
use proofmark_kubeflow::{KubeflowRelease, install, roles};
use proofmark_rbac::{Attributes, Policy, UserInfo, authorize};
use rstest::rstest;

const NAMESPACE: &str = "team-a";

/// The policy of a distribution, aggregation resolved, with these bindings.
fn policy(kubeflow: KubeflowRelease, kserve: Release, bindings: &[Value]) -> Policy {
    let objects = install::with_kserve(kubeflow, kserve);
    let mut policy = Policy::from_objects(objects.iter().chain(bindings)).expect("well-formed roles");
    policy.resolve_aggregation();
    policy
}

fn binding(role: &str, user: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": role, "namespace": NAMESPACE},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    })
}

// V, E and A: kubeflow-view, -edit and -admin may.
// The columns are Kubeflow 1.9.0 with KServe 0.13.0, 1.9.0 with 0.14.0, 1.10.2 with 0.15.2, and 26.03 with 0.20.0.
#[rstest]
#[case("create", "serving.kserve.io", "inferenceservices", ["-EA", "-EA", "-EA", "-EA"])]
#[case("create", "serving.kserve.io", "servingruntimes", ["-EA", "-EA", "-EA", "-EA"])]
#[case("get", "serving.kserve.io", "trainedmodels", ["---", "---", "VEA", "VEA"])]
#[case("watch", "serving.kserve.io", "trainedmodels", ["---", "---", "VEA", "VEA"])]
#[case("create", "serving.kserve.io", "trainedmodels", ["---", "---", "-EA", "-EA"])]
#[case("deletecollection", "serving.kserve.io", "trainedmodels", ["---", "---", "-EA", "-EA"])]
#[case("create", "serving.kserve.io", "inferencegraphs", ["---", "---", "-EA", "-EA"])]
#[case("get", "serving.kserve.io", "inferenceservices/status", ["---", "---", "---", "---"])]
#[case("list", "serving.kserve.io", "clusterservingruntimes", ["---", "---", "---", "---"])]
#[case("list", "serving.kserve.io", "localmodelcaches", ["---", "---", "---", "---"])]
#[case("create", "serving.kserve.io", "llminferenceservices", ["---", "---", "---", "-EA"])]
#[case("get", "serving.kserve.io", "llminferenceserviceconfigs", ["---", "---", "---", "---"])]
#[case("watch", "serving.knative.dev", "services", ["-EA", "-EA", "-EA", "-EA"])]
#[case("list", "serving.knative.dev", "services", ["VEA", "VEA", "VEA", "VEA"])]
#[case("get", "", "secrets", ["-EA", "-EA", "-EA", "-EA"])]
#[case("create", "", "secrets", ["-EA", "-EA", "-EA", "-EA"])]
#[case("impersonate", "", "serviceaccounts", ["-EA", "-EA", "-EA", "---"])]
#[case("create", "rbac.authorization.k8s.io", "rolebindings", ["--A", "--A", "--A", "--A"])]
#[case("get", "", "configmaps", ["VEA", "VEA", "VEA", "VEA"])]
fn effective_permissions(#[case] verb: &str, #[case] group: &str, #[case] resource: &str, #[case] expected: [&str; 4]) {
    let combinations = [
        (KubeflowRelease::V1_9_0, Release::V0_13_0),
        (KubeflowRelease::V1_9_0, Release::V0_14_0),
        (KubeflowRelease::V1_10_2, Release::V0_15_2),
        (KubeflowRelease::V26_03, Release::V0_20_0),
    ];
    let bindings = [roles::VIEW, roles::EDIT, roles::ADMIN].map(|role| binding(role, role));
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let found = combinations.map(|(kubeflow, kserve)| {
        let policy = policy(kubeflow, kserve, &bindings);
        let may = |role: &str| {
            let user = UserInfo::new(role, ["system:authenticated"]);
            let request = Attributes::resource(&user, verb, group, resource).subresource(subresource);
            assert!(!authorize(&policy, &request.in_namespace("team-b")).allowed, "{role} in another namespace");
            authorize(&policy, &request.in_namespace(NAMESPACE)).allowed
        };
        let letters = [(roles::VIEW, 'V'), (roles::EDIT, 'E'), (roles::ADMIN, 'A')];
        letters.map(|(role, letter)| if may(role) { letter } else { '-' }).iter().collect::<String>()
    });
    assert_eq!(found, expected);
}

/// Real controllers and a real API server: who was answered 403 and who was not.
#[rstest]
#[case("kserve/v0.13.0/kubeflow-trainedmodel-access.json", KubeflowRelease::V1_9_1, Release::V0_13_0)]
#[case("kserve/v0.15.2/kubeflow-trainedmodel-access.json", KubeflowRelease::V1_10_2, Release::V0_15_2)]
fn recorded_requests(#[case] path: &str, #[case] kubeflow: KubeflowRelease, #[case] kserve: Release) {
    let Some(case) = golden(path) else { return };
    let policy = policy(kubeflow, kserve, &bindings(&case["given"]));
    let mut checked = 0;
    for entry in items(&case["then"]) {
        let request = &entry["request"];
        let Some(user) = request["user"].as_str() else { continue };
        let (method, url) = (text(&request["method"]), text(&request["path"]));
        let allowed = authorize_url(&policy, &user_info(user), method, url);
        assert_eq!(allowed, entry["response"]["code"] != 403, "{user} {method} {url}");
        checked += 1;
    }
    assert!(checked > 30, "{checked} requests");
}

/// The same for access reviews, with the bindings that the real profile controller and KFAM made.
#[rstest]
#[case("kubeflow/v1.9.1/access.json", KubeflowRelease::V1_9_1, Release::V0_13_0)]
#[case("kubeflow/v1.10.0/access.json", KubeflowRelease::V1_10_2, Release::V0_15_2)]
fn recorded_access_reviews(#[case] path: &str, #[case] kubeflow: KubeflowRelease, #[case] kserve: Release) {
    let Some(case) = golden(path) else { return };
    let made: Vec<_> = items(&case["then"]).map(|entry| entry["object"].clone()).collect();
    let policy = policy(kubeflow, kserve, &[bindings(&json!(made)), kfam_bindings(&case)].concat());
    let mut checked = 0;
    for entry in items(&case["then"]) {
        let Some(question) = text(&entry["what"]).strip_prefix("SubjectAccessReview: ") else {
            continue;
        };
        let [user, verb, resource] = question.split(' ').collect::<Vec<_>>()[..] else { panic!("{question}") };
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let user = user_info(user);
        let decision = authorize(&policy, &Attributes::resource(&user, verb, group, resource).in_namespace("acc"));
        assert_eq!(decision.allowed, entry["response"]["allowed"] == true, "{question}");
        checked += 1;
    }
    assert!(checked > 40, "{checked} questions");
}

/// KFAM's bindings are recorded as requests: `{user, referredNamespace, RoleRef: {name: edit}}`.
fn kfam_bindings(case: &Value) -> Vec<Value> {
    let bodies = items(&case["then"]).filter(|entry| entry["what"] == "KFAM").map(|entry| &entry["request"]["body"]);
    bodies
        .filter(|body| body["user"]["name"].is_string())
        .map(|body| {
            let mut binding =
                binding(&format!("kubeflow-{}", text(&body["RoleRef"]["name"])), text(&body["user"]["name"]));
            binding["metadata"]["namespace"] = body["referredNamespace"].clone();
            binding
        })
        .collect()
}

/// Decides a request as it was sent: `/apis/GROUP/VERSION[/namespaces/NS]/RESOURCE[/NAME[/SUB]][?watch=1]`.
fn authorize_url(policy: &Policy, user: &UserInfo, method: &str, url: &str) -> bool {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut parts = path.split('/').skip(2);
    let (group, _version) = (parts.next().unwrap_or_default(), parts.next());
    let mut rest: Vec<_> = parts.collect();
    let namespace =
        if rest.first() == Some(&"namespaces") { rest.drain(..2).next_back().unwrap_or_default() } else { "" };
    let part = |place: usize| rest.get(place).copied().unwrap_or_default();
    let verb = match (method, part(1).is_empty()) {
        ("GET", true) if query.contains("watch=1") => "watch",
        ("GET", true) => "list",
        ("GET", false) => "get",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        ("POST", _) => "create",
        ("PATCH", _) => "patch",
        other => panic!("no such request was recorded: {other:?}"),
    };
    let request =
        Attributes::resource(user, verb, group, part(0)).named(part(1)).subresource(part(2)).in_namespace(namespace);
    authorize(policy, &request).allowed
}

fn user_info(name: &str) -> UserInfo {
    match name.split(':').collect::<Vec<_>>()[..] {
        ["system", "serviceaccount", namespace, name] => UserInfo::service_account(namespace, name),
        _ => UserInfo::new(name, ["system:authenticated"]),
    }
}

fn bindings(objects: &Value) -> Vec<Value> {
    items(objects)
        .filter(|object| object["kind"].as_str().is_some_and(|kind| kind.ends_with("Binding")))
        .cloned()
        .collect()
}

fn golden(path: &str) -> Option<Value> {
    let text = fs::read_to_string(shared::folder()?.join("golden").join(path)).expect("a recorded case");
    Some(proofmark_json::from_str(&text).expect("JSON"))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
