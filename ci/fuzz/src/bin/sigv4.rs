//! Signatures of AWS, version 4: a method, NUL, a URI, NUL, a header's value, NUL, an `Authorization` header. What is signed verifies, and what is no signature is refused.

#![no_main]

use http::{HeaderValue, Method, Request, Uri};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use proofmark_aws_sigv4::canonical::CanonicalRequest;
use proofmark_aws_sigv4::{Credentials, Payload, Presigned, Signature, SigningKey, amz_date, presign, sign};

fuzz_target!(|data: &[u8]| {
    let [method, uri, header, authorization] = proofmark_fuzz::parts(data);
    if let Ok(text) = std::str::from_utf8(authorization) {
        let _ = Signature::from_header(text);
        let _ = Presigned::from_query(text);
    }
    let (Ok(method), Ok(uri), Ok(header)) =
        (Method::from_bytes(method), Uri::try_from(uri), HeaderValue::from_bytes(header))
    else {
        return;
    };
    let credentials = Credentials {
        access_key_id: "AKIAEXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: Some("token".to_owned()),
    };
    let now = Timestamp::UNIX_EPOCH;
    let Ok(request) = Request::builder().method(&method).uri(&uri).header("x-amz-meta-note", header).body(()) else {
        return;
    };
    let (mut parts, ()) = request.into_parts();
    sign(&mut parts, &credentials, "us-east-1", "s3", Payload::Unsigned, now);
    let carried = parts.headers["authorization"].to_str().expect("what is signed is visible");
    let signature = Signature::from_header(carried).expect("what signs is read again");
    let request = CanonicalRequest {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        signed_headers: &signature.signed_headers,
        payload_hash: parts.headers["x-amz-content-sha256"].to_str().expect("a hash"),
        service: "s3",
    };
    let key = SigningKey::derive(&credentials.secret_access_key, &signature.scope);
    assert_eq!(signature.expected(&key, &amz_date(now), &request).signature, signature.signature);
    let query = presign(&method, &uri, &credentials, "us-east-1", "s3", 60, now);
    let presigned = Presigned::from_query(&query);
    assert!(presigned.is_ok() || uri.query().is_some_and(holds_parts_of_a_signature), "{query}");
});

/// Whether a query has parameters of a signature already: then the first of each is read, not the one that signing adds.
fn holds_parts_of_a_signature(query: &str) -> bool {
    let name = |part: &str| part.split('=').next().map(|name| percent_decode_str(name).collect::<Vec<u8>>());
    query.split('&').filter_map(name).any(|name| name.starts_with(b"X-Amz-"))
}
