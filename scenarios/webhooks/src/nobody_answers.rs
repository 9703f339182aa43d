//! kserve/kserve#3102: the API server asks for KServe's webhooks where nobody is.

use proofmark_env::PatchFormat;
use proofmark_json::{Value, json};
use proofmark_replay::{Level, Link, Scenario, Step, step};
use proofmark_scenarios_serving::kinds::{CORE_SERVICES, MUTATING, NAMESPACES, SERVICES, VALIDATING};
use proofmark_scenarios_serving::samples::{namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, TEAM, observe};

const SERVICE: &str = "iris";
const HOOKS: &str = "inferenceservice.serving.kserve.io";
const DEFAULTER: &str = "inferenceservice.kserve-webhook-server.defaulter";
const PATH: &str = "/mutate-serving-kserve-io-v1beta1-inferenceservice";
const BEHIND: &str = "kserve-webhook-server-service";
/// Where the configuration looks, and the control plane is not.
const ELSEWHERE: &str = "kserve-system";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "webhook-no-endpoints",
        "Every InferenceService is refused because nobody answers for its webhook",
        affected("every release", None, |_| true),
    )
    .family("webhooks")
    .summary("The webhook configuration names a service that is not there, or has no pod; every write is answered 500.")
    .story(
        "KServe was just installed, or moved to another namespace. Whoever applies an InferenceService is told that a webhook could not be called: \
         its service is not found, has no endpoints, or refuses the connection. The pods of KServe run.",
    )
    .cause(
        "The API server calls the control plane for every InferenceService (failurePolicy: Fail). The configuration names another namespace than the \
         control plane's, as the overlay for Kubeflow did up to v0.11, or the control plane waits for its certificate.",
    )
    .remedy("Point the configurations at the namespace of the control plane; after an installation wait until its pod is ready.")
    .link(Link::issue("kserve/kserve", 3102))
    .link(Link::issue("kserve/kserve", 3748))
    .link(Link::pull("kserve/kserve", 3188))
    .profile(PROFILE, Level::Core)
    .universe(with_control_plane)
    .arrange(|_| {
        vec![
            namespace(TEAM),
            step("a user may create InferenceServices").create(&SERVICES, service(TEAM, "before", sklearn("s3://models/before"))),
            point("the configuration names a namespace where KServe is not", json!({
                "service": {"name": BEHIND, "namespace": ELSEWHERE, "path": PATH}, "url": null,
            })),
        ]
    })
    .reproduce(|_| {
        let address = format!("https://{BEHIND}.{ELSEWHERE}.svc:443{PATH}?timeout=10s");
        let called = format!("failed calling webhook \"{DEFAULTER}\": failed to call webhook: Post \"{address}\"");
        let object = || service(TEAM, SERVICE, sklearn("s3://models/iris"));
        let behind = json!({"spec": {"ports": [{"port": 443}], "selector": {"control-plane": "kserve-controller-manager"}}});
        vec![
            step("a user creates an InferenceService")
                .create(&SERVICES, object())
                .fails(500, "InternalError", format!("Internal error occurred: {called}: service \"{BEHIND}\" not found")),
            step("the namespace is made").create(&NAMESPACES, NAMESPACES.object(None, ELSEWHERE, json!({}))).either_way(),
            step("and the service, which nobody is behind")
                .create(&CORE_SERVICES, CORE_SERVICES.object(Some(ELSEWHERE), BEHIND, behind))
                .either_way(),
            step("it is refused all the same").create(&SERVICES, object()).code(500).shows(json!({"reason": "InternalError"})),
            step("what is there can still be read").get(SERVICES.in_namespace(TEAM).named("before")).succeeds().either_way(),
        ]
    })
    .fix(|_| {
        // The validator's configuration was left as it was: it knows where the control plane is.
        vec![
            step("the configuration names the place of the control plane").client("copies clientConfig of the validator", |client| async move {
                let validator = VALIDATING.cluster_wide().named(HOOKS).path();
                let found: Value = client.request(request("GET", &validator, None)?).await?;
                let mut config = found["webhooks"][0]["clientConfig"].clone();
                let bundle = config.get("caBundle").cloned().unwrap_or_default();
                config = match config["url"].as_str() {
                    Some(url) => {
                        let host = url.split('/').take(3).collect::<Vec<_>>().join("/");
                        json!({"url": format!("{host}{PATH}"), "service": null, "caBundle": bundle})
                    }
                    None => {
                        config["service"]["path"] = json!(PATH);
                        json!({"service": config["service"], "url": null, "caBundle": bundle})
                    }
                };
                let mutating = MUTATING.cluster_wide().named(HOOKS).path();
                let mut changed: Value = client.request(request("GET", &mutating, None)?).await?;
                for hook in changed["webhooks"].as_array_mut().into_iter().flatten() {
                    if hook["name"] == DEFAULTER {
                        hook["clientConfig"] = bare(config.clone());
                    }
                }
                let changed: Value = client.request(request("PUT", &mutating, Some(&changed))?).await?;
                Ok(changed)
            }),
        ]
    })
    .verify(|_| {
        vec![
            step("a user creates the InferenceService").create(&SERVICES, service(TEAM, SERVICE, sklearn("s3://models/iris"))),
            observe::deployed("the controller deploys it", TEAM, SERVICE).within(PATIENCE),
        ]
    })
    .guard(|_| {
        let mut invalid = service(TEAM, "invalid", sklearn("s3://models/iris"));
        invalid["spec"]["predictor"]["minReplicas"] = json!(-1);
        vec![step("an invalid InferenceService is still refused").create(&SERVICES, invalid).code(403)]
    })
}

/// The defaulter's configuration names another place.
fn point(title: &str, config: Value) -> Step {
    let place = MUTATING.cluster_wide().named(HOOKS);
    let patch = json!({"webhooks": [{"name": DEFAULTER, "clientConfig": config}]});
    step(title).patch(place, PatchFormat::Strategic, patch)
}

/// Without members that are null.
fn bare(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    value
}

fn request(method: &str, path: &str, body: Option<&Value>) -> kube::Result<http::Request<Vec<u8>>> {
    let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    let request = http::Request::builder().method(method).uri(path).header("content-type", "application/json");
    request.body(body).map_err(kube::Error::HttpError)
}
