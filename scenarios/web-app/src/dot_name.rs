//! A dot as name deletes everything.

use proofmark_env::{ApiRequest, Identity, PatchFormat, Plan};
use proofmark_json::json;
use proofmark_replay::{Scenario, Step, Target, step};
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::{NEIGHBOUR, TEAM};

use crate::app::{self, ROLE, ROLES};
use crate::people::{self, ALICE, SERVICE_OF_NEIGHBOUR, SERVICES_OF_TEAM};
use crate::requests::{asks, changes, listing, service, services};

/// May delete single services of the team, and nothing else.
const IDA: &str = "ida@example.com";
const DELETER: &str = "inferenceservice-deleter";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    crate::begin("dot-name-deletes-all", "A service called dot: deleting it deletes all services of a namespace")
        .summary("With the right to delete single services, a request for the name `.` deletes every one of the namespace.")
        .story(
            "A user may delete InferenceServices by name, but not all at once. A request through the Models Web App for `inferenceservices/%2E` is answered \
             `InferenceService team-a/. successfully deleted.`, and every InferenceService of the namespace is gone.",
        )
        .cause(
            "The app reviews the verb delete, and its Kubernetes client then drops the dot from the path. What is left is the collection's path; the app's own role \
             has deletecollection, and the user's rights are not asked for again.",
        )
        .remedy("Take deletecollection from the app's ClusterRole, which needs it for nothing; or deploy a backend that refuses such names.")
        .link(crate::source("delete.py of the Models Web App v1.0.1", "apps/common/routes/delete.py"))
        .universe(universe)
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.extend(people::services());
            steps
        })
        .reproduce(|_| {
            vec![
                step("ida may not delete all services")
                    .by(&Identity::user(IDA))
                    .delete_all(SERVICES.in_namespace(TEAM))
                    .forbidden()
                    .either_way(),
                delete_dot("she deletes the one that is called dot")
                    .code(200)
                    .shows(json!({"message": "InferenceService team-a/. successfully deleted."})),
                list("and all are gone").shows(listing(&[])).within(app::PATIENCE),
            ]
        })
        .fix_variant("role", "the app loses a right that it does not need", |_| {
            let patch = json!({"rules": app::rules("")});
            let place = ROLES.cluster_wide().named(ROLE);
            let mut steps = vec![step("the administrator takes deletecollection away").patch(place, PatchFormat::Merge, patch)];
            steps.extend(restored());
            steps
        })
        .fix_variant("backend", "a backend that refuses such names", |_| {
            let mut steps = app::replace("the administrator deploys another backend", app::SAFE);
            steps.extend(restored());
            steps
        })
        .verify(|_| {
            vec![
                delete_dot("she tries it again, and is refused").shows(json!({"success": false})),
                list("every service is still there").shows(listing(&SERVICES_OF_TEAM)).stays(),
            ]
        })
        .guard(|_| {
            vec![
                changes("she still deletes single services", IDA, ApiRequest::delete(service(TEAM, "digits"))).code(200),
                list("and nothing else is gone").shows(listing(&["iris"])).within(app::PATIENCE),
                step("nor at the other team's").list(SERVICES.in_namespace(NEIGHBOUR)).lists(&[SERVICE_OF_NEIGHBOUR]),
                step("all at once is not hers to delete")
                    .by(&Identity::user(IDA))
                    .delete_all(SERVICES.in_namespace(TEAM))
                    .forbidden(),
            ]
        })
}

fn universe(target: &Target) -> Plan {
    let rule = json!({"apiGroups": [SERVICES.group], "resources": [SERVICES.plural], "verbs": ["delete"]});
    let mut plan = app::universe(target);
    plan.manifests.extend([
        ROLES.object(None, DELETER, json!({"rules": [rule]})),
        people::binding(TEAM, "ida", DELETER, &people::user(IDA)),
    ]);
    plan
}

fn delete_dot(title: &str) -> Step {
    changes(title, IDA, ApiRequest::delete(service(TEAM, "%2E")))
}

/// The team deploys its services again.
fn restored() -> [Step; 2] {
    SERVICES_OF_TEAM
        .map(|name| step(format!("the team deploys {name} again")).create(&SERVICES, people::service(TEAM, name)))
}

fn list(title: &str) -> Step {
    asks(title, ALICE, ApiRequest::get(services(TEAM)))
}
