//! kserve/kserve#4400: a token that the server gets, and the storage initializer does not.

use proofmark_env::PatchFormat;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Profile, Scenario, step};
use proofmark_scenarios_serving::kinds::{ACCOUNTS, SECRETS, SERVICES};
use proofmark_scenarios_serving::samples::{namespace, service};
use proofmark_scenarios_serving::universe::{affected, release, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, TEAM, observe};
use serde_json::{Value, json};

const SERVICE: &str = "llama";
const TOKEN: &str = "hf_exampleexampleexample";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let lacks = "loads nothing from Hugging Face";
    Scenario::new(
        "hf-token",
        "A gated model is refused although the service has a token",
        affected("KServe v0.14.0 and newer", Some((Release::V0_14_0, lacks)), |_| true),
    )
    .family("storage")
    .summary("HF_TOKEN in the predictor's variables reaches the server and not the storage initializer, which needs it.")
    .story(
        "A user serves a gated model from hf:// and sets HF_TOKEN on the predictor, as he does without KServe. The storage initializer is answered \
         401; the server, which never starts, would have had the token.",
    )
    .cause("The initializer gets variables from credentials and from the storage container only; none of the predictor's are passed on.")
    .remedy("Put the token into a secret under the key HF_TOKEN and attach that to the service account that the predictor runs as.")
    .link(Link::issue("kserve/kserve", 4400))
    .profile(Profile::KserveExtended, Level::Extended)
    .universe(with_control_plane)
    .arrange(|_| {
        vec![
            namespace(TEAM),
            step("a user creates an InferenceService with a token").create(&SERVICES, llama()),
            step("its Deployment is there").get(observe::deployment(TEAM, SERVICE)).succeeds().within(PATIENCE),
        ]
    })
    .reproduce(|_| {
        vec![
            observe::pod("the server has the token", TEAM, SERVICE)
                .shows(json!({"containers": {"kserve-container": {"env": {"HF_TOKEN": TOKEN}}}}))
                .either_way(),
            observe::initializer("the initializer has none", TEAM, SERVICE, json!({"env": {"HF_TOKEN": null}})),
        ]
    })
    .fix(|target| {
        let token = json!({"stringData": {"HF_TOKEN": TOKEN}});
        let own = json!({"secrets": [{"name": "hf"}]});
        let patch = json!({"spec": {"predictor": {"serviceAccountName": "team", "model": {"env": null}}}});
        let mut steps = vec![
            step("the user puts the token into a secret").create(&SECRETS, SECRETS.object(Some(TEAM), "hf", token)),
            step("attaches it to a service account").create(&ACCOUNTS, ACCOUNTS.object(Some(TEAM), "team", own)),
            step("and runs the predictor as that").patch(SERVICES.in_namespace(TEAM).named(SERVICE), PatchFormat::Merge, patch),
        ];
        // These releases patch a Deployment with all that is wanted, which takes no variable away.
        if (Release::V0_14_0..=Release::V0_15_0).contains(&release(target)) {
            steps.push(step("has the Deployment made anew, which else keeps the token").delete(observe::deployment(TEAM, SERVICE)).succeeds());
        }
        steps
    })
    .verify(|target| {
        // Before v0.16 the token itself stands in the pod.
        let token = if release(target) < Release::V0_16_0 { TOKEN } else { "hf/HF_TOKEN" };
        vec![observe::initializer("the initializer has the token", TEAM, SERVICE, json!({"env": {"HF_TOKEN": token}})).within(PATIENCE)]
    })
    .guard(|_| {
        vec![
            observe::pod("the server has it no more", TEAM, SERVICE)
                .shows(json!({"containers": {"kserve-container": {"env": {"HF_TOKEN": null}}}})),
        ]
    })
}

fn llama() -> Value {
    service(
        TEAM,
        SERVICE,
        json!({
            "modelFormat": {"name": "huggingface"}, "storageUri": "hf://meta-llama/Llama-3.2-1B", "env": [{"name": "HF_TOKEN", "value": TOKEN}],
        }),
    )
}
