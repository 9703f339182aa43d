//! Decisions of IAM (an object of another account, with policies of the size that people have), and signatures.

use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderValue, Method};
use proofmark_aws_policy::{Attached, Context, Kind, Policies, Policy, Principal, Request, decide};
use proofmark_aws_sigv4::canonical::CanonicalRequest;
use proofmark_aws_sigv4::{Scope, Signature, SigningKey};

fn policy(kind: Kind, document: &str) -> Policy {
    Policy::parse(document, kind).expect("a valid document")
}

fn decisions(c: &mut Criterion) {
    let identity = policy(
        Kind::Identity,
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": "arn:aws:iam::*:role/reader-*"},
            {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": "arn:aws:s3:::models"},
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": "arn:aws:s3:::models/*"}]}"#,
    );
    let bucket = policy(
        Kind::Resource,
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::models/*",
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:role/team/reader"}, "Action": "s3:GetObject",
             "Resource": "arn:aws:s3:::models/${aws:PrincipalTag/team}/*"}]}"#,
    );
    let principal = Principal::Session {
        account: "111111111111".into(),
        path: "/team/".into(),
        role: "reader".into(),
        id: "AROAEXAMPLE".into(),
        session: "botocore-session-1".into(),
    };
    let mut context = Context::default().with("aws:SecureTransport", "true").with("aws:PrincipalTag/team", "blue");
    principal.keys(&mut context);
    let request = Request {
        principal: &principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::models/blue/iris/model.bin",
        owner: "222222222222",
        context: &context,
    };
    let identity = [Attached { name: "inline", policy: &identity }];
    let policies = Policies {
        identity: &identity,
        resource: Some(Attached { name: "bucket", policy: &bucket }),
        ..Policies::default()
    };
    assert!(decide(&request, &policies).is_allowed());
    c.bench_function("aws/decision", |b| b.iter(|| decide(&request, &policies)));
}

/// What a server does for each request: derive the key, and verify.
fn signatures(c: &mut Criterion) {
    let scope = Scope { date: "20260101".into(), region: "us-east-1".into(), service: "s3".into() };
    c.bench_function("aws/signing key", |b| b.iter(|| SigningKey::derive("secret", &scope)));
    let key = SigningKey::derive("secret", &scope);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "models.s3.us-east-1.amazonaws.com"),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("x-amz-date", "20260101T000000Z"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let text = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/s3/aws4_request, \
                SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=00";
    let signature = Signature::from_header(text).expect("a signature");
    let request = CanonicalRequest {
        method: &Method::GET,
        path: "/models/blue/iris/model.bin",
        query: "",
        headers: &headers,
        signed_headers: &signature.signed_headers,
        payload_hash: "UNSIGNED-PAYLOAD",
        service: "s3",
    };
    c.bench_function("aws/signature", |b| b.iter(|| signature.expected(&key, "20260101T000000Z", &request)));
}

criterion_group!(benches, decisions, signatures);
criterion_main!(benches);
