//! kserve/kserve#668: a client without a session is sent to a page.
//!
//! In front of the gateway stands a login: the OIDC AuthService up to Kubeflow 1.8, oauth2-proxy from 1.9 on. Kubeflow asks the older one by an EnvoyFilter; here
//! both are asked by a policy with a provider, as the newer one is.

use proofmark_env::{ApiRequest, Identity};
use proofmark_json::json;
use proofmark_kubeflow::KubeflowRelease;
use proofmark_replay::{Level, Link, Profile, Scenario, Step, Target, step};
use proofmark_scenarios_serving::kinds::{CONFIG_MAPS, CORE_SERVICES, DEPLOYMENTS};
use proofmark_scenarios_serving::universe::affected;

use crate::programs::{AUTHSERVICE, OAUTH2_PROXY, PORT, USER};
use crate::universe::{OWNER, ROOT, arrange, by_user, from_outside, policy, predicts, universe};

/// The session of the owner's browser.
const SESSION: &str = "MTY5NDc4ODI5N3xOd3dBTkVG";

/// A login.
struct Login {
    name: &'static str,
    image: &'static str,
    cookie: &'static str,
}

const OLD: Login = Login { name: "authservice", image: AUTHSERVICE, cookie: "authservice_session" };
const NEW: Login = Login { name: "oauth2-proxy", image: OAUTH2_PROXY, cookie: "oauth2_proxy_kubeflow" };

impl Login {
    fn of(target: &Target) -> Self {
        match target.plan.kubeflow {
            Some(kubeflow) if kubeflow < KubeflowRelease::V1_9_0 => OLD,
            _ => NEW,
        }
    }

    /// What it answers to a client without a session.
    fn refuses(&self, step: Step) -> Step {
        match self.name {
            "authservice" => step.code(302).header(
                "location",
                "/dex/auth?client_id=kubeflow-oidc-authservice&redirect_uri=%2Flogin%2Foidc&response_type=code&scope=openid+profile+email+groups+openid&state=MTY1MTUwMTI5NHxFd3dBRUZkeE9FbzFP",
            ),
            _ => step.code(403).header("content-type", "text/html; charset=utf-8").prints("<!DOCTYPE html><title>Sign In</title>"),
        }
        .decided_by("istio-system/istio-ingressgateway-login")
    }

    fn with_session(&self, session: &str) -> ApiRequest {
        from_outside().with_header("cookie", format!("{}={session}", self.cookie))
    }
}

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "predict-302-dex",
        "A prediction is answered with a login",
        affected("every release, on Kubeflow with a login", None, |_| true),
    )
    .summary("Behind Kubeflow's login a client that brings no session gets a redirect to Dex (or, from Kubeflow 1.9 on, a page) in place of a prediction.")
    .story(
        "A user asks his model with curl, as KServe's documentation shows. Up to Kubeflow 1.8 the answer is 302 with a location below /dex/auth; from 1.9 on it is 403 \
         with the HTML of a login page. The model never hears of it.",
    )
    .cause(
        "The ingress gateway asks a login about every request, also about those to models. It was made for browsers: without a session it answers with the way to one.",
    )
    .remedy("Send the session's cookie, or from Kubeflow 1.9 on a token; or leave the paths of predictions out of the gateway's policy and guard them otherwise.")
    .link(Link::issue("kserve/kserve", 668))
    .link(Link::issue("kserve/kserve", 2169))
    .link(Link::issue("kserve/kserve", 4011))
    .profile(Profile::KubeflowMultiuser, Level::Extended)
    .universe(universe)
    .arrange(arrange_login)
    .reproduce(|target| {
        let login = Login::of(target);
        vec![login.refuses(step("the owner asks with curl").by(&somebody()).http(from_outside())).stays()]
    })
    .fix(|_| vec![step("the owner logs in with a browser, and takes the session from there")])
    .verify(|target| {
        let session = Login::of(target).with_session(SESSION);
        vec![predicts("with the session the owner gets a prediction", &somebody(), session)]
    })
    .guard(|target| {
        let login = Login::of(target);
        let other = login.with_session("another");
        vec![
            login.refuses(step("a session that nobody has opens nothing").by(&somebody()).http(other)),
            login.refuses(step("nor does the mere claim to be the owner").by(&somebody()).http(by_user(OWNER))),
        ]
    })
}

/// To the gateway a client is who his session says.
fn somebody() -> Identity {
    Identity::Anonymous
}

/// A model behind a login.
fn arrange_login(target: &Target) -> Vec<Step> {
    let Login { name, image, .. } = Login::of(target);
    let label = json!({"app": name});
    let deployment = json!({"spec": {
        "selector": {"matchLabels": label},
        "template": {"metadata": {"labels": label}, "spec": {"containers": [{
            "name": name, "image": image, "args": [format!("{SESSION}={OWNER}")], "ports": [{"containerPort": PORT}],
        }]}},
    }});
    let service = json!({"spec": {"selector": label, "ports": [{"port": PORT}]}});
    let provider = format!(
        "extensionProviders:\n- name: {name}\n  envoyExtAuthzHttp:\n    service: {name}.{ROOT}.svc.cluster.local\n    port: {PORT}\n    \
         includeRequestHeadersInCheck: [authorization, cookie]\n    headersToUpstreamOnAllow: [{USER}]\n"
    );
    let everybody = json!({"spec": {"selector": {"matchLabels": label}, "rules": [{}]}});
    let custom = json!({"spec": {
        "selector": {"matchLabels": {"app": "istio-ingressgateway"}},
        "action": "CUSTOM",
        "provider": {"name": name},
        "rules": [{"to": [{"operation": {"notPaths": ["/dex/*"]}}]}],
    }});
    let mut steps = arrange();
    steps.extend([
        step("a login runs").create(&DEPLOYMENTS, DEPLOYMENTS.object(Some(ROOT), name, deployment)),
        step("and has an address").create(&CORE_SERVICES, CORE_SERVICES.object(Some(ROOT), name, service)),
        policy("everybody in the mesh may ask it", ROOT, name, everybody),
        step("the mesh knows it")
            .create(&CONFIG_MAPS, CONFIG_MAPS.object(Some(ROOT), "istio", json!({"data": {"mesh": provider}}))),
        policy("the gateway asks it about every request", ROOT, "istio-ingressgateway-login", custom),
    ]);
    steps
}
