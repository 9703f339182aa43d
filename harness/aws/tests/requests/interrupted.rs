//! Uploads that end before all of it was sent: nothing of them is ever seen.

use crate::client::{A, Client};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use proofmark_aws::{Body, BodyError};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use std::io;

/// The first bytes of a body of a hundred, and then an error, or nothing for ever.
fn begun(breaks: bool) -> Body {
    let first = stream::iter([Ok(Frame::data(Bytes::from_static(b"the first half")))]);
    let then = stream::iter([Err(BodyError::new(io::Error::from(io::ErrorKind::ConnectionReset)))]);
    if breaks {
        StreamBody::new(first.chain(then)).boxed_unsync()
    } else {
        StreamBody::new(first.chain(stream::pending())).boxed_unsync()
    }
}

fn upload(client: &Client, uri: &str, body: Body) -> Request<Body> {
    let request = Request::put(format!("https://s3.amazonaws.com{uri}")).header("content-length", 100);
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let root = Credentials { access_key_id: A.to_owned(), secret_access_key: "test".to_owned(), session_token: None };
    sign(&mut parts, &root, "us-east-1", "s3", Payload::Unsigned, client.cloud.now());
    Request::from_parts(parts, body)
}

/// Interrupts an upload in both ways: the connection breaks, and the client is never heard of again.
async fn interrupt(client: &Client, uri: &str) {
    let answer = client.cloud.answer(upload(client, uri, begun(true))).await;
    assert!(answer.status().is_client_error(), "{}", answer.status());
    assert!(client.cloud.answer(upload(client, uri, begun(false))).now_or_never().is_none(), "it waits for the rest");
}

#[tokio::test]
async fn an_interrupted_upload_leaves_what_was_there() {
    let client = Client::new();
    client.must("PUT", "/models", &[], "").await;
    client.must("PUT", "/models/old", &[], "weights").await;
    for uri in ["/models/old", "/models/new"] {
        interrupt(&client, uri).await;
    }
    assert_eq!(client.must("GET", "/models/old", &[], "").await.text(), "weights");
    assert_eq!(client.send(A, "GET", "/models/new", &[], "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_interrupted_part_is_no_part() {
    let client = Client::new();
    client.must("PUT", "/models", &[], "").await;
    let begun = client.must("POST", "/models/big?uploads", &[], "").await.text();
    let id = begun.split_once("<UploadId>").and_then(|(_, rest)| rest.split('<').next()).unwrap().to_owned();
    interrupt(&client, &format!("/models/big?partNumber=1&uploadId={id}")).await;
    let parts = client.must("GET", &format!("/models/big?uploadId={id}"), &[], "").await.text();
    assert!(!parts.contains("<Part>"), "{parts}");
    assert_eq!(client.send(A, "GET", "/models/big", &[], "").await.status, StatusCode::NOT_FOUND);
}
