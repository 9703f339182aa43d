//! `ci/in-cluster`: what its role allows is what `certify` asks for, and a permission that is missing is named before anything is touched.
#![cfg(unix)]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use proofmark_json::Value;

use crate::support::{Ran, command, root};

const ACCOUNT: &str = "system:serviceaccount:proofmark:proofmark";

/// Certifies as the account of `ci/in-cluster`, in the folder `$DIR`; then once more where there are no Profiles.
const SCRIPT: &str = r#"
    set -eu
    kubectl apply -f ci/in-cluster/cluster-role.yaml -f ci/in-cluster/account.yaml -f ci/in-cluster/certify.yaml -f ci/in-cluster/parts.yaml
    token=$(kubectl -n proofmark create token proofmark)
    cp "$KUBECONFIG" "$DIR/kubeconfig"
    kubectl --kubeconfig "$DIR/kubeconfig" config set-credentials account --token="$token"
    kubectl --kubeconfig "$DIR/kubeconfig" config set-context --current --user=account
    # What a distribution of this release should have brought; its users' objects are taken away, too.
    kubectl create clusterrole new-kinds --verb='*' --resource=llminferenceserviceconfigs.serving.kserve.io,localmodelnamespacecaches.serving.kserve.io
    kubectl label clusterrole new-kinds rbac.authorization.kubeflow.org/aggregate-to-kubeflow-edit=true
    "$0" certify --kubeconfig "$DIR/kubeconfig" --profile kubeflow-multiuser -o "$DIR/with" || test $? -eq 1
    kubectl delete crd profiles.kubeflow.org
    "$0" certify --kubeconfig "$DIR/kubeconfig" --profile kubeflow-multiuser -o "$DIR/without" || test $? -eq 1
    kubectl delete clusterrolebinding proofmark-certify
    kubectl create clusterrolebinding proofmark --clusterrole=view --serviceaccount=proofmark:proofmark
    "$0" certify --kubeconfig "$DIR/kubeconfig" --profile kubeflow-multiuser -o "$DIR/never" && exit 9 || test $? -eq 2
"#;

/// Group, resource, verb.
type Permission = (String, String, String);

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Everything that the role allows.
fn allowed() -> BTreeSet<Permission> {
    let role = std::fs::read_to_string(root().join("ci/in-cluster/cluster-role.yaml")).expect("readable");
    let role: Value = serde_yaml::from_str(&role).expect("YAML");
    let list = |rule: &Value, name: &str| rule[name].as_array().expect("a list").iter().map(text).collect::<Vec<_>>();
    let mut all = BTreeSet::new();
    for rule in role["rules"].as_array().expect("rules") {
        for group in list(rule, "apiGroups") {
            for resource in list(rule, "resources") {
                all.extend(list(rule, "verbs").into_iter().map(|verb| (group.clone(), resource.clone(), verb)));
            }
        }
    }
    all
}

#[test]
fn the_role_allows_what_is_asked_for_and_no_more() {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        return eprintln!("skipped: kubectl is not on the path");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("requests");
    let around = ["up", "--kserve", "0.20.0", "--request-log", log.to_str().expect("UTF-8")];
    let arguments = [&around[..], &["--", "sh", "-c", SCRIPT, env!("CARGO_BIN_EXE_proofmark")]].concat();
    let output = command(&arguments).env("DIR", folder.path()).stdin(Stdio::null()).output().expect("the binary runs");
    let ran = Ran::of(&around, output);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stderr.contains("does not allow what is needed"), "{ran}");
    assert!(
        ran.stderr.contains("nothing was made. Missing: ") && ran.stderr.contains("create profiles.kubeflow.org"),
        "{ran}"
    );

    let (mut asked, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for line in std::fs::read_to_string(log).expect("written").lines() {
        let request: Value = proofmark_json::from_str(line).expect("JSON");
        let resource = text(&request["resource"]);
        // Questions about oneself are everybody's.
        let own = request["user"]["username"] == ACCOUNT && request["impersonated"].is_null();
        if !own || resource.is_empty() || request["group"] == "authorization.k8s.io" {
            continue;
        }
        let permission = (text(&request["group"]), resource, text(&request["verb"]));
        let allowed = request["decision"]["allowed"] == true;
        if allowed {
            asked.insert(permission)
        } else {
            refused.insert(permission)
        };
    }
    assert_eq!(refused, BTreeSet::new(), "{ran}");
    let allowed = allowed();
    assert_eq!(asked.difference(&allowed).collect::<Vec<_>>(), Vec::<&Permission>::new());
    // These are no requests of their own (`impersonate` is a header, `bind` is about the role in a binding), and what is held is patched only if its controller
    // takes long to let it go.
    let needs_no_request = |(_, _, verb): &&Permission| ["impersonate", "bind", "patch"].contains(&verb.as_str());
    let unused: Vec<_> = allowed.difference(&asked).filter(|permission| !needs_no_request(permission)).collect();
    assert_eq!(unused, Vec::<&Permission>::new());
}
