//! KServe's roles are not installed, and nobody may list anything.

use proofmark_env::{ApiRequest, Identity, Plan};
use proofmark_json::{Value, json};
use proofmark_kserve::install::cluster_roles;
use proofmark_replay::{Level, Link, Profile, Scenario, Step, Target, step};
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::universe::release;
use proofmark_scenarios_serving::{NEIGHBOUR, TEAM};

use crate::app::{self, ROLES};
use crate::people::{self, CAROL, SERVICES_OF_TEAM};
use crate::requests::{asks, forbidden, listing, services};

/// A contributor of the team's profile: Kubeflow gives her its role for editors.
const ERIN: &str = "erin@example.com";
const KUBEFLOW_EDIT: &str = "kubeflow-edit";
const BEFORE: &str = "before the roles";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    crate::begin("not-authorized-to-list", "The Models Web App says that a member of a profile is not authorized to list")
        .summary("A contributor of a profile opens the Models Web App and is told that she may not list InferenceServices.")
        .story(
            "Kubeflow and KServe are installed, each from its own manifests. A contributor of a profile opens the page and reads `[403] User 'x' is not \
             authorized to list serving.kserve.io/v1beta1/inferenceservices in namespace 'ns'`. Notebooks work for her.",
        )
        .cause(
            "The app asks for the user's own rights by a SubjectAccessReview. Profiles bind Kubeflow's role kubeflow-edit, which has of KServe what \
             ClusterRoles with the right labels bring. KServe's standalone manifests bring none; they are part of its overlay for Kubeflow.",
        )
        .remedy("Install KServe's roles for Kubeflow (kubeflow-kserve-admin, -edit, -view); the label makes them part of Kubeflow's roles.")
        .link(Link::pull("kserve/models-web-app", 7))
        .link(Link::issue("kserve/kserve", 738))
        .universe(universe)
        .profile(Profile::KubeflowMultiuser, Level::Extended)
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.extend(people::services());
            let others = vec![(CAROL, TEAM), (people::BOB, TEAM), (ERIN, NEIGHBOUR)];
            let others = others.into_iter().map(|(who, namespace)| (Identity::user(who), namespace.to_owned()));
            steps.push(step("who else may do what is noted").survey(BEFORE, others.collect()));
            steps
        })
        .reproduce(|_| {
            vec![
                forbidden(list("she opens the page", ERIN, TEAM), ERIN, "list", TEAM).stays(),
                step("kubectl tells her the same").by(&Identity::user(ERIN)).list(SERVICES.in_namespace(TEAM)).forbidden(),
            ]
        })
        .fix(|target| {
            let create = |role: Value| {
                let name = role["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                step(format!("the administrator applies KServe's ClusterRole {name}")).apply("kserve_kubeflow.yaml", &ROLES, role)
            };
            cluster_roles(release(target)).into_iter().map(create).collect()
        })
        .verify(|_| vec![list("she opens the page again", ERIN, TEAM).code(200).shows(listing(&SERVICES_OF_TEAM))])
        .guard(|_| {
            vec![
                forbidden(list("the other team's services stay hidden from her", ERIN, NEIGHBOUR), ERIN, "list", NEIGHBOUR),
                forbidden(list("a stranger sees nothing", CAROL, TEAM), CAROL, "list", TEAM),
                step("nobody else may do anything new").compare(BEFORE).opens(Vec::new()),
            ]
        })
}

/// Kubeflow's role for editors without KServe's part of it, and the contributor.
fn universe(target: &Target) -> Plan {
    let label = json!({"rbac.authorization.kubeflow.org/aggregate-to-kubeflow-edit": "true"});
    let aggregation = json!({"clusterRoleSelectors": [{"matchLabels": label}]});
    let role = ROLES.object(None, KUBEFLOW_EDIT, json!({"aggregationRule": aggregation, "rules": []}));
    let mut plan = app::universe(target);
    plan.manifests.extend([role, people::binding(TEAM, "erin", KUBEFLOW_EDIT, &people::user(ERIN))]);
    plan
}

fn list(title: &str, who: &str, namespace: &str) -> Step {
    asks(title, who, ApiRequest::get(services(namespace)))
}
