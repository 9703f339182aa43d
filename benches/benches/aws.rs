//! Decisions of IAM: an object of another account, with policies of the size that people have.

use criterion::{Criterion, criterion_group, criterion_main};
use proofmark_aws_policy::{Attached, Context, Kind, Policies, Policy, Principal, Request, decide};

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

criterion_group!(benches, decisions);
criterion_main!(benches);
