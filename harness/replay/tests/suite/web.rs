//! Steps that ask what runs in pods.

use bytes::Bytes;
use http::{Request, Response};
use proofmark_env::{ApiRequest, Embedded, Identity, Plan};
use proofmark_json::{Value, json};
use proofmark_kserve::extras::Project;
use proofmark_kubeflow::KubeflowRelease;
use proofmark_nodes::process::{Container, Exit, Image, Images};
use proofmark_replay::{Affected, Event, Expected, Resource, RunResult, Runner, Scenario, Target, Verdict, step};

const PODS: Resource = Resource::new("", "v1", "pods", "Pod");
const SERVICES: Resource = Resource::new("", "v1", "services", "Service");
const POLICIES: Resource =
    Resource::new("security.istio.io", "v1beta1", "authorizationpolicies", "AuthorizationPolicy");
const SHOP: &str = "http://shop.default";

/// Answers with what it was asked.
async fn shop(container: Container) -> Exit {
    container.ports.serve(8080, |request: Request<Bytes>| async move {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let answer = json!({"path": request.uri().path(), "user": header("kubeflow-userid")});
        let mut response = Response::new(Bytes::from(answer.to_string()));
        response.headers_mut().insert("x-shop", http::HeaderValue::from_static("open"));
        response
    });
    container.stopped().await;
    Exit::code(0)
}

/// The kind of what the mesh decides by.
fn policies() -> Vec<Value> {
    let kinds = proofmark_kubeflow::install::crds(KubeflowRelease::latest());
    kinds.into_iter().filter(|kind| kind["spec"]["names"]["kind"] == *POLICIES.kind).collect()
}

fn plan() -> Plan {
    Plan {
        nodes: 1,
        images: Images::default().with("example.com/shop", Image::new(shop)),
        extras: vec![Project::Istio],
        manifests: policies(),
        ..Plan::default()
    }
}

fn label() -> Value {
    json!({"app": "shop"})
}

fn pod() -> Value {
    let container = json!({"name": "shop", "image": "example.com/shop"});
    let mut pod = PODS.object(Some("default"), "shop", json!({"spec": {"containers": [container]}}));
    pod["metadata"]["labels"] = label();
    pod
}

fn service() -> Value {
    let spec = json!({"selector": label(), "ports": [{"port": 80, "targetPort": 8080}]});
    SERVICES.object(Some("default"), "shop", json!({"spec": spec}))
}

fn scenario() -> Scenario {
    let alice = Identity::user("alice");
    let asks = ApiRequest::get(format!("{SHOP}/goods")).with_header("kubeflow-userid", "alice");
    let (denied, seen) = (asks.clone(), asks);
    Scenario::new("closed-shop", "Nobody may buy", Affected::new("always", |_| Expected::Reproduces))
        .arrange(|_| {
            let nobody = json!({"spec": {"selector": {"matchLabels": label()}}});
            vec![
                step("a shop").create(&PODS, pod()),
                step("its address").create(&SERVICES, service()),
                step("nobody may enter").create(&POLICIES, POLICIES.object(Some("default"), "closed", nobody)),
            ]
        })
        .reproduce(move |_| {
            vec![
                step("somebody enters")
                    .by(&alice)
                    .http(denied.clone())
                    .code(403)
                    .prints("RBAC: access denied")
                    .header("server", "istio-envoy")
                    .stays(),
            ]
        })
        .fix(|_| vec![step("it opens").delete(POLICIES.in_namespace("default").named("closed"))])
        .verify(move |_| {
            let shown = json!({"path": "/goods", "user": "alice"});
            vec![
                step("somebody enters").http(seen.clone()).shows(shown).header("X-Shop", "open"),
                step("a script reads the price")
                    .http(ApiRequest::get(SHOP))
                    .read_by("a script", |shop| shop["price"].as_str().map(Value::from).ok_or("no price".to_owned()))
                    .prints("no price"),
                step("another reads where it is")
                    .http(ApiRequest::get(SHOP))
                    .read_by("another script", |shop| Ok(json!({"at": shop["path"]})))
                    .shows(json!({"at": "/"})),
            ]
        })
        .guard(|_| vec![step("another shop is unknown").http(ApiRequest::get("http://other.default/")).code(404)])
}

fn play(plan: Plan) -> RunResult {
    let target = Target::new("a shop", &[], plan);
    Runner::new(&Embedded).run(&[scenario()], &[target], &mut |_: &Event| Ok(())).expect("a sink")
}

#[test]
fn pods_are_asked_through_the_gateway_with_evidence() {
    let result = play(plan());
    let case = &result.cases[0];
    assert_eq!(case.conclusion.verdict, Verdict::Passed, "{:#?}", case.phases);
    let step = &case.phases[1].steps[0];
    assert_eq!(step.action, "GET http://shop.default/goods");
    assert_eq!(step.found, "403: RBAC: access denied");
    let evidence = &step.evidence[0];
    assert_eq!(evidence.identity, "alice");
    assert_eq!(evidence.request.headers, ["kubeflow-userid: alice"]);
    let decision = evidence.decision.as_ref().expect("a decision of the mesh");
    assert!(!decision.allowed && decision.explanation.contains("default/closed"), "{decision:?}");
}

#[test]
fn without_nodes_there_is_no_way_in() {
    let result = play(Plan { nodes: 0, ..plan() });
    let conclusion = &result.cases[0].conclusion;
    assert_eq!(conclusion.verdict, Verdict::InnerError, "{conclusion:?}");
    assert!(conclusion.reason.as_deref().is_some_and(|why| why.contains("way into pods")), "{conclusion:?}");
}
