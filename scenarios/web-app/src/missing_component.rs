//! A component without logs.

use proofmark_env::ApiRequest;
use proofmark_json::{Value, json};
use proofmark_replay::{Scenario, Step, step};
use proofmark_scenarios_serving::TEAM;
use proofmark_scenarios_serving::kinds::{PODS, SERVICES};

use crate::app;
use crate::people::{self, BOB, CAROL};
use crate::requests::{asks, forbidden, refused, service};

const SERVICE: &str = "churn";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    crate::begin("logs-of-missing-component", "The Models Web App finds no logs of a service that runs as a Deployment")
        .summary("The logs of a running service are empty, or its pod is not found, because it is no service of Knative.")
        .story(
            "A service runs as a Deployment, and its pod logs. In the Models Web App its logs are an empty page (up to v0.15), or the words `couldn't find latest pod for \
             component: predictor` (from v0.16 on), as if it had no such component.",
        )
        .cause(
            "Pods are looked for by the revision of Knative that the service's status names; outside of Knative there is none. Releases up to v0.15 know \
             such services by an annotation, and look for their pods by a label that KServe has not set since 0.7.",
        )
        .remedy("Read the logs with kubectl, by the label serving.kserve.io/inferenceservice; or deploy a backend that looks by that label.")
        .link(crate::source("utils.py of the Models Web App v1.0.1", "apps/common/utils.py"))
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.push(step("a service runs as a Deployment").create(&SERVICES, deployed()));
            steps.push(step("and this is its pod").create(&PODS, pod()));
            steps
        })
        .reproduce(|target| {
            vec![if app::is_recent(target) {
                refused(containers("its logs are not found", BOB, "predictor"), 404, &missing("predictor")).stays()
            } else {
                let logs = ApiRequest::get(format!("{}?logs=true&component=predictor", service(TEAM, SERVICE)));
                asks("its logs are empty", BOB, logs).code(200).shows(json!({"serviceLogs": {"predictor": null}})).stays()
            }]
        })
        .fix(|_| app::replace("the administrator deploys a backend that looks by KServe's label", app::SAFE))
        .verify(|_| {
            vec![
                containers("the containers whose logs there are", BOB, "predictor")
                    .code(200)
                    .shows(json!({"containers": ["kserve-container"]})),
            ]
        })
        .guard(|_| {
            vec![
                refused(containers("a component that is not there has none", BOB, "explainer"), 404, &missing("explainer")),
                forbidden(containers("a stranger is told nothing", CAROL, "predictor"), CAROL, "get", TEAM),
            ]
        })
}

fn missing(component: &str) -> String {
    format!("couldn't find latest pod for component: {component}")
}

fn containers(title: &str, who: &str, component: &str) -> Step {
    let path = format!("{}/components/{component}/pods/containers", service(TEAM, SERVICE));
    asks(title, who, ApiRequest::get(path))
}

fn deployed() -> Value {
    let mut service = people::service(TEAM, SERVICE);
    service["metadata"]["annotations"] =
        json!({"serving.kserve.io/deploymentMode": "RawDeployment", "serving.kubeflow.org/raw": "true"});
    service
}

/// Its pod, labelled as KServe labels it.
fn pod() -> Value {
    let container = json!({"name": "kserve-container", "image": "kserve/sklearnserver:any"});
    let mut pod = PODS.object(Some(TEAM), "churn-predictor-0", json!({"spec": {"containers": [container]}}));
    pod["metadata"]["labels"] = json!({"serving.kserve.io/inferenceservice": SERVICE, "component": "predictor"});
    pod
}
