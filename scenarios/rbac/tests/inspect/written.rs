//! Distributions written for one trap each.

use proofmark_manifests::Source;

use crate::support::{findings, read, short, told};

/// A distribution from parts, as standard input.
fn found(parts: &[&str]) -> Vec<String> {
    short(&findings(&read(&[Source::Stdin(parts.join("\n---\n"))])))
}

fn kind(group: &str, plural: &str, kind: &str, more: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: {plural}.{group}\n  {more}\n\
         spec:\n  group: {group}\n  scope: Namespaced\n  names: {{plural: {plural}, kind: {kind}}}\n  versions: [{{name: v1, served: true, storage: true}}]"
    )
}

fn role(name: &str, labels: &str, rules: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {name}\n  labels: {{{labels}}}\nrules:\n{rules}"
    )
}

const TO_EDIT: &str = "rbac.authorization.kubeflow.org/aggregate-to-kubeflow-edit: 'true'";
const TO_VIEW: &str = "rbac.authorization.kubeflow.org/aggregate-to-kubeflow-view: 'true'";
const TO_ADMIN: &str = "rbac.authorization.kubeflow.org/aggregate-to-kubeflow-admin: 'true'";

fn rule(group: &str, resources: &str, verbs: &str) -> String {
    format!("- apiGroups: [{group}]\n  resources: [{resources}]\n  verbs: [{verbs}]")
}

fn edit(group: &str, resources: &str) -> String {
    role(&format!("{group}-edit"), TO_EDIT, &rule(group, resources, "get, list, create, delete"))
}

fn view(group: &str, resources: &str) -> String {
    role(&format!("{group}-view"), TO_VIEW, &rule(group, resources, "get, list"))
}

/// Three kinds for users, a fourth that their roles forgot.
fn pipes() -> [String; 4] {
    [("pipes", "Pipe"), ("valves", "Valve"), ("pumps", "Pump"), ("gauges", "Gauge")]
        .map(|(plural, name)| kind("water.io", plural, name, ""))
}

#[test]
fn a_kind_that_both_roles_forgot() {
    let parts =
        [&pipes()[..], &[edit("water.io", "pipes, valves, pumps"), view("water.io", "pipes, valves, pumps")]].concat();
    let set = read(&[Source::Stdin(parts.join("\n---\n"))]);
    insta::assert_snapshot!("forgotten", told(&findings(&set), "".as_ref()));
}

#[test]
fn a_kind_that_only_viewers_miss() {
    let parts =
        [&pipes()[..], &[edit("water.io", "pipes, valves, pumps, gauges"), view("water.io", "pipes, valves, pumps")]]
            .concat();
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    assert_eq!(found(&parts), ["Error missing-permission gauges.water.io in water.io-view"]);
}

#[test]
fn names_that_are_almost_right() {
    for slip in ["guages", "gauge", "Gauge", "gaugess"] {
        let edits = edit("water.io", &format!("pipes, valves, pumps, {slip}"));
        let parts = [&pipes()[..], &[edits, view("water.io", "pipes, valves, pumps")]].concat();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let missing = "gauges.water.io in water.io";
        assert_eq!(
            found(&parts),
            [format!("Error misspelt-resource {missing}-edit"), format!("Error missing-permission {missing}-view")],
            "{slip}"
        );
    }
}

#[test]
fn a_slip_in_a_controllers_role_and_a_name_that_nothing_defines() {
    let controller = role("pump-controller", "", &rule("water.io", "pipes, valve", "get, update"));
    let roles = [
        edit("water.io", "pipes, valves, pumps, gauges, tanks"),
        view("water.io", "pipes, valves, pumps, gauges"),
        controller,
    ];
    let parts = [&pipes()[..], &roles].concat();
    let set = read(&[Source::Stdin(parts.join("\n---\n"))]);
    insta::assert_snapshot!("strays", told(&findings(&set), "".as_ref()));
}

/// Each of these makes the fourth kind nobody's mistake.
#[rstest::rstest]
#[case::a_wildcard_of_resources(&[edit("water.io", "'*'"), view("water.io", "'*'")])]
#[case::a_wildcard_of_groups(&[
    edit("water.io", "pipes, valves, pumps"), view("water.io", "pipes, valves, pumps"),
    role("all", TO_VIEW, &rule("'*'", "gauges", "get")),
])]
#[case::a_wildcard_of_verbs(&[
    edit("water.io", "pipes, valves"), view("water.io", "pipes, valves"), role("all", TO_VIEW, &rule("water.io", "gauges, pumps", "'*'")),
])]
#[case::users_may_only_read(&[
    edit("water.io", "pipes, valves, pumps"), view("water.io", "pipes, valves, pumps, gauges"),
])]
#[case::users_may_read_one(&[
    edit("water.io", "pipes, valves, pumps"), view("water.io", "pipes, valves, pumps"),
    role("one", TO_VIEW, &format!("{}\n  resourceNames: [main]", rule("water.io", "gauges", "get"))),
])]
#[case::owners_only(&[
    edit("water.io", "pipes, valves, pumps"), view("water.io", "pipes, valves, pumps"),
    role("owners", TO_ADMIN, &rule("water.io", "gauges", "get, update")),
])]
#[case::granted_two_levels_down(&[
    edit("water.io", "pipes, valves, pumps"), view("water.io", "pipes, valves, pumps"),
    format!("{}\naggregationRule:\n  clusterRoleSelectors:\n  - matchLabels: {{to-gauges: 'true'}}", role("middle", TO_VIEW, "  []")),
    role("leaf", "to-gauges: 'true'", &rule("water.io", "gauges", "get")),
])]
#[case::granted_to_everybody(&[
    edit("water.io", "pipes, valves, pumps"), view("water.io", "pipes, valves, pumps"), role("reader", "", &rule("water.io", "gauges", "get")),
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: reader}\n\
     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}\n\
     subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated'}]".to_owned(),
])]
#[case::editors_pick_from_a_foreign_group(&[edit("water.io", "pipes, valves, pumps")])]
#[case::viewers_see_something_else(&[edit("water.io", "pipes"), view("water.io", "valves")])]
#[case::no_role_for_users(&[role("controller", "", &rule("water.io", "pipes, valves, pumps", "'*'"))])]
#[case::parts_of_objects(&[
    edit("water.io", "pipes, pipes/status, valves, pumps, gauges, gauges/scale"),
    view("water.io", "pipes, pipes/status, valves, pumps, gauges, gauge/scale"),
])]
fn decisions_are_left_alone(#[case] roles: &[String]) {
    let parts = [&pipes()[..], roles].concat();
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    assert_eq!(found(&parts), Vec::<String>::new());
}

#[rstest::rstest]
#[case::of_the_whole_cluster("scope: Namespaced", "scope: Cluster")]
#[case::not_served("served: true", "served: false")]
fn kinds_that_users_cannot_have(#[case] from: &str, #[case] to: &str) {
    let [pipes, valves, pumps, gauges] = pipes();
    let parts = [
        pipes,
        valves,
        pumps,
        gauges.replace(from, to),
        edit("water.io", "pipes, valves, pumps"),
        view("water.io", "pipes, valves, pumps"),
    ];
    assert_eq!(found(&parts.each_ref().map(String::as_str)), Vec::<String>::new());
}

/// Workflows are picked by name, the rest is for controllers; a service authorizes its own requests by names of the same look.
#[test]
fn a_pipeline_service_and_the_engine_below_it() {
    let engine = ["workflows", "workflowtemplates", "workflowtasksets", "workflowtaskresults"]
        .map(|plural| kind("argoproj.io", plural, plural, ""));
    let service = ["pipelines", "pipelineversions"].map(|plural| kind("pipelines.kubeflow.org", plural, plural, ""));
    let shared = ["scheduledworkflows", "viewers", "experiments", "trials"]
        .map(|plural| kind("kubeflow.org", plural, plural, ""));
    let own = "pipelines.kubeflow.org";
    let edits = [
        rule(own, "pipelines, pipelines/versions, pipelineversions", "create, delete, update"),
        rule(own, "runs", "archive, create, delete, retry, terminate"),
        rule("kubeflow.org", "scheduledworkflows", "'*'"),
        rule("argoproj.io", "workflows, workflowtemplates", "'*'"),
    ];
    let views = [
        rule(own, "pipelines, pipelines/versions, pipelineversions, runs, jobs", "get, list"),
        rule("kubeflow.org", "viewers", "create, get, delete"),
        rule(own, "visualizations", "create"),
    ];
    let roles = [
        role("pipelines-edit", TO_EDIT, &edits.join("\n")),
        role("pipelines-view", TO_VIEW, &views.join("\n")),
        edit("kubeflow.org", "experiments, trials"),
        view("kubeflow.org", "experiments, trials"),
    ];
    let parts = [&engine[..], &service, &shared, &roles].concat();
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    assert_eq!(found(&parts), Vec::<String>::new());
}

/// A component's roles also name the kinds of the one below it, which bears another name.
#[test]
fn labels_tell_whose_a_kind_is() {
    let knative =
        |plural: &str| kind("serving.knative.dev", plural, plural, "labels: {app.kubernetes.io/name: knative-serving}");
    let rules = rule("serving.knative.dev", "services, routes", "get, list");
    let labelled = |name: &str, to: &str, application: &str| {
        role(name, &format!("{to}, app.kubernetes.io/name: {application}"), &rules)
    };
    let with = |application: &str| {
        let parts = [
            knative("services"),
            knative("routes"),
            knative("domainmappings"),
            labelled("e", TO_EDIT, application),
            labelled("v", TO_VIEW, application),
        ];
        found(&parts.each_ref().map(String::as_str))
    };
    assert_eq!(with("kserve"), Vec::<String>::new());
    let missing = "missing-permission domainmappings.serving.knative.dev in";
    assert_eq!(with("knative-serving"), [format!("Error {missing} e"), format!("Error {missing} v")]);
}

/// In a group that several components share, only a label can tell whose a kind is.
#[test]
fn a_shared_group_needs_a_label() {
    let with = |labels: &str| {
        let job = |plural: &str, more: &str| kind("kubeflow.org", plural, plural, more);
        let rules = |resources: &str, verbs: &str| rule("kubeflow.org", resources, verbs);
        let parts = [
            job("tfjobs", ""),
            job("mpijobs", ""),
            job("trials", ""),
            job("experiments", ""),
            job("jaxjobs", labels),
            role("training-edit", &format!("{TO_EDIT}, app: training"), &rules("tfjobs, mpijobs", "create")),
            role("training-view", &format!("{TO_VIEW}, app: training"), &rules("tfjobs, mpijobs", "get")),
            role("katib-edit", TO_EDIT, &rules("trials, experiments", "create")),
            role("katib-view", TO_VIEW, &rules("trials, experiments", "get")),
        ];
        found(&parts.each_ref().map(String::as_str))
    };
    assert_eq!(with(""), Vec::<String>::new());
    let missing = "missing-permission jaxjobs.kubeflow.org in";
    assert_eq!(
        with("labels: {app: training}"),
        [format!("Error {missing} training-edit"), format!("Error {missing} training-view")]
    );
}

#[test]
fn nonsense_is_no_finding() {
    let parts = [
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: broken}\nrules: 3",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: broken}\nsubjects: x",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: broken}\nspec: []",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}",
    ];
    assert_eq!(found(&parts), Vec::<String>::new());
}
