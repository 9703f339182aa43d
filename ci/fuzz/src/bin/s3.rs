//! Requests to S3, signed by an account's root user: a method, NUL, a path with query, NUL, headers (`name: value`, one a line), NUL, a body. Each finds a bucket with an object.

#![no_main]

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use libfuzzer_sys::fuzz_target;
use proofmark_aws::{Cloud, Settings};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use proofmark_clock::Clock;
use tower::ServiceExt as _;

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
}

fuzz_target!(|data: &[u8]| {
    let [method, path, headers, body] = proofmark_fuzz::parts(data);
    let cloud = Cloud::new(Settings::default(), Clock::real());
    assert_eq!(send(&cloud, b"PUT", b"/models", b"", b""), Some(StatusCode::OK));
    assert_eq!(send(&cloud, b"PUT", b"/models/iris", b"", b"0123456789"), Some(StatusCode::OK));
    let status = send(&cloud, method, path, headers, body);
    assert_ne!(status, Some(StatusCode::INTERNAL_SERVER_ERROR), "every mistake is the client's");
});

/// Sends a request; none when it is none that HTTP allows.
fn send(cloud: &Cloud, method: &[u8], path: &[u8], headers: &[u8], body: &[u8]) -> Option<StatusCode> {
    let path = std::str::from_utf8(path).ok().filter(|path| path.starts_with('/'))?;
    let mut request = Request::builder()
        .method(Method::from_bytes(method).ok()?)
        .uri(format!("https://s3.us-east-1.amazonaws.com{path}"))
        .header("content-length", body.len())
        .body(())
        .ok()?;
    for line in headers.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?);
    }
    let root = Credentials {
        access_key_id: "111111111111".to_owned(),
        secret_access_key: "test".to_owned(),
        session_token: None,
    };
    let (mut parts, ()) = request.into_parts();
    sign(&mut parts, &root, "us-east-1", "s3", Payload::Bytes(body), cloud.now());
    let request = Request::from_parts(parts, Full::new(Bytes::copy_from_slice(body)));
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let response = cloud.clone().oneshot(request).await.expect("no fault");
            let status = response.status();
            let _ = response.into_body().collect().await;
            Some(status)
        })
    })
}
