//! What runs in the pods: a model server of one's own, and the two logins that Kubeflow has had.
//!
//! The logins know one session, given as the container's argument `SESSION=USER`; nobody logs in here.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use http::{Request, Response, StatusCode};
use proofmark_json::json;
use proofmark_nodes::process::{Container, Exit, Image, Images};

/// Serves a model by the V1 protocol.
pub(crate) const MODEL_SERVER: &str = "registry.example.com/iris-server:1";
/// The login of Kubeflow up to 1.8.
pub(crate) const AUTHSERVICE: &str = "gcr.io/arrikto/kubeflow/oidc-authservice:e236439";
/// That of Kubeflow from 1.9 on.
pub(crate) const OAUTH2_PROXY: &str = "quay.io/oauth2-proxy/oauth2-proxy:v7.7.1";

/// Where all of them listen.
pub(crate) const PORT: u16 = 8080;
/// The header that tells who somebody is.
pub(crate) const USER: &str = "kubeflow-userid";

pub(crate) fn images() -> Images {
    Images::default()
        .with(MODEL_SERVER, Image::new(model_server))
        .with(AUTHSERVICE, Image::new(authservice))
        .with(OAUTH2_PROXY, Image::new(oauth2_proxy))
}

async fn model_server(container: Container) -> Exit {
    container.ports.serve(PORT, |request: Request<Bytes>| async move {
        let answer = match request.uri().path() {
            "/v1/models/iris:predict" => json!({"predictions": [1, 1]}),
            "/v1/models/iris" => json!({"name": "iris", "ready": true}),
            path => json!({"path": path}),
        };
        with(Response::new(Bytes::from(answer.to_string())), CONTENT_TYPE, "application/json")
    });
    container.stopped().await;
    Exit::code(0)
}

/// Sends everybody without a session to Dex.
async fn authservice(container: Container) -> Exit {
    login(container, "authservice_session", || {
        let parameters = "client_id=kubeflow-oidc-authservice&redirect_uri=%2Flogin%2Foidc&response_type=code&scope=openid+profile+email+groups+openid";
        let mut found = Response::new(Bytes::new());
        *found.status_mut() = StatusCode::FOUND;
        with(found, LOCATION, &format!("/dex/auth?{parameters}&state=MTY1MTUwMTI5NHxFd3dBRUZkeE9FbzFP"))
    })
    .await
}

/// Shows everybody without a session a page with a button that leads to Dex.
async fn oauth2_proxy(container: Container) -> Exit {
    login(container, "oauth2_proxy_kubeflow", || {
        let mut page = Response::new(Bytes::from_static(b"<!DOCTYPE html><title>Sign In</title>"));
        *page.status_mut() = StatusCode::FORBIDDEN;
        with(page, CONTENT_TYPE, "text/html; charset=utf-8")
    })
    .await
}

async fn login(container: Container, cookie: &'static str, stranger: fn() -> Response<Bytes>) -> Exit {
    let session = container
        .args
        .first()
        .and_then(|known| known.split_once('='))
        .map(|(session, user)| (format!("{cookie}={session}"), user.to_owned()));
    container.ports.serve(PORT, move |request: Request<Bytes>| {
        let answer = match &session {
            Some((session, user)) if sends(request.headers(), session) => {
                with(Response::new(Bytes::new()), HeaderName::from_static(USER), user)
            }
            _ => stranger(),
        };
        async move { answer }
    });
    container.stopped().await;
    Exit::code(0)
}

/// Whether a cookie is among those that a client sends.
fn sends(headers: &HeaderMap, cookie: &str) -> bool {
    let sent = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|value| value.split(';')).any(|one| one.trim() == cookie)
}

fn with(mut response: Response<Bytes>, name: HeaderName, value: &str) -> Response<Bytes> {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_cookies_among_others() {
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("theme=dark; session=abc"))]);
        for (cookie, known) in [("session=abc", true), ("session=ab", false), ("theme=dark", true), ("", false)] {
            assert_eq!(sends(&headers, cookie), known, "{cookie}");
        }
    }
}
