//! Signed requests to a cloud in process.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use proofmark_aws::{Cloud, Settings, full};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use proofmark_clock::Clock;

/// An account.
pub(crate) const A: &str = "111111111111";
/// Another one.
pub(crate) const B: &str = "222222222222";

pub(crate) struct Client {
    pub(crate) cloud: Cloud,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Client {
    pub(crate) fn new() -> Self {
        Self { cloud: Cloud::new(Settings::default(), Clock::real()) }
    }

    /// Sends what the root user of an account signs.
    pub(crate) async fn send(
        &self,
        account: &str,
        method: &str,
        uri: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Answer {
        let service = if headers.iter().any(|(name, _)| *name == "x-amz-target") { "kms" } else { "s3" };
        let method: Method = method.parse().unwrap();
        let mut request = Request::builder().method(method).uri(format!("https://s3.amazonaws.com{uri}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.header("content-length", body.len()).body(()).unwrap().into_parts();
        let credentials = Credentials {
            access_key_id: account.to_owned(),
            secret_access_key: "test".to_owned(),
            session_token: None,
        };
        let payload = Payload::Bytes(body.as_bytes());
        sign(&mut parts, &credentials, "us-east-1", service, payload, self.cloud.now());
        self.answer(Request::from_parts(parts, body.to_owned())).await
    }

    /// Sends a request as it is.
    pub(crate) async fn answer(&self, request: Request<String>) -> Answer {
        let (parts, body) = self.cloud.answer(request.map(full)).await.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The same, where it must succeed.
    pub(crate) async fn must(&self, method: &str, uri: &str, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let answer = self.send(A, method, uri, headers, body).await;
        assert!(answer.status.is_success(), "{method} {uri}: {} {}", answer.status, answer.text());
        answer
    }
}
