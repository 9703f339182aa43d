//! Input that nobody should send: each is refused with a reason, and nothing is made of it.

mod shared;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use proofmark_apiserver::ApiServer;
use proofmark_json::{Value, json};
use proofmark_models_web_app::{App, Release, Settings};
use rstest::rstest;
use shared::{SERVICES, prepare};

/// The app over a server that knows InferenceServices, and root, who may do everything.
async fn app(release: Release) -> (App, Client) {
    let server = ApiServer::builder().seed(1).build().expect("a server");
    let client = Client::new(server.service(), "default");
    prepare(&server, "root").await;
    (App::new(client.clone(), Settings::of(release)), client)
}

async fn answer(app: &App, request: http::request::Builder, body: impl Into<Bytes>) -> (u16, String) {
    let request = request.header("cookie", "XSRF-TOKEN=t").header("x-xsrf-token", "t");
    let response = app.answer(request.body(body.into()).expect("a request")).await;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("readable").to_bytes();
    (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
}

/// How many services there are that are not being deleted.
async fn services(client: &Client) -> usize {
    let request = Request::get(SERVICES).body(Body::empty()).expect("a request");
    let body = client.send(request).await.expect("answered").into_body().collect().await.expect("readable");
    let list: Value = proofmark_json::from_slice(&body.to_bytes()).expect("JSON");
    // No garbage collector takes away here what waits for what it owns.
    let stays = |service: &&Value| service["metadata"].get("deletionTimestamp").is_none();
    list["items"].as_array().into_iter().flatten().filter(stays).count()
}

fn object(kind: &str, namespace: &str) -> String {
    let metadata = json!({"name": "a", "namespace": namespace});
    json!({"apiVersion": "serving.kserve.io/v1beta1", "kind": kind, "metadata": metadata, "spec": {"predictor": {}}})
        .to_string()
}

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

#[rstest]
#[case::broken_json(JSON, "{\"kind\": ".to_owned(), 400, "Expecting value: line 1 column 10 (char 9)")]
#[case::broken_yaml(YAML, "kind: InferenceService\nspec: [\n".to_owned(), 400, "line ")]
#[case::no_object(JSON, "7".to_owned(), 400, "must be a JSON object")]
#[case::null(JSON, "null".to_owned(), 400, "must be a JSON object")]
#[case::deep(JSON, "[".repeat(100_000), 400, "recursion depth")]
#[case::nothing(JSON, String::new(), 400, "Expecting value")]
#[case::lacking(YAML, "kind: InferenceService\n".to_owned(), 400, "Parameter 'apiVersion' is missing")]
#[case::other_kind(JSON, object("Pod", "default"), 422, "must be InferenceService")]
#[case::other_namespace(JSON, object("InferenceService", "kube-system"), 400, "does not match the namespace")]
#[case::other_type("text/plain", object("InferenceService", "default"), 400, "not in JSON format")]
#[case::large(JSON, format!("{{\"apiVersion\": \"{}\"}}", "x".repeat(1 << 20)), 400, "Parameter 'kind' is missing")]
#[tokio::test(start_paused = true)]
async fn bodies_are_refused(#[case] kind: &str, #[case] body: String, #[case] status: u16, #[case] words: &str) {
    let (app, client) = app(Release::Proofmark).await;
    let request = Request::post("/api/namespaces/default/inferenceservices").header("kubeflow-userid", "root");
    let (got, text) = answer(&app, request.header("content-type", kind), body).await;
    assert_eq!(got, status, "{text}");
    assert!(text.contains(words), "{text}");
    assert_eq!(services(&client).await, 0);
}

#[tokio::test(start_paused = true)]
async fn yaml_is_taken() {
    let (app, client) = app(Release::Proofmark).await;
    let yaml =
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: a}\nspec: {predictor: {}}\n";
    let request = Request::post("/api/namespaces/default/inferenceservices").header("kubeflow-userid", "root");
    let (status, text) = answer(&app, request.header("content-type", YAML), yaml).await;
    assert_eq!((status, services(&client).await), (200, 1), "{text}");
}

#[rstest]
#[case(Release::V0_14_0)]
#[case(Release::V1_0_1)]
#[case(Release::Proofmark)]
#[tokio::test(start_paused = true)]
async fn nobody_without_a_name_is_let_in(#[case] release: Release) {
    let (app, client) = app(release).await;
    let request = Request::post("/api/namespaces/default/inferenceservices").header("content-type", JSON);
    let (status, text) = answer(&app, request, object("InferenceService", "default")).await;
    assert_eq!((status, services(&client).await), (401, 0), "{text}");
}

/// The released backends delete everything here; see `dots_collapse` in the table of releases.
#[rstest]
#[case(Release::V1_0_1, 200, 0)]
#[case(Release::Proofmark, 400, 1)]
#[tokio::test(start_paused = true)]
async fn a_dot_is_no_name(#[case] release: Release, #[case] status: u16, #[case] left: usize) {
    let (app, client) = app(release).await;
    let request = Request::post("/api/namespaces/default/inferenceservices").header("kubeflow-userid", "root");
    answer(&app, request.header("content-type", JSON), object("InferenceService", "default")).await;
    let request = Request::delete("/api/namespaces/default/inferenceservices/%2E").header("kubeflow-userid", "root");
    let (got, text) = answer(&app, request, "").await;
    assert_eq!((got, services(&client).await), (status, left), "{text}");
}

#[tokio::test(start_paused = true)]
async fn unknown_paths_of_the_interface_are_no_page() {
    let (app, _) = app(Release::Proofmark).await;
    let (status, _) = answer(&app, Request::get("/api/nothing").header("kubeflow-userid", "root"), "").await;
    assert_eq!(status, 404);
    let (status, page) = answer(&app, Request::get("/models/a").header("kubeflow-userid", "root"), "").await;
    assert_eq!(status, 200);
    assert!(page.contains("<base href=\"/\">"), "{page}");
}

#[rstest]
#[case(Release::V1_0_1, 500, "An error occured in the backend.")]
#[case(Release::Proofmark, 502, "The API server does not answer: ")]
#[tokio::test(start_paused = true)]
async fn an_api_server_that_is_away_is_named(#[case] release: Release, #[case] status: u16, #[case] words: &str) {
    let away =
        tower::service_fn(|_: Request<Body>| async { Err::<http::Response<Body>, _>(std::io::Error::other("gone")) });
    let app = App::new(Client::new(away, "default"), Settings::of(release));
    let request = Request::get("/api/namespaces/default/inferenceservices").header("kubeflow-userid", "root");
    let (got, text) = answer(&app, request, "").await;
    assert_eq!(got, status, "{text}");
    assert!(text.contains(words), "{text}");
}
