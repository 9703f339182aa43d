//! Calls in process and over a real connection.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use proofmark_identity::Authority;
use proofmark_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{ClientConfig, Endpoint, call};
use crate::ApiServer;

fn review() -> Value {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u"}})
}

async fn asked(server: &ApiServer, config: Value, timeout: Option<Duration>) -> Result<Value, String> {
    call(&server.0, &ClientConfig::read(&config), timeout, &review()).await.map_err(|e| e.to_string())
}

async fn yes(_: Request<Bytes>) -> Response<Bytes> {
    Response::new(Bytes::from_static(br#"{"response": {"uid": "u", "allowed": true}}"#))
}

#[tokio::test(start_paused = true)]
async fn a_handler_in_this_process() {
    let server = ApiServer::builder().webhook(Endpoint::url("https://hook.example.com"), yes).build().unwrap();
    let answered = asked(&server, json!({"url": "https://hook.example.com/validate"}), None).await.unwrap();
    assert_eq!(answered["response"]["allowed"], true);
    let refused = asked(&server, json!({"url": "https://10.1.2.3:8443/v"}), Some(Duration::from_secs(5))).await;
    let words = r#"Post "https://10.1.2.3:8443/v?timeout=5s": dial tcp 10.1.2.3:8443: connect: connection refused"#;
    assert_eq!(refused.unwrap_err(), words);
}

#[tokio::test(start_paused = true)]
async fn a_service_must_exist() {
    let server = ApiServer::builder().webhook(Endpoint::service("default", "kubernetes"), yes).build().unwrap();
    let service = |name: &str, port: u16| json!({"service": {"namespace": "default", "name": name, "port": port}});
    assert!(asked(&server, service("kubernetes", 443), None).await.is_ok());
    let words = |name: &str, port: u16, why: &str| format!("Post \"https://{name}.default.svc:{port}/\": {why}");
    let refused = asked(&server, service("kubernetes", 1), None).await.unwrap_err();
    assert_eq!(refused, words("kubernetes", 1, "no service port 1 found for service \"kubernetes\""));
    let refused = asked(&server, service("gone", 443), None).await.unwrap_err();
    assert_eq!(refused, words("gone", 443, "service \"gone\" not found"));
}

#[tokio::test(start_paused = true)]
async fn no_answer() {
    let broken = |_: Request<Bytes>| async { None::<Response<Bytes>> };
    let server = ApiServer::builder().webhook(Endpoint::url("https://broken"), broken).build().unwrap();
    for stream in [1, 3] {
        let refused = asked(&server, json!({"url": "https://broken/"}), None).await.unwrap_err();
        let why = format!("stream error: stream ID {stream}; INTERNAL_ERROR; received from peer");
        assert_eq!(refused, format!("Post \"https://broken/\": {why}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer() {
    let slow = |_: Request<Bytes>| async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        Response::default()
    };
    let server = ApiServer::builder().webhook(Endpoint::url("https://slow"), slow).build().unwrap();
    let refused = asked(&server, json!({"url": "https://slow/"}), Some(Duration::from_secs(1))).await.unwrap_err();
    assert_eq!(refused, "Post \"https://slow/?timeout=1s\": context deadline exceeded");
}

/// A webhook on a socket that answers one call; its port.
async fn listen(authority: &Authority, server: &ApiServer) -> u16 {
    let issued = authority.issue_server(&["127.0.0.1"], server.now()).unwrap();
    let acceptor = TlsAcceptor::from(std::sync::Arc::new(authority.server_config(&issued).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(stream).await else { return };
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.unwrap();
        assert!(request[..read].starts_with(b"POST /v?timeout=9s HTTP/1.1\r\n"));
        let body = r#"{"response": {"uid": "u", "allowed": true}}"#;
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(response.as_bytes()).await.unwrap();
    });
    port
}

#[tokio::test]
async fn over_the_network() {
    use base64::Engine as _;
    let server = ApiServer::builder().real_clock().build().unwrap();
    let authority = server.authority();
    let bundle = base64::engine::general_purpose::STANDARD.encode(authority.certificate_pem());
    let limit = Some(Duration::from_secs(9));
    let port = listen(authority, &server).await;
    let trusted = json!({"url": format!("https://127.0.0.1:{port}/v"), "caBundle": bundle});
    assert_eq!(asked(&server, trusted, limit).await.unwrap()["response"]["allowed"], true);
    let port = listen(authority, &server).await;
    let url = format!("https://127.0.0.1:{port}/v");
    let words = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    let untrusted = asked(&server, json!({"url": url}), limit).await.unwrap_err();
    assert_eq!(untrusted, format!("Post \"{url}?timeout=9s\": {words}"));
}
