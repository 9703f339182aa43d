//! How bodies end and are indented, byte for byte as a real server writes them.

use http::Request;
use http_body_util::BodyExt as _;
use proofmark_apiserver::{ApiServer, Body};
use rstest::rstest;
use tower::ServiceExt as _;

const MAP: &str = "/api/v1/namespaces/default/configmaps/kube-root-ca.crt";
const NONE: &str = "/api/v1/namespaces/default/configmaps/none";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

#[rstest]
#[case::an_object_is_a_line(MAP, "application/json", "kubectl/v1.35", "}\n")]
#[case::a_list_is_a_line("/api/v1/namespaces", "application/json", "", "]}\n")]
#[case::a_status_is_a_line(NONE, "", "", "\"code\":404}\n")]
#[case::people_get_an_object_indented(NONE, "", "curl/8.5.0", "  \"code\": 404\n}")]
#[case::and_lists("/api/v1/namespaces", "*/*", "Mozilla/5.0 (X11)", "  ]\n}")]
#[case::whoever_asks_for_it("/api/v1/namespaces?pretty=1", "", "", "  ]\n}")]
#[case::or_asks_not_to("/api/v1/namespaces?pretty=false", "", "curl/8.5.0", "]}\n")]
#[case::what_cannot_be_negotiated_is_indented(NONE, TABLE, "", "  \"code\": 404\n}")]
#[case::yaml_has_no_other_form("/api/v1/namespaces", "application/yaml", "curl/8.5.0", "\"\n")]
#[case::paths_are_always_indented("/", "application/yaml", "", "\"\n  ]\n}")]
#[tokio::test(start_paused = true)]
async fn bodies_end(#[case] path: &str, #[case] accept: &str, #[case] agent: &str, #[case] end: &str) {
    let server = ApiServer::builder().seed(1).build().unwrap();
    let mut request = Request::get(path);
    for (name, value) in [("accept", accept), ("user-agent", agent)] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    let answer = server.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.ends_with(end), "{text}");
}

/// A name that is no ASCII is a name: the caller must not act as himself instead.
#[tokio::test(start_paused = true)]
async fn names_may_be_any_text() {
    let server = ApiServer::builder().seed(1).build().unwrap();
    let request = Request::get("/api/v1/pods").header("impersonate-user", "zoë".as_bytes());
    let answer = server.service().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("User \\\"zoë\\\" cannot list"));
}
