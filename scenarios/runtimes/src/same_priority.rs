//! A runtime of one's own is refused because a shipped one has the same priority for the format.

use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Scenario, Step, Target, step};
use proofmark_scenarios_serving::kinds::{CLUSTER_RUNTIMES, RUNTIMES, SERVICES};
use proofmark_scenarios_serving::samples::{namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{affected, release, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, TEAM, observe};
use serde_json::{Value, json};

const NAME: &str = "team-sklearn";
const IMAGE: &str = "registry.example.com/team/sklearnserver:1";
const SERVICE: &str = "iris";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let lacks = "ships runtimes without priorities";
    Scenario::new(
        "same-priority-denied",
        "A ClusterServingRuntime is refused because another has its priority",
        affected("KServe v0.13.0 and newer", Some((Release::V0_13_0, lacks)), |_| true),
    )
    .family("runtimes")
    .summary("A runtime that may be chosen automatically for a format is refused when another one has the same priority for it.")
    .story(
        "An administrator copies kserve-sklearnserver under another name with an image of the company. The API server answers 403, and the words \
         read as if he lacked a permission, but for the webhook's name in front of them.",
    )
    .cause(
        "Of two runtimes that may both be chosen for a format, a version and a protocol, the priority decides. The validating webhook refuses a \
         second one with the same priority, as it would be chance which is taken.",
    )
    .remedy("Give the runtime another priority, or bring it as a ServingRuntime: those of the namespace come before all of the cluster.")
    .link(Link {
        title: "servingruntime_webhook.go of KServe v0.15.2".to_owned(),
        url: "https://github.com/kserve/kserve/blob/v0.15.2/pkg/webhook/admission/servingruntime/servingruntime_webhook.go".to_owned(),
    })
    .profile(PROFILE, Level::Extended)
    .universe(with_control_plane)
    .arrange(|_| vec![namespace(TEAM)])
    .reproduce(|target| vec![denied("the administrator creates a copy of kserve-sklearnserver", target)])
    .fix_variant("priority", "the runtime gets a higher priority", |_| {
        vec![step("he gives it a higher priority").create(&CLUSTER_RUNTIMES, runtime(None, 3))]
    })
    .fix_variant("namespace", "the runtime is one of the namespace", |_| {
        vec![step("he creates it in the namespace").create(&RUNTIMES, runtime(Some(TEAM), 1))]
    })
    .verify(|_| {
        vec![
            step("a user names the format alone").create(&SERVICES, service(TEAM, SERVICE, sklearn("s3://models/iris"))),
            step("the company's server is chosen")
                .get(observe::deployment(TEAM, SERVICE))
                .shows(json!({"spec": {"template": {"spec": {"containers": [{"name": "kserve-container", "image": IMAGE}]}}}}))
                .within(PATIENCE),
        ]
    })
    .guard(|target| vec![denied("a runtime with the priority of a shipped one is still refused", target)])
}

fn runtime(namespace: Option<&str>, priority: u32) -> Value {
    let of = if namespace.is_some() { &RUNTIMES } else { &CLUSTER_RUNTIMES };
    let name = if priority == 1 && namespace.is_none() { "copy" } else { NAME };
    of.object(
        namespace,
        name,
        json!({"spec": {
            "supportedModelFormats": [{"name": "sklearn", "version": "1", "autoSelect": true, "priority": priority}],
            "protocolVersions": ["v1"],
            "containers": [{"name": "kserve-container", "image": IMAGE, "args": ["--model_name={{.Name}}"]}],
        }}),
    )
}

fn denied(title: &str, target: &Target) -> Step {
    let same = if release(target) < Release::V0_14_0 { "Same" } else { "same" };
    let why = format!(
        "{same} priority assigned for the model format sklearn in the clusterservingruntimes kserve-sklearnserver and copy"
    );
    let hook = "clusterservingruntime.kserve-webhook-server.validator";
    let message = format!("admission webhook \"{hook}\" denied the request: {why}");
    step(title).create(&CLUSTER_RUNTIMES, runtime(None, 1)).fails(403, "Forbidden", message)
}
