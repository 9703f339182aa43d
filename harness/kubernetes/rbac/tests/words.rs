//! Refusals and reviews that the recordings leave open, as a kube-apiserver 1.35.4 answered them.

use proofmark_json::{Value, json};
use proofmark_rbac::review::{ReviewKind, Verdict, answer, validate as validate_review};
use proofmark_rbac::{Attributes, Policy, UserInfo, authorize, forbidden, forbidden_message, rules_for, validate};
use proofmark_status::FieldError;

fn texts(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn markup_is_escaped_where_the_user_and_the_namespace_stand() {
    let user = UserInfo::new("u<>&", ["system:authenticated"]);
    let attributes = Attributes::resource(&user, "get", "", "pods").in_namespace("<a>&").named("&x<");
    let status = forbidden(&attributes, "why <not>");
    assert_eq!(
        status.message,
        r#"pods "&x<" is forbidden: User "u&lt;&gt;&amp;" cannot get resource "pods" in API group "" in the namespace "&lt;a&gt;&amp;": why <not>"#
    );
    assert_eq!(status.to_value()["details"], json!({"name": "&x<", "kind": "pods"}));
    let path = Attributes::path(&user, "get", "/x");
    assert_eq!(forbidden_message(&path, ""), r#"forbidden: User "u&lt;&gt;&amp;" cannot get path "/x""#);
}

#[test]
fn every_missing_role_is_named_once() {
    let mut policy = Policy::new();
    for (name, kind, role) in
        [("a", "ClusterRole", "ghost-cr"), ("b", "Role", "ghost-r"), ("c", "ClusterRole", "ghost-cr")]
    {
        let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": "default"}, "roleRef": {"kind": kind, "name": role},
            "subjects": [{"kind": "User", "name": "u"}]});
        policy.insert(&binding).expect("well formed");
    }
    let user = UserInfo::new("u", [] as [&str; 0]);
    let both = r#"[clusterrole.rbac.authorization.k8s.io "ghost-cr" not found, role.rbac.authorization.k8s.io "ghost-r" not found]"#;
    let decision = authorize(&policy, &Attributes::resource(&user, "list", "", "pods").in_namespace("default"));
    assert_eq!(decision.reason, format!("RBAC: {both}"));
    let status = rules_for(&policy, &user, "default").status();
    assert_eq!(
        status,
        json!({"resourceRules": [], "nonResourceRules": [], "incomplete": false, "evaluationError": both})
    );
}

#[test]
fn a_cluster_role_binding_takes_cluster_roles_and_placed_accounts_only() {
    let mut binding = json!({"kind": "ClusterRoleBinding", "metadata": {"name": "x"},
        "roleRef": {"kind": "Role", "name": "mgr"},
        "subjects": [{"kind": "ServiceAccount", "name": "x"}, {"kind": "Group", "name": "g"}]});
    validate::default_binding(&mut binding);
    assert_eq!(
        texts(&validate::validate_cluster_role_binding(&binding)),
        [
            r#"roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole""#,
            "subjects[0].namespace: Required value"
        ]
    );
}

#[test]
fn a_role_reference_never_changes() {
    let binding = |name: &str| {
        let group = "rbac.authorization.k8s.io";
        json!({"kind": "RoleBinding", "metadata": {"name": "w", "namespace": "n"},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name}})
    };
    let changed = [
        r#"roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"}: cannot change roleRef"#,
    ];
    assert_eq!(texts(&validate::validate_role_binding_update(&binding("b"), &binding("a"))), changed);
    assert!(validate::validate_role_binding_update(&binding("a"), &binding("a")).is_empty());
}

#[test]
fn defaults_come_out_in_gos_order() {
    let mut binding = json!({"kind": "RoleBinding", "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [{"name": "x", "kind": "User"}, {"kind": "ServiceAccount", "name": "x"}, {"kind": "Group", "apiGroup": "v1", "name": "g"}]});
    validate::default_binding(&mut binding);
    let group = "rbac.authorization.k8s.io";
    assert_eq!(binding["roleRef"].to_string(), format!(r#"{{"apiGroup":"{group}","kind":"Role","name":"r"}}"#));
    assert_eq!(binding["subjects"][0].to_string(), format!(r#"{{"kind":"User","apiGroup":"{group}","name":"x"}}"#));
    assert_eq!(binding["subjects"][1], json!({"kind": "ServiceAccount", "name": "x"}));
    assert_eq!(binding["subjects"][2]["apiGroup"], "v1");
}

fn ask(spec: Value) -> Value {
    let review = json!({"metadata": {"creationTimestamp": null}, "spec": spec});
    let nobody = UserInfo::default();
    answer(ReviewKind::Subject, &review, &nobody, |_| Verdict::default()).expect("a sound review")
}

#[test]
fn selectors_that_cannot_be_used_are_reported_not_refused() {
    let about = |selectors: Value| {
        let mut attributes = json!({"verb": "list", "resource": "pods"});
        for (key, value) in selectors.as_object().into_iter().flatten() {
            attributes[key] = value.clone();
        }
        ask(json!({"user": "x", "resourceAttributes": attributes}))["status"]["evaluationError"].clone()
    };
    let requirements = |list: Value| json!({"requirements": list});
    let cases = [
        (
            json!({"labelSelector": requirements(json!([{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Gt", "values": ["1"]}]))}),
            json!("spec.resourceAttributes.labelSelector partially ignored due to parse error"),
        ),
        (
            json!({"fieldSelector": requirements(json!([{"key": "a", "operator": "In", "values": ["1"]}, {"key": "b", "operator": "In", "values": ["1", "2"]}]))}),
            json!("spec.resourceAttributes.fieldSelector partially ignored due to parse error"),
        ),
        (
            json!({"fieldSelector": requirements(json!([{"key": "a", "operator": "Exists"}]))}),
            json!("spec.resourceAttributes.fieldSelector ignored due to parse error"),
        ),
        (
            json!({"fieldSelector": {"rawSelector": "a"}, "labelSelector": {"rawSelector": "a b"}}),
            json!(
                "spec.resourceAttributes.fieldSelector ignored due to parse error; spec.resourceAttributes.labelSelector ignored due to parse error"
            ),
        ),
        (
            json!({"fieldSelector": {"rawSelector": "a==b,c!=d\\,e"}, "labelSelector": {"rawSelector": "a in (b),!c"}}),
            Value::Null,
        ),
    ];
    for (selectors, want) in cases {
        assert_eq!(about(selectors.clone()), want, "{selectors}");
    }
}

#[test]
fn a_review_that_is_all_wrong() {
    let spec = json!({"resourceAttributes": {"labelSelector": {},
        "fieldSelector": {"rawSelector": "a", "requirements": [{"key": "", "operator": "In"}]}}, "nonResourceAttributes": {}});
    let errors = validate_review(ReviewKind::Subject, &json!({"spec": spec})).expect("readable");
    assert_eq!(
        texts(&errors),
        [
            r#"spec.nonResourceAttributes: Invalid value: {"Path":"","Verb":""}: cannot be specified in combination with resourceAttributes"#,
            r#"spec.user: Invalid value: "": at least one of user or group must be specified"#,
            r#"spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements"#,
            "spec.resourceAttributes.fieldSelector.requirements[0].key: Required value: must be specified",
            "spec.resourceAttributes.fieldSelector.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
            "spec.resourceAttributes.labelSelector.requirements: Required value: when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required",
        ]
    );
}

#[test]
fn a_review_comes_back_in_gos_order_and_with_the_requesters_rights() {
    let review = ask(json!({"uid": "1", "user": "x", "extra": {"k": null}, "groups": [],
        "resourceAttributes": {"resource": "pods", "bogus": 1, "verb": "list"}}));
    assert_eq!(
        review.to_string(),
        r#"{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{},"spec":{"resourceAttributes":{"verb":"list","resource":"pods"},"user":"x","extra":{"k":null},"uid":"1"},"status":{"allowed":false}}"#
    );
    let me = UserInfo::new("me", ["g"]);
    let own = json!({"spec": {"user": "x", "resourceAttributes": {"verb": "list", "resource": "pods"}}});
    let answered = answer(ReviewKind::SelfSubject, &own, &me, |attributes| {
        assert_eq!(attributes.user, &me);
        Verdict { allowed: true, ..Verdict::default() }
    });
    let answered = answered.expect("a sound review");
    assert_eq!(answered["spec"], json!({"resourceAttributes": {"verb": "list", "resource": "pods"}}));
    assert_eq!(answered["status"], json!({"allowed": true}));
}
