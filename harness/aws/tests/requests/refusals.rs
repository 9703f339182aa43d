//! What refusals look like, to the byte but for their ids.

use crate::client::{A, Answer, B, Client};
use http::Request;
use std::fmt::Write;

/// Account, method, URI, headers, body.
type Case<'a> = (&'a str, &'a str, &'a str, &'a [(&'static str, &'a str)], &'a str);

/// Status, the headers that tell something, and the body without its ids.
fn shown(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.status.as_u16());
    for name in ["content-type", "x-amz-bucket-region", "x-amz-delete-marker", "allow", "etag"] {
        if let Some(value) = answer.header(name) {
            let _ = writeln!(text, "{name}: {value}");
        }
    }
    let body = answer.text();
    match body.split_once("<RequestId>") {
        Some((before, after)) => {
            let request_id = after.split('<').next();
            assert_eq!(request_id, answer.header("x-amz-request-id"), "{body}");
            let _ = writeln!(text, "{before}...");
        }
        None => text.push_str(&body),
    }
    text
}

#[tokio::test]
async fn bodies() {
    let client = Client::new();
    client.must("PUT", "/models", &[], "").await;
    client.must("PUT", "/models/m", &[], "model").await;
    client.must("PUT", "/models/cold", &[("x-amz-storage-class", "GLACIER")], "model").await;
    let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    client.must("PUT", "/versions", &[], "").await;
    client.must("PUT", "/versions?versioning", &[], versioning).await;
    client.must("DELETE", "/versions/gone", &[], "").await;
    let long = format!("/models/{}", "k".repeat(1025));
    let cases: &[Case<'_>] = &[
        (A, "GET", "/none", &[], ""),
        (A, "HEAD", "/none", &[], ""),
        (A, "GET", "/No", &[], ""),
        (A, "GET", "/models/none", &[], ""),
        (A, "GET", "/models/m?versionId=zzz", &[], ""),
        (A, "GET", "/models/m?versionId=0123456789abcdef0123456789abcdef", &[], ""),
        (A, "GET", "/versions/gone", &[], ""),
        (A, "GET", "/models/m", &[("range", "bytes=9-")], ""),
        (A, "GET", "/models/m", &[("if-match", "\"x\"")], ""),
        (A, "GET", "/models/m", &[("if-none-match", "*")], ""),
        (A, "GET", "/models/m?partNumber=2", &[], ""),
        (A, "PUT", "/models/m", &[("if-none-match", "*")], "new"),
        (A, "PUT", "/models/m", &[("x-amz-checksum-crc32", "AAAAAA==")], "new"),
        (A, "PUT", "/models/m", &[("x-amz-checksum-crc32", "AA")], "new"),
        (A, "PUT", "/models/m", &[("x-amz-storage-class", "FAST")], "new"),
        (A, "PUT", "/models/m", &[("x-amz-acl", "public-read")], "new"),
        (A, "PUT", "/models/m", &[("x-amz-server-side-encryption", "rot13")], "new"),
        (A, "PUT", &long, &[], "new"),
        (A, "PUT", "/models", &[("x-amz-expected-bucket-owner", B)], "<x/>"),
        (A, "GET", "/models/m", &[("x-amz-expected-bucket-owner", B)], ""),
        (A, "GET", "/models?policy", &[], ""),
        (A, "PUT", "/models?policy", &[], "{"),
        (A, "DELETE", "/models", &[], ""),
        (A, "GET", "/models/cold", &[], ""),
        (A, "GET", "/models/m?uploadId=none", &[], ""),
        (A, "GET", "/models?list-type=2&continuation-token=%21", &[], ""),
        (A, "POST", "/", &[], "Action=GetCallerIdentity"),
        (B, "GET", "/models/m", &[], ""),
        (B, "HEAD", "/models", &[], ""),
        (B, "PUT", "/models", &[], ""),
        (B, "PUT", "/other", &[("x-amz-acl", "private")], ""),
        (B, "PUT", "/another", &[("x-amz-acl", "public-read")], ""),
        (
            B,
            "PUT",
            "/far",
            &[],
            "<CreateBucketConfiguration><LocationConstraint>mars-1</LocationConstraint></CreateBucketConfiguration>",
        ),
        (A, "GET", "/models?list-type=2&max-keys=many", &[], ""),
        (A, "GET", "/models?list-type=2&continuation-token=", &[], ""),
        (A, "GET", "/models/m?versionId=", &[], ""),
        (A, "GET", "/models/m?partNumber=0", &[], ""),
        (A, "DELETE", "/models/m?versionId=0123456789abcdef0123456789abcdef", &[], ""),
        (A, "DELETE", "/versions/m?versionId=zzz", &[], ""),
        (A, "PUT", "/models/copy", &[("x-amz-copy-source", "models")], ""),
        (A, "PUT", "/models/copy", &[("x-amz-copy-source", "models/m"), ("x-amz-metadata-directive", "KEEP")], ""),
        (A, "PUT", "/models/m", &[("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-sha1", "AA==")], "new"),
    ];
    let mut all = String::new();
    for (account, method, uri, headers, body) in cases {
        let answer = client.send(account, method, uri, headers, body).await;
        let uri = uri.replace(&"k".repeat(1025), "k...");
        let _ = writeln!(all, "--- {account} {method} {uri} {headers:?}\n{}", shown(&answer));
    }
    let anonymous = Request::get("https://s3.amazonaws.com/models/m").body(String::new()).unwrap();
    let _ = writeln!(all, "--- anonymous GET /models/m\n{}", shown(&client.answer(anonymous).await));
    insta::assert_snapshot!(all);
}
