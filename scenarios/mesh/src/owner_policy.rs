//! kubeflow/kubeflow#7691: who comes in through the gateway and is not the profile's owner.

use proofmark_env::Identity;
use proofmark_json::json;
use proofmark_replay::{Level, Link, Profile, Scenario, step};
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::universe::affected;

use crate::programs::USER;
use crate::universe::{
    MODEL, OWNER, STRANGER, TEAM, arrange, by_user, denied, from_outside, policy, predicts, universe,
};

/// As the login in front of the gateway calls a program that brings a token of the profile's service account.
const PROGRAM: &str = "system:serviceaccount:team-a:default-editor";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "owner-policy-missing",
        "A program may change a profile's models and may not ask them",
        affected("every release", None, |_| true),
    )
    .summary("Behind the gateway a profile's policy knows its owner alone: tokens of its service accounts are recognised and denied.")
    .story(
        "A pipeline outside of the cluster brings a token of the profile's default-editor, which may create and delete InferenceServices there. The login in front of \
         the gateway recognises it. The prediction is answered with 403 all the same.",
    )
    .cause(
        "RBAC and the mesh are two lists. The AuthorizationPolicy that the profile controller writes lets the gateway in for the profile's owner and for nobody else; \
         access management adds one for each contributor, and nothing does so for service accounts.",
    )
    .remedy("Add an AuthorizationPolicy for the gateway's principal and that user, on the paths of predictions.")
    .link(Link::issue("kubeflow/kubeflow", 7691))
    .link(Link::issue("kubeflow/manifests", 3013))
    .link(Link::issue("kserve/kserve", 2750))
    .profile(Profile::KubeflowMultiuser, Level::Extended)
    .universe(universe)
    .arrange(|_| arrange())
    .reproduce(|_| {
        vec![
            denied("the program asks for a prediction", &anybody(), by_user(PROGRAM)).stays(),
            step("it may change the model")
                .by(&Identity::service_account(TEAM, "default-editor"))
                .get(SERVICES.in_namespace(TEAM).named(MODEL))
                .either_way(),
            predicts("the owner gets a prediction", &anybody(), by_user(OWNER)).either_way(),
        ]
    })
    .fix(|_| {
        let spec = json!({"spec": {
            "selector": {"matchLabels": {"component": "predictor"}},
            "rules": [{
                "from": [{"source": {"principals": ["cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"]}}],
                "to": [{"operation": {"paths": ["/v1/models/*", "/v2/models/*"]}}],
                "when": [{"key": format!("request.headers[{USER}]"), "values": [PROGRAM]}],
            }],
        }});
        vec![policy("the profile lets the program ask", TEAM, "pipeline", spec)]
    })
    .verify(|_| vec![predicts("the program gets a prediction", &anybody(), by_user(PROGRAM))])
    .guard(|_| {
        vec![
            denied("somebody else stays outside", &anybody(), by_user(STRANGER)),
            denied("so does a service account of another profile", &anybody(), by_user("system:serviceaccount:team-b:default-editor")),
            denied("and whom nobody knows", &anybody(), from_outside()),
            denied(
                "whoever claims to be the program without having come through the gateway is denied",
                &Identity::service_account("team-b", "default-editor"),
                by_user(PROGRAM),
            ),
        ]
    })
}

/// To the gateway a client is who the headers say.
fn anybody() -> Identity {
    Identity::Anonymous
}
