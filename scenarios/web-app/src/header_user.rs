//! Rights of a group do not count.

use proofmark_env::{ApiRequest, Identity, Plan};
use proofmark_json::json;
use proofmark_replay::{Scenario, Step, Target, step};
use proofmark_scenarios_serving::TEAM;
use proofmark_scenarios_serving::kinds::SERVICES;

use crate::app::{self, ROLES, URL};
use crate::people::{self, BINDINGS, SERVICES_OF_TEAM};
use crate::requests::{asks, forbidden, listing, refused, services};

/// Two members of a group that may edit the team's services.
const GRACE: &str = "grace@example.com";
const HENRY: &str = "henry@example.com";
const GROUP: &str = "data-scientists";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    crate::begin("sar-by-header-user", "The Models Web App refuses somebody whom kubectl lets in")
        .summary("A user has her rights from a group; the Models Web App asks for the rights of her name alone.")
        .story(
            "The directory's group data-scientists is bound to a role in the namespace. With kubectl a member lists InferenceServices; the Models Web \
             App tells her that she is not authorized.",
        )
        .cause(
            "The gateway names the user in a header, and the app puts that name, and nothing else, into its SubjectAccessReview. Groups are not in \
             the header, so the API server does not know of them.",
        )
        .remedy("Bind the user by name, as Kubeflow's access management does.")
        .link(crate::library("authz.py of Kubeflow's web apps", "authz.py"))
        .universe(universe)
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.extend(people::services());
            steps
        })
        .reproduce(|_| {
            vec![
                step("kubectl lists the services, as she is in the group")
                    .by(&member(GRACE))
                    .list(SERVICES.in_namespace(TEAM))
                    .lists(&SERVICES_OF_TEAM)
                    .either_way(),
                forbidden(list("the app does not", GRACE), GRACE, "list", TEAM).stays(),
            ]
        })
        .fix(|_| {
            let binding = people::binding(TEAM, "grace", people::editors(), &people::user(GRACE));
            vec![step("the administrator binds her by name").create(&BINDINGS, binding)]
        })
        .verify(|_| vec![list("she opens the page again", GRACE).code(200).shows(listing(&SERVICES_OF_TEAM))])
        .guard(|_| {
            let twice = ApiRequest::get(services(TEAM)).with_header("kubeflow-userid", HENRY);
            let both = format!("{HENRY},{GRACE}");
            vec![
                forbidden(list("another member of the group stays out", HENRY), HENRY, "list", TEAM),
                forbidden(asks("two names are no name that is known", GRACE, twice), &both, "list", TEAM),
                refused(step("nobody without a name gets in").http(ApiRequest::get(services(TEAM))), 401, "No user detected."),
                step("the app's own rights are nobody's").http(ApiRequest::get(format!("{URL}/api/namespaces"))).code(401),
            ]
        })
}

fn universe(target: &Target) -> Plan {
    let group = json!({"apiGroup": ROLES.group, "kind": "Group", "name": GROUP});
    let mut plan = app::universe(target);
    plan.manifests.push(people::binding(TEAM, GROUP, people::editors(), &group));
    plan
}

fn member(name: &str) -> Identity {
    Identity::User { name: name.to_owned(), groups: vec![GROUP.to_owned()] }
}

fn list(title: &str, who: &str) -> Step {
    asks(title, who, ApiRequest::get(services(TEAM)))
}
