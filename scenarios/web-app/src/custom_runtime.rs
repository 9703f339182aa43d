//! One service that the page does not understand hides all others.

use proofmark_env::ApiRequest;
use proofmark_json::{Value, json};
use proofmark_replay::{Link, Scenario, Step, step};
use proofmark_scenarios_serving::TEAM;
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::universe::affected;

use crate::app;
use crate::page::{self, Page};
use crate::people::{self, ALICE, CAROL};
use crate::requests::{asks, forbidden, listing, services};

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let affected = affected("KServe up to 0.12, with the page of its Kubeflow", None, page::is_old);
    let title = "One service of a custom runtime empties the list of the Models Web App";
    crate::told(Scenario::new("runtime-breaks-list", title, affected))
        .summary("A service whose format only a runtime of one's own serves makes the page show no service at all.")
        .story(
            "A team adds a ClusterServingRuntime for a format of its own, and a service of that format. From then on the Models Web App shows no services, neither \
             that one nor any other. The backend answers with all of them; the browser's console has a TypeError.",
        )
        .cause("The page knows formats by a list of names, takes any other for nothing, and reads on in it. The error ends the loop over all services.")
        .remedy("Deploy a newer release of the app, whose page takes every format; its backend was not at fault.")
        .link(Link::issue("kserve/models-web-app", 46))
        .link(Link::pull("kserve/models-web-app", 95))
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.extend(people::services());
            steps.push(step("and one of a format of its own").create(&SERVICES, custom()));
            steps
        })
        .reproduce(|target| {
            vec![
                list("the backend tells of all services").shows(listing(&["digits", "iris", "prophet"])).either_way(),
                read("the page shows none", page::of(target))
                    .prints("TypeError: Cannot read properties of null (reading 'runtimeVersion')"),
            ]
        })
        .fix(|_| app::replace("the administrator deploys a newer release", "kserve/models-web-app:v1.0.1"))
        .verify(|_| {
            let row = |name: &str, format: &str| json!({"name": name, "format": format});
            let rows = json!({"rows": [row("digits", "sklearn"), row("iris", "sklearn"), row("prophet", "in-house")]});
            vec![read("the page shows all of them", page::RECENT).shows(rows)]
        })
        .guard(|_| {
            vec![
                list("the backend tells the same").shows(listing(&["digits", "iris", "prophet"])),
                forbidden(asks("a stranger sees nothing", CAROL, ApiRequest::get(services(TEAM))), CAROL, "list", TEAM),
            ]
        })
}

fn custom() -> Value {
    let model =
        json!({"modelFormat": {"name": "in-house"}, "runtime": "in-house-server", "storageUri": "gs://models/prophet"});
    SERVICES.object(Some(TEAM), "prophet", json!({"spec": {"predictor": {"model": model}}}))
}

fn list(title: &str) -> Step {
    asks(title, ALICE, ApiRequest::get(services(TEAM)))
}

fn read(title: &str, page: Page) -> Step {
    list(title).read_by(page.name, move |answer| page.rows(answer))
}
