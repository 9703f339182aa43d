//! A service is deleted, and stays.

use proofmark_env::{ApiRequest, PatchFormat};
use proofmark_json::json;
use proofmark_replay::{Scenario, Step, step};
use proofmark_scenarios_serving::TEAM;
use proofmark_scenarios_serving::kinds::{CONFIG_MAPS, SERVICES};

use crate::app;
use crate::people::{self, ALICE};
use crate::requests::{asks, changes, listing, refused, service, services};

const CHILD: &str = "iris-child";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    crate::begin("foreground-deletion", "A service that the Models Web App has deleted is still there")
        .summary("The app says that a service is deleted at once; it stays until everything that it owns is gone.")
        .story(
            "A user deletes an InferenceService and reads `InferenceService team-a/iris successfully deleted.` The list still has it. He creates it anew and is told \
             that it already exists. It stays for hours.",
        )
        .cause(
            "The app deletes in the foreground: the service gets a finalizer and goes last, after everything that it owns and that blocks its deletion. One of its \
             children has a finalizer of somebody who does not act any more. The app does not wait, and its answer is about the request.",
        )
        .remedy("Find the child that does not go (`kubectl get all` with the service's label, then its finalizers), and mend or remove what holds it.")
        .link(crate::source("delete.py of the Models Web App v1.0.1", "apps/common/routes/delete.py"))
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.extend(people::services());
            steps.push(adopt());
            steps
        })
        .reproduce(|_| {
            let gone = json!({"message": "InferenceService team-a/iris successfully deleted."});
            let exists = "object is being deleted: inferenceservices.serving.kserve.io \"iris\" already exists";
            vec![
                changes("alice deletes a service", ALICE, ApiRequest::delete(service(TEAM, "iris"))).code(200).shows(gone),
                list("the list still has it").shows(listing(&["digits", "iris"])).stays(),
                step("it waits for what it owns")
                    .get(SERVICES.in_namespace(TEAM).named("iris"))
                    .shows(json!({"metadata": {"finalizers": ["foregroundDeletion"]}})),
                refused(changes("she cannot create it anew", ALICE, create()), 409, exists),
            ]
        })
        .fix(|_| {
            let place = CONFIG_MAPS.in_namespace(TEAM).named(CHILD);
            let patch = json!({"metadata": {"finalizers": null}});
            vec![
                step("the child that does not go is found by its finalizer")
                    .get(place.clone())
                    .shows(json!({"metadata": {"finalizers": ["example.com/archive"]}})),
                step("which the administrator removes").patch(place, PatchFormat::Merge, patch),
            ]
        })
        .verify(|_| {
            vec![
                list("the service is gone").shows(listing(&["digits"])).within(app::PATIENCE),
                changes("and can be created anew", ALICE, create()).code(200),
            ]
        })
        .guard(|_| {
            vec![
                step("its child is gone").get(CONFIG_MAPS.in_namespace(TEAM).named(CHILD)).code(404),
                list("all other services are there").shows(listing(&["digits", "iris"])),
                refused(
                    changes("what is not there cannot be deleted", ALICE, ApiRequest::delete(service(TEAM, "none"))),
                    404,
                    "The requested resource could not be found in the API Server",
                ),
            ]
        })
}

/// The service owns something that will not go.
fn adopt() -> Step {
    let words = "a ConfigMap with a finalizer, owned by the service iris";
    step("it owns something that an archiver, which is gone, wants to see before it goes").client(
        words,
        |client| async move {
            let read = |path: String| http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError);
            let owner = SERVICES.in_namespace(TEAM).named("iris").path();
            let owner: proofmark_json::Value = client.request(read(owner)?).await?;
            let reference = json!({
                "apiVersion": SERVICES.api_version(), "kind": SERVICES.kind, "name": "iris",
                "uid": owner["metadata"]["uid"], "blockOwnerDeletion": true, "controller": true,
            });
            let mut child = CONFIG_MAPS.object(Some(TEAM), CHILD, json!({}));
            child["metadata"]["ownerReferences"] = json!([reference]);
            child["metadata"]["finalizers"] = json!(["example.com/archive"]);
            let request =
                http::Request::post(CONFIG_MAPS.in_namespace(TEAM).path()).header("content-type", "application/json");
            let request = request.body(child.to_string().into_bytes()).map_err(kube::Error::HttpError)?;
            client.request::<proofmark_json::Value>(request).await
        },
    )
}

fn create() -> ApiRequest {
    ApiRequest::post(services(TEAM), people::service(TEAM, "iris"))
}

fn list(title: &str) -> Step {
    asks(title, ALICE, ApiRequest::get(services(TEAM)))
}
