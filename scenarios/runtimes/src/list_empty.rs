//! kserve/kserve#3744: a list of cluster-wide runtimes that is empty because nobody looked at the error.
//!
//! Three things come together. No role of Kubeflow's users names the kind. KServe's generated Go client allocates the list before it asks, and
//! returns it, empty, beside the error. And the client wants a namespace for a kind that has none: with one, it asks at a path that is
//! not served, so that permissions in a namespace turn 403 into 404 and never into a list.

use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use proofmark_env::{ApiRequest, Identity, PatchFormat};
use proofmark_json::{Value, json};
use proofmark_replay::{
    Affected, Expected, Level, Link, Permission, Profile, Resource, Scenario, Step, Target, permissions, step,
};
use proofmark_scenarios_people::{NEIGHBOUR, TEAM, everybody, profiles};

const RUNTIMES: Resource =
    Resource::new("serving.kserve.io", "v1alpha1", "clusterservingruntimes", "ClusterServingRuntime");
const CLUSTER_ROLES: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole");
const ROLE_BINDINGS: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");
const CLUSTER_ROLE_BINDINGS: Resource =
    Resource::new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding");

/// The runtimes of the issue.
const NAMES: [&str; 3] = ["runtime1", "runtime2", "runtime3"];
/// A label of theirs: a distribution brings others.
const OURS: &str = "runtimes-of=runtime-list-empty";
/// What the fix grants.
const VERBS: [&str; 3] = ["get", "list", "watch"];
const ROLE: &str = "clusterservingruntimes-reader";
const BEFORE: &str = "before";
/// What is answered at a path that nothing serves.
const NO_SUCH_PAGE: &str = "404 page not found\n";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new("runtime-list-empty", "A list of ClusterServingRuntimes is empty, and is not", Affected::new("every release", judge))
        .family("runtimes")
        .summary("A program in a profile lists ClusterServingRuntimes and finds none, while kubectl shows three: it dropped a 403.")
        .story(
            "A program that runs as default-editor lists the cluster's runtimes with KServe's Go client, \
             `ClusterServingRuntimes(\"\").List(ctx, ListOptions{})`, and prints what it got: `{\"metadata\":{},\"items\":null}`. An administrator's \
             kubectl shows three runtimes. Giving the client the profile's namespace does not help; neither does a RoleBinding in it.",
        )
        .cause(
            "No ClusterRole that Kubeflow's users are bound to names clusterservingruntimes, so the request is answered 403. The client returns an \
             empty list beside the error, and the program looks at the list only. A list that was really answered has a resourceVersion, \
             and `[]` where nothing is in it.",
        )
        .remedy(
            "Look at the error. Grant get, list and watch on clusterservingruntimes by a ClusterRole and a ClusterRoleBinding: the kind has no \
             namespace, so a RoleBinding cannot grant it.",
        )
        .link(Link::issue("kserve/kserve", 3744))
        .profile(Profile::KubeflowMultiuser, Level::Extended)
        .arrange(arrange)
        .reproduce(|_| reproduce())
        .fix(|_| fix())
        .verify(|_| verify())
        .guard(|_| guard())
}

fn judge(target: &Target) -> Expected {
    match (target.plan.kserve, target.plan.kubeflow) {
        (Some(_), Some(_)) => Expected::Reproduces,
        (None, _) => Expected::NotApplicable { reason: format!("{} brings no known release of KServe", target.name) },
        (_, None) => Expected::NotApplicable {
            reason: format!("{} comes without Kubeflow, whose profiles this is about", target.name),
        },
    }
}

fn arrange(target: &Target) -> Vec<Step> {
    let mut steps = profiles(target);
    let (key, value) = OURS.split_once('=').unwrap_or_default();
    steps.extend(NAMES.map(|name| {
        let mut runtime = RUNTIMES.object(
            None,
            name,
            json!({"spec": {
                "supportedModelFormats": [{"name": "team-format", "version": "1"}],
                "containers": [{"name": "kserve-container", "image": "registry.example.com/team/server:1"}],
            }}),
        );
        runtime["metadata"]["labels"] = json!({key: value});
        step(format!("the administrator creates the ClusterServingRuntime {name}")).create(&RUNTIMES, runtime)
    }));
    steps.push(step("what everybody may do is noted").survey(BEFORE, everybody()));
    steps
}

/// The cluster's runtimes, as kubectl lists those of the issue.
fn ours() -> ApiRequest {
    ApiRequest::get(format!("{}?labelSelector={}", RUNTIMES.cluster_wide().path(), OURS.replace('=', "%3D")))
}

/// What the program of the issue prints: the list that it got, whatever the error was.
///
/// KServe's generated client gives back the list that it allocated before it asked. `namespace` is what the program gives the client.
fn program(title: &str, who: &Identity, namespace: &'static str) -> Step {
    let words = format!("ClusterServingRuntimes({namespace:?}).List(ctx, ListOptions{{}}), the error dropped");
    step(title).by(who).client(words, move |client| async move {
        let kind = ApiResource {
            group: RUNTIMES.group.to_string(),
            version: RUNTIMES.version.to_string(),
            api_version: RUNTIMES.api_version(),
            kind: RUNTIMES.kind.to_string(),
            plural: RUNTIMES.plural.to_string(),
        };
        let runtimes: Api<DynamicObject> = match namespace {
            "" => Api::all_with(client, &kind),
            namespace => Api::namespaced_with(client, namespace, &kind),
        };
        let list = match runtimes.list(&ListParams::default().labels(OURS)).await {
            Ok(list) => proofmark_json::to_value(list).map_err(kube::Error::SerdeError)?,
            // A Go slice that was never filled is null.
            Err(kube::Error::Api(_)) => json!({"metadata": {}, "items": null}),
            Err(error) => return Err(error),
        };
        Ok(json!({"available runtimes": list}))
    })
}

/// What a swallowed error looks like: no resourceVersion, and null where a list would be.
fn swallowed(step: Step) -> Step {
    step.shows(json!({"available runtimes": {"metadata": {"resourceVersion": null}, "items": null}}))
}

fn reproduce() -> Vec<Step> {
    let (editor, owner) = (TEAM.editor(), TEAM.owner());
    let there = RUNTIMES.cluster_wide();
    let here = RUNTIMES.in_namespace(TEAM.namespace);
    let mut steps = vec![
        step("the administrator sees three runtimes").request(ours()).lists(&NAMES).either_way(),
        step("default-editor may not list them").by(&editor).list(there.clone()).forbidden().stays(),
        step("the owner may not list them").by(&owner).list(there.clone()).forbidden(),
        swallowed(program("the program prints an empty list", &editor, "")),
        step("asked in the profile's namespace, it is refused there").by(&editor).list(here.clone()).forbidden(),
        swallowed(program("and the program prints the same", &editor, TEAM.namespace)),
        grant().either_way(),
        step("the administrator binds it in the profile").create(&ROLE_BINDINGS, role_binding()).either_way(),
        step("default-editor still may not list them").by(&editor).list(there).forbidden().stays(),
        step("asked in the profile's namespace, there is no such page")
            .by(&editor)
            .list(here)
            .code(404)
            .prints(NO_SUCH_PAGE),
        swallowed(program("and the program still prints the same", &editor, TEAM.namespace)),
    ];
    // Binding and role go: the fix is made from nothing.
    let binding = ROLE_BINDINGS.in_namespace(TEAM.namespace).named(ROLE);
    steps.push(step("the binding is removed").delete(binding).either_way());
    steps.push(step("so is the role").delete(CLUSTER_ROLES.cluster_wide().named(ROLE)).either_way());
    steps
}

fn grant() -> Step {
    let rule = json!({"apiGroups": [RUNTIMES.group], "resources": [RUNTIMES.plural], "verbs": VERBS});
    let role = CLUSTER_ROLES.object(None, ROLE, json!({"rules": [rule]}));
    step("a ClusterRole names the kind").create(&CLUSTER_ROLES, role)
}

fn role_binding() -> Value {
    ROLE_BINDINGS.object(Some(TEAM.namespace), ROLE, binds())
}

fn binds() -> Value {
    json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": "default-editor", "namespace": TEAM.namespace}],
    })
}

fn fix() -> Vec<Step> {
    let binding = CLUSTER_ROLE_BINDINGS.object(None, ROLE, binds());
    vec![grant(), step("a ClusterRoleBinding gives it to default-editor").create(&CLUSTER_ROLE_BINDINGS, binding)]
}

fn verify() -> Vec<Step> {
    let editor = TEAM.editor();
    let there = RUNTIMES.cluster_wide();
    let named = |name: &str| json!({"metadata": {"name": name}});
    vec![
        step("default-editor lists the three").by(&editor).request(ours()).lists(&NAMES),
        program("the program prints them", &editor, "")
            .shows(json!({"available runtimes": {"items": NAMES.map(named)}})),
        step("default-editor reads one").by(&editor).get(there.clone().named(NAMES[0])).succeeds(),
        step("default-editor watches them").by(&editor).watch(there).succeeds(),
    ]
}

fn guard() -> Vec<Step> {
    let (editor, viewer) = (TEAM.editor(), TEAM.viewer());
    let there = RUNTIMES.cluster_wide();
    let one = there.clone().named(NAMES[0]);
    let another = RUNTIMES.object(None, "another", json!({"spec": {"containers": []}}));
    let disable = json!({"spec": {"disabled": true}});
    vec![
        step("with a namespace there is still no such page")
            .by(&editor)
            .list(RUNTIMES.in_namespace(TEAM.namespace))
            .code(404)
            .prints(NO_SUCH_PAGE),
        step("default-editor may not create one").by(&editor).create(&RUNTIMES, another).forbidden().stays(),
        step("default-editor may not disable one")
            .by(&editor)
            .patch(one.clone(), PatchFormat::Merge, disable)
            .forbidden(),
        step("default-editor may not delete one").by(&editor).delete(one).forbidden(),
        step("default-viewer may not list them").by(&viewer).list(there.clone()).forbidden(),
        step("the owner may not list them").by(&TEAM.owner()).list(there.clone()).forbidden(),
        step("the neighbour's editor may not list them").by(&NEIGHBOUR.editor()).list(there).forbidden(),
        step("no other permission has come or gone").compare(BEFORE).opens(opened()),
    ]
}

/// A ClusterRoleBinding holds in every namespace.
fn opened() -> Vec<Permission> {
    let namespaces = [TEAM.namespace, NEIGHBOUR.namespace];
    namespaces.iter().flat_map(|namespace| permissions(&TEAM.editor(), namespace, &RUNTIMES, &VERBS)).collect()
}
