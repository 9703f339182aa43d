//! One decision, and one explanation, over the default roles and several hundred bindings.

use criterion::{Criterion, criterion_group, criterion_main};
use proofmark_json::json;
use proofmark_rbac::{Attributes, Policy, UserInfo, authorize, explain};

/// A cluster with as many profiles.
const NAMESPACES: usize = 400;

fn policy() -> Policy {
    let mut policy = Policy::bootstrap();
    for n in 0..NAMESPACES {
        for (account, role) in [("default-editor", "edit"), ("default-viewer", "view")] {
            let binding = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": account, "namespace": format!("team-{n}")},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": format!("team-{n}")}],
            });
            policy.insert(&binding).expect("a well-formed binding");
        }
    }
    policy
}

fn decisions(c: &mut Criterion) {
    let policy = policy();
    let user = UserInfo::service_account("team-7", "default-editor");
    let allowed = Attributes::resource(&user, "create", "apps", "deployments").in_namespace("team-7");
    let denied =
        Attributes::resource(&user, "get", "serving.kserve.io", "trainedmodels").in_namespace("team-7").named("m");
    assert!(authorize(&policy, &allowed).allowed);
    assert!(!authorize(&policy, &denied).allowed);
    c.bench_function("rbac/allowed", |b| b.iter(|| authorize(&policy, std::hint::black_box(&allowed))));
    c.bench_function("rbac/denied", |b| b.iter(|| authorize(&policy, std::hint::black_box(&denied))));
    c.bench_function("rbac/explain", |b| b.iter(|| explain(&policy, std::hint::black_box(&denied))));
}

criterion_group!(benches, decisions);
criterion_main!(benches);
