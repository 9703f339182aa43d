//! A service for another namespace is refused, or lands here.

use proofmark_env::ApiRequest;
use proofmark_json::json;
use proofmark_replay::{Scenario, step};
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::{NEIGHBOUR, TEAM};

use crate::app::{self, URL};
use crate::people::{self, ALICE, SERVICE_OF_NEIGHBOUR, SERVICES_OF_TEAM};
use crate::requests::{changes, forbidden, refused, services};

const MISMATCH: &str = "the namespace of the provided object does not match the namespace sent on the request";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    crate::begin("namespace-override", "The Models Web App does not put a service into the selected namespace")
        .summary("A manifest names another namespace than the selected one; the documented override does not happen.")
        .story(
            "The documentation says that the app writes the selected namespace into what is created. A script posts a manifest of another namespace and is refused. \
             Several documents at once are not: since v0.18 they land in the selected namespace, whatever they say.",
        )
        .cause(
            "The page writes the namespace into the manifest before it sends it; the backend passes a single InferenceService on as it is, and the API server \
             compares it with the path. Only the route for several documents overwrites it in the backend.",
        )
        .remedy("Leave the namespace out of the manifest, or post it to the path of its namespace.")
        .link(crate::source("post.py of the Models Web App v1.0.1", "apps/v1beta1/routes/post.py"))
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.extend(people::services());
            steps
        })
        .reproduce(|_| {
            let foreign = ApiRequest::post(services(TEAM), people::service(NEIGHBOUR, "churn"));
            vec![refused(changes("alice posts a manifest of the other team to her namespace", ALICE, foreign), 400, MISMATCH).stays()]
        })
        .fix(|_| {
            let mut plain = people::service(TEAM, "churn");
            if let Some(metadata) = plain["metadata"].as_object_mut() {
                metadata.remove("namespace");
            }
            vec![changes("she leaves the namespace out", ALICE, ApiRequest::post(services(TEAM), plain)).code(200)]
        })
        .verify(|_| {
            vec![
                step("the service is in the selected namespace")
                    .get(SERVICES.in_namespace(TEAM).named("churn"))
                    .shows(json!({"metadata": {"namespace": TEAM}})),
            ]
        })
        .guard(|target| {
            let theirs = ApiRequest::post(services(NEIGHBOUR), people::service(NEIGHBOUR, "churn"));
            let mut steps = vec![forbidden(
                changes("she may not post it to the other team's path", ALICE, theirs),
                ALICE,
                "create",
                NEIGHBOUR,
            )];
            let mut here: Vec<&str> = [&["churn"], SERVICES_OF_TEAM.as_slice()].concat();
            if app::is_recent(target) {
                let documents = json!({"resources": [people::service(NEIGHBOUR, "several")]});
                let path = format!("{URL}/api/namespaces/{TEAM}/kserve-resources");
                let made = json!({"createdResources": [{"name": "several", "namespace": TEAM}]});
                steps.push(
                    changes("several documents land in the selected namespace", ALICE, ApiRequest::post(path, documents))
                        .code(201)
                        .shows(made),
                );
                here.push("several");
            }
            steps.push(step("that is where everything is").list(SERVICES.in_namespace(TEAM)).lists(&here));
            let theirs = step("nothing was made at the other team's").list(SERVICES.in_namespace(NEIGHBOUR));
            steps.push(theirs.lists(&[SERVICE_OF_NEIGHBOUR]));
            steps
        })
}
