//! kserve/kserve#1558: requests from inside of the cluster reach a profile's models from its own namespace only.

use proofmark_env::{ApiRequest, Identity};
use proofmark_json::json;
use proofmark_replay::{Level, Link, Profile, Scenario, Step, step};
use proofmark_scenarios_serving::NEIGHBOUR;
use proofmark_scenarios_serving::universe::affected;

use crate::universe::{MODEL, OWNER, TEAM, arrange, by_user, denied, from_inside, policy, predicts, universe};

/// The part of Knative that hands on requests to models which have just been started.
fn activator() -> Identity {
    Identity::service_account("knative-serving", "activator")
}

/// A pod of another profile.
fn neighbour() -> Identity {
    Identity::service_account(NEIGHBOUR, "default-editor")
}

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "rbac-access-denied",
        "Requests to a profile's models from inside of the cluster end with RBAC: access denied",
        affected("every release", None, |_| true),
    )
    .summary("Knative's activator, and whoever else calls a model of a profile from another namespace, is denied by the mesh.")
    .story(
        "A model is ready, and its owner gets predictions. A request that Knative's activator hands on, or that a program in another namespace sends, is answered \
         with 403 `RBAC: access denied`; the sidecar's log says `rbac_access_denied_matched_policy[none]`. Health and metrics are answered.",
    )
    .cause(
        "Kubeflow's mesh allows nothing unless told. The policy of a profile tells of its owner behind the ingress gateway, of its own namespace, and of \
         /healthz, /metrics and /wait-for-drain. Nothing tells of the paths of predictions.",
    )
    .remedy("Add an AuthorizationPolicy to the profile's namespace for the callers that are meant, on the paths of predictions of predictors.")
    .link(Link::issue("kserve/kserve", 1558))
    .link(Link::issue("kubeflow/manifests", 2201))
    .link(Link::pull("kubeflow/kubeflow", 6627))
    .profile(Profile::KubeflowMultiuser, Level::Extended)
    .universe(universe)
    .arrange(|_| arrange())
    .reproduce(|_| {
        vec![
            denied("the activator hands on a request", &activator(), from_inside()).stays(),
            denied("a program of another profile asks", &neighbour(), from_inside()).either_way(),
            healthy("the activator asks for the model's health").either_way(),
            predicts("a program of the profile itself asks", &own(), from_inside()).either_way(),
            predicts("the owner asks from outside", &Identity::user(OWNER), by_user(OWNER)).either_way(),
        ]
    })
    .fix(|_| {
        let spec = json!({"spec": {
            "selector": {"matchLabels": {"component": "predictor"}},
            "rules": [{
                "from": [{"source": {"namespaces": ["knative-serving"]}}],
                "to": [{"operation": {"methods": ["GET", "POST"], "paths": ["/v1/models/*", "/v2/models/*"]}}],
            }],
        }});
        vec![policy("the profile lets Knative ask for predictions", TEAM, "predictions", spec)]
    })
    .verify(|_| vec![predicts("the activator hands on a request", &activator(), from_inside())])
    .guard(|_| {
        let other = ApiRequest::get(format!("http://{MODEL}-predictor.{TEAM}.svc.cluster.local/debug/pprof"));
        vec![
            denied("other paths stay shut", &activator(), other),
            denied("and so do all to other profiles", &neighbour(), from_inside()),
            healthy("health is told as before"),
        ]
    })
}

fn own() -> Identity {
    Identity::service_account(TEAM, "default-editor")
}

fn healthy(title: &str) -> Step {
    let health = ApiRequest::get(format!("http://{MODEL}-predictor.{TEAM}.svc.cluster.local/healthz"));
    step(title).by(&activator()).http(health).code(200)
}
