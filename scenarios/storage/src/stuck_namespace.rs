//! A namespace that does not go: it holds a TrainedModel, and the InferenceService that the model joined went first.

use proofmark_env::PatchFormat;
use proofmark_replay::{Level, Link, Scenario, step};
use proofmark_scenarios_serving::kinds::{NAMESPACES, RUNTIMES, SERVICES, TRAINED_MODELS};
use proofmark_scenarios_serving::samples::{namespace, service};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{NEIGHBOUR, PATIENCE, PROFILE, TEAM};
use serde_json::json;

const MODEL: &str = "cifar";
const FINALIZER: &str = "trainedmodel.finalizer";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "namespace-stuck-on-trainedmodel",
        "A namespace with a TrainedModel stays Terminating for good",
        affected("every release", None, |_| true),
    )
    .family("storage")
    .summary("When the parent of a TrainedModel is deleted with it, the model's finalizer stays, and so does the namespace.")
    .story(
        "A team's namespace is deleted. Everything in it goes but a TrainedModel that is being deleted, and the namespace is Terminating for days. \
         The controller has nothing to say about it.",
    )
    .cause(
        "A TrainedModel whose InferenceService is gone is deleted by its controller, which looks no further. That the model is being deleted already \
         and only waits for the controller's own finalizer is the branch after that one.",
    )
    .remedy("Take the finalizer off the TrainedModel. Delete TrainedModels before the InferenceService that they joined.")
    .link(Link {
        title: "TrainedModel controller of KServe v0.15.2".to_owned(),
        url: "https://github.com/kserve/kserve/blob/v0.15.2/pkg/controller/v1alpha1/trainedmodel/controller.go".to_owned(),
    })
    .profile(PROFILE, Level::Extended)
    .universe(with_control_plane)
    .arrange(|_| {
        let runtime = json!({"spec": {
            "supportedModelFormats": [{"name": "sklearn", "version": "1"}], "multiModel": true, "protocolVersions": ["v1"],
            "containers": [{"name": "kserve-container", "image": "registry.example.com/team/server:1"}],
        }});
        let parent = service(TEAM, "many", json!({"modelFormat": {"name": "sklearn"}, "runtime": "many-models"}));
        let model = json!({"spec": {"inferenceService": "many", "model": {
            "framework": "sklearn", "storageUri": "s3://models/cifar", "memory": "256Mi",
        }}});
        vec![
            namespace(TEAM),
            namespace(NEIGHBOUR),
            step("a user creates a runtime for several models").create(&RUNTIMES, RUNTIMES.object(Some(TEAM), "many-models", runtime)),
            step("an InferenceService that models can join").create(&SERVICES, parent),
            step("and a TrainedModel").create(&TRAINED_MODELS, TRAINED_MODELS.object(Some(TEAM), MODEL, model)),
            step("the controller takes the model on")
                .get(TRAINED_MODELS.in_namespace(TEAM).named(MODEL))
                .shows(json!({"metadata": {"finalizers": [FINALIZER]}}))
                .within(PATIENCE),
            step("the InferenceService is deleted").delete(SERVICES.in_namespace(TEAM).named("many")),
            step("and the namespace").delete(NAMESPACES.cluster_wide().named(TEAM)),
        ]
    })
    .reproduce(|_| {
        vec![
            step("the namespace is Terminating, and stays so")
                .get(NAMESPACES.cluster_wide().named(TEAM))
                .shows(json!({"status": {"phase": "Terminating"}}))
                .stays(),
            step("the TrainedModel keeps its finalizer")
                .get(TRAINED_MODELS.in_namespace(TEAM).named(MODEL))
                .shows(json!({"metadata": {"finalizers": [FINALIZER]}}))
                .stays(),
        ]
    })
    .fix(|_| {
        let patch = json!({"metadata": {"finalizers": null}});
        let place = TRAINED_MODELS.in_namespace(TEAM).named(MODEL);
        vec![step("the administrator takes the finalizer away").patch(place, PatchFormat::Merge, patch)]
    })
    .verify(|_| vec![step("the namespace is gone").get(NAMESPACES.cluster_wide().named(TEAM)).code(404).within(PATIENCE)])
    .guard(|_| {
        vec![step("other namespaces are as they were").get(NAMESPACES.cluster_wide().named(NEIGHBOUR)).shows(json!({
            "status": {"phase": "Active"},
        }))]
    })
}
