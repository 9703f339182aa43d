//! Graphs of a namespace that is called `undefined`.

use proofmark_env::{ApiRequest, PatchFormat};
use proofmark_json::json;
use proofmark_replay::{Link, Scenario, Step, step};
use proofmark_scenarios_serving::TEAM;
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::universe::affected;

use crate::app;
use crate::page::{self, Page};
use crate::people::{self, ALICE, CAROL};
use crate::requests::{asks, forbidden, service};

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let affected = affected("KServe up to 0.12, with the page of its Kubeflow", None, page::is_old);
    let title = "Graphs of the Models Web App are empty, for a namespace that is called undefined";
    crate::told(Scenario::new("grafana-link-wrong-namespace", title, affected))
        .summary("Grafana is there and the tab of graphs shows, but what it asks Grafana for is another namespace's.")
        .story(
            "Grafana is installed and reachable, the page shows its tab METRICS, and the graphs of requests stay empty. Their addresses have \
             `var-namespace=undefined`. With the namespace put in by hand the graph is there.",
        )
        .cause("The page makes the addresses when it gets the service's status, which its template hands over before the namespace.")
        .remedy("Deploy a newer release of the app; its page gets the namespace first.")
        .link(Link::issue("kserve/models-web-app", 48))
        .link(Link::pull("kserve/models-web-app", 70))
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.extend(people::services());
            let predictor = json!({"latestReadyRevision": "iris-predictor-00001"});
            let status = json!({"status": {"components": {"predictor": predictor}}});
            let place = SERVICES.in_namespace(TEAM).named("iris").part("status");
            steps.push(step("a service is served by a revision").patch(place, PatchFormat::Merge, status));
            steps
        })
        .reproduce(|target| {
            vec![
                open("the backend tells the namespace", ALICE)
                    .shows(json!({"inferenceService": {"metadata": {"namespace": TEAM}}}))
                    .either_way(),
                graph("the graph's address has none", page::of(target)).shows(json!({"graph": address("undefined")})),
            ]
        })
        .fix(|_| app::replace("the administrator deploys a newer release", "kserve/models-web-app:v1.0.1"))
        .verify(|_| vec![graph("the graph's address has the namespace", page::RECENT).shows(json!({"graph": address(TEAM)}))])
        .guard(|_| vec![forbidden(open("a stranger is not told any address", CAROL), CAROL, "get", TEAM)])
}

fn address(namespace: &str) -> String {
    let dashboard = "/grafana/dashboard-solo/db/knative-serving-revision-http-requests";
    format!("{dashboard}?var-namespace={namespace}&var-configuration=iris-predictor&var-revision=iris-predictor-00001")
}

fn open(title: &str, who: &str) -> Step {
    asks(title, who, ApiRequest::get(service(TEAM, "iris")))
}

fn graph(title: &str, page: Page) -> Step {
    open(title, ALICE).read_by(page.name, move |answer| Ok(page.graph(answer)))
}
