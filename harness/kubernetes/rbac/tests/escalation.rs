//! Who may grant what: the laws of `covers`, and refusals as a kube-apiserver 1.35.4 words them.

use proofmark_json::{Value, json};
use proofmark_rbac::{Binding, Policy, PolicyRule, Role, UserInfo, compact, confirm_binding, confirm_role, covers};
use proptest::prelude::*;

fn policy(objects: &[Value]) -> Policy {
    let mut policy = Policy::bootstrap();
    for object in objects {
        let mut object = object.clone();
        object["apiVersion"] = json!("rbac.authorization.k8s.io/v1");
        policy.insert(&object).expect("well formed");
    }
    policy
}

/// Users `u` (in namespace default) and `cu` (cluster-wide) may write roles and bindings; some of their bindings lead nowhere.
fn writers() -> Policy {
    let rules = json!([{"apiGroups": ["rbac.authorization.k8s.io"], "verbs": ["get", "create", "update", "patch"],
        "resources": ["roles", "rolebindings", "clusterroles", "clusterrolebindings"]}]);
    let local = |name: &str, kind: &str, role: &str, user: &str| {
        json!({"kind": "RoleBinding", "metadata": {"name": name, "namespace": "default"},
            "roleRef": {"kind": kind, "name": role}, "subjects": [{"kind": "User", "name": user}]})
    };
    let wide = |name: &str, role: &str| {
        json!({"kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": [{"kind": "User", "name": "cu"}]})
    };
    policy(&[
        json!({"kind": "Role", "metadata": {"name": "mgr", "namespace": "default"}, "rules": rules}),
        json!({"kind": "ClusterRole", "metadata": {"name": "cmgr"}, "rules": rules}),
        local("mgr", "Role", "mgr", "u"),
        local("ghost", "ClusterRole", "ghost-cr", "u"),
        local("ghost2", "Role", "ghost-r", "u"),
        wide("cmgr", "cmgr"),
        wide("cghost", "ghost-cr2"),
    ])
}

fn pods(namespace: Option<&str>) -> Role {
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "get", "list"]}]);
    let role = json!({"kind": "ClusterRole", "metadata": {"name": "new"}, "rules": rules});
    Role { namespace: namespace.map(str::to_owned), ..Role::from_value(&role).expect("a role") }
}

fn binding(namespace: Option<&str>, kind: &str, role: &str) -> Binding {
    let binding =
        json!({"kind": "ClusterRoleBinding", "metadata": {"name": "x"}, "roleRef": {"kind": kind, "name": role}});
    Binding { namespace: namespace.map(str::to_owned), ..Binding::from_value(&binding).expect("a binding") }
}

#[test]
fn roles_that_cannot_be_resolved_are_named_after_the_resource_being_written() {
    let policy = writers();
    let user = |name: &str| UserInfo::new(name, ["system:authenticated"]);
    let refused = confirm_role(&policy, &user("u"), &pods(Some("default")), None).expect_err("refused");
    assert_eq!(
        refused.status("roles", "new").message,
        "roles.rbac.authorization.k8s.io \"new\" is forbidden: user \"u\" (groups=[\"system:authenticated\"]) is attempting to \
         grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\" \"get\" \"list\"]}; \
         resolution errors: [[roles.rbac.authorization.k8s.io \"ghost-cr\" not found, \
         roles.rbac.authorization.k8s.io \"ghost-r\" not found]]"
    );
    let refused = confirm_role(&policy, &user("cu"), &pods(None), None).expect_err("refused").to_string();
    assert!(
        refused.ends_with("; resolution errors: [clusterroles.rbac.authorization.k8s.io \"ghost-cr2\" not found]"),
        "{refused}"
    );
}

#[test]
fn bindings_to_roles_that_cannot_be_had() {
    let policy = writers();
    let user = UserInfo::new("cu", ["system:authenticated"]);
    let cases = [
        (None, "ClusterRole", "nothere", 404, r#"clusterrolebindings.rbac.authorization.k8s.io "nothere" not found"#),
        (Some("default"), "Role", "nothere", 404, r#"rolebindings.rbac.authorization.k8s.io "nothere" not found"#),
        (None, "Role", "mgr", 400, "Namespace parameter required."),
        (Some("default"), "Deployment", "x", 500, r#"unsupported role reference kind: "Deployment""#),
        (Some("default"), "", "", 500, r#"unsupported role reference kind: """#),
    ];
    for (namespace, kind, role, code, message) in cases {
        let refused = confirm_binding(&policy, &user, &binding(namespace, kind, role)).expect_err(message);
        let status = refused.status("ignored", "x");
        assert_eq!((status.code, status.message.as_str()), (code, message));
    }
    let held = binding(Some("default"), "ClusterRole", "cmgr");
    assert_eq!(confirm_binding(&policy, &user, &held), Ok(()));
}

#[test]
fn aggregation_takes_every_right_even_to_keep_it() {
    let policy = writers();
    let aggregated = json!({"kind": "ClusterRole", "metadata": {"name": "x"},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}});
    let aggregated = Role::from_value(&aggregated).expect("a role");
    let plain = Role { aggregation_rule: None, ..aggregated.clone() };
    let user = UserInfo::new("cu", ["system:authenticated"]);
    let refused = confirm_role(&policy, &user, &aggregated, None).expect_err("refused");
    assert_eq!(
        refused.status("clusterroles", "x").message,
        "clusterroles.rbac.authorization.k8s.io \"x\" is forbidden: must have cluster-admin privileges to use the aggregationRule"
    );
    assert_eq!(confirm_role(&policy, &user, &plain, Some(&aggregated)), Err(refused));
    assert_eq!(confirm_role(&policy, &user, &plain, Some(&plain)), Ok(()));
    let admin = UserInfo::new("root", ["system:masters"]);
    assert_eq!(confirm_role(&policy, &admin, &aggregated, None), Ok(()));
}

/// Lists out of few words, so that rules overlap.
fn words(from: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(proptest::sample::select(from).prop_map(str::to_owned), 1..4)
}

fn resource_rule() -> impl Strategy<Value = PolicyRule> {
    let names = prop_oneof![Just(Vec::new()), words(&["n1", "n2"])];
    let resources = words(&["pods", "pods/log", "deployments/scale", "*/scale", "*"]);
    (words(&["get", "list", "*"]), words(&["", "apps", "*"]), resources, names).prop_map(
        |(verbs, api_groups, resources, resource_names)| PolicyRule {
            verbs,
            api_groups,
            resources,
            resource_names,
            non_resource_urls: Vec::new(),
        },
    )
}

fn rules() -> impl Strategy<Value = Vec<PolicyRule>> {
    let urls = (words(&["get", "*"]), words(&["/api", "/api/*", "*"]));
    let urls =
        urls.prop_map(|(verbs, non_resource_urls)| PolicyRule { verbs, non_resource_urls, ..PolicyRule::default() });
    proptest::collection::vec(prop_oneof![4 => resource_rule(), 1 => urls], 0..4)
}

proptest! {
    #[test]
    fn a_set_covers_itself_and_a_union_its_parts(a in rules(), b in rules()) {
        prop_assert_eq!(covers(&a, &a), Ok(()));
        let both = [a.clone(), b.clone()].concat();
        prop_assert_eq!(covers(&both, &a), Ok(()));
        prop_assert_eq!(covers(&both, &b), Ok(()));
    }

    #[test]
    fn what_is_missing_is_just_what_has_to_be_added(a in rules(), b in rules()) {
        if let Err(missing) = covers(&a, &b) {
            prop_assert_eq!(covers(&[a, missing.clone()].concat(), &b), Ok(()));
            prop_assert_eq!(covers(&b, &missing), Ok(()));
            // Put together or apart, the permissions are the same.
            prop_assert_eq!(covers(&compact(&missing), &missing), Ok(()));
            prop_assert_eq!(covers(&missing, &compact(&missing)), Ok(()));
        }
    }

    #[test]
    fn covering_is_transitive(a in rules(), b in rules(), c in rules()) {
        if covers(&a, &b).is_ok() && covers(&b, &c).is_ok() {
            prop_assert_eq!(covers(&a, &c), Ok(()));
        }
    }
}
