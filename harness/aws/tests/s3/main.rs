//! S3 as the AWS SDK for Rust uses it, over a socket.

mod connections;
mod endpoint;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ObjectCannedAcl,
    ObjectOwnership, OwnershipControls, OwnershipControlsRule, VersioningConfiguration,
};
use endpoint::{A, B, Endpoint};
use proofmark_json::json;

/// Status, code and message of what was refused.
fn refused<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> (u16, String, String) {
    let error = result.expect_err("refused");
    let status = error.raw_response().expect("an answer").status().as_u16();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (status, text(error.code()), text(error.message()))
}

fn told(status: u16, code: &str, message: &str) -> (u16, String, String) {
    (status, code.to_owned(), message.to_owned())
}

#[tokio::test]
async fn objects_come_back_as_they_were_put() {
    let endpoint = Endpoint::start().await;
    let s3 = endpoint.s3(A);
    s3.create_bucket().bucket("models").send().await.unwrap();
    let body: Vec<u8> = (0..3_000_000u32).map(|i| i as u8).collect();
    let put = s3
        .put_object()
        .bucket("models")
        .key("a b/ü+.bin")
        .body(ByteStream::from(body.clone()))
        .content_type("application/x-model")
        .metadata("made-by", "us")
        .checksum_algorithm(ChecksumAlgorithm::Sha256);
    let put = put.send().await.unwrap();
    assert!(put.checksum_sha256().is_some());
    let got = s3.get_object().bucket("models").key("a b/ü+.bin").send().await.unwrap();
    assert_eq!((got.content_type(), got.e_tag()), (Some("application/x-model"), put.e_tag()));
    assert_eq!(got.metadata().and_then(|metadata| metadata.get("made-by")).map(String::as_str), Some("us"));
    assert!(got.body.collect().await.unwrap().into_bytes() == body);
    let part = s3.get_object().bucket("models").key("a b/ü+.bin").range("bytes=1048570-1048589").send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 1048570-1048589/3000000"));
    assert!(part.body.collect().await.unwrap().into_bytes() == body[1_048_570..1_048_590]);
}

#[tokio::test]
async fn lists_are_chunked_and_rolled_up() {
    let endpoint = Endpoint::start().await;
    let s3 = endpoint.s3(A);
    s3.create_bucket().bucket("models").send().await.unwrap();
    for key in ["a", "dir/1", "dir/2", "z"] {
        s3.put_object().bucket("models").key(key).body(ByteStream::from_static(b"x")).send().await.unwrap();
    }
    let page = s3.list_objects_v2().bucket("models").delimiter("/").max_keys(2).send().await.unwrap();
    assert_eq!(page.contents()[0].key(), Some("a"));
    assert_eq!(page.common_prefixes()[0].prefix(), Some("dir/"));
    let next = s3
        .list_objects_v2()
        .bucket("models")
        .delimiter("/")
        .continuation_token(page.next_continuation_token().unwrap());
    let keys: Vec<String> =
        next.send().await.unwrap().contents().iter().filter_map(|o| o.key().map(str::to_owned)).collect();
    assert_eq!(keys, ["z"]);
}

#[tokio::test]
async fn versions_are_kept_and_markers_hide() {
    let endpoint = Endpoint::start().await;
    let s3 = endpoint.s3(A);
    s3.create_bucket().bucket("models").send().await.unwrap();
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket("models").versioning_configuration(enabled).send().await.unwrap();
    let first = s3.put_object().bucket("models").key("m").body(ByteStream::from_static(b"1")).send().await.unwrap();
    s3.put_object().bucket("models").key("m").body(ByteStream::from_static(b"2")).send().await.unwrap();
    s3.delete_object().bucket("models").key("m").send().await.unwrap();
    assert_eq!(refused(s3.get_object().bucket("models").key("m").send().await).1, "NoSuchKey");
    let old = s3.get_object().bucket("models").key("m").version_id(first.version_id().unwrap()).send().await.unwrap();
    assert_eq!(old.body.collect().await.unwrap().into_bytes(), "1");
    let all = s3.list_object_versions().bucket("models").send().await.unwrap();
    assert_eq!((all.versions().len(), all.delete_markers().len()), (2, 1));
    assert_eq!(refused(s3.delete_bucket().bucket("models").send().await).1, "BucketNotEmpty");
}

/// Two accounts: the bucket's policy decides for strangers, and they are told nothing.
#[tokio::test]
async fn another_account_needs_the_bucket_policy() {
    let endpoint = Endpoint::start().await;
    let (owner, stranger) = (endpoint.s3(A), endpoint.s3(B));
    owner.create_bucket().bucket("models").send().await.unwrap();
    owner.put_object().bucket("models").key("m").body(ByteStream::from_static(b"1")).send().await.unwrap();
    let denied = refused(stranger.get_object().bucket("models").key("m").send().await);
    assert_eq!(denied, told(403, "AccessDenied", "Access Denied"));
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{B}:root")},
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*",
    }]});
    owner.put_bucket_policy().bucket("models").policy(policy.to_string()).send().await.unwrap();
    stranger.get_object().bucket("models").key("m").send().await.unwrap();
    let missing = refused(stranger.get_object().bucket("models").key("none").send().await);
    assert_eq!(missing, told(403, "AccessDenied", "Access Denied"));
    assert_eq!(refused(owner.get_object().bucket("models").key("none").send().await).1, "NoSuchKey");
    let explained = endpoint.cloud.decisions().all();
    let first = explained.iter().find(|decided| !decided.allowed).unwrap();
    assert!(first.explanation.contains("resource-based policy"), "{}", first.explanation);
}

#[tokio::test]
async fn public_policies_are_blocked_unless_told() {
    let endpoint = Endpoint::start().await;
    let s3 = endpoint.s3(A);
    s3.create_bucket().bucket("models").send().await.unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*",
    }]});
    let put = || s3.put_bucket_policy().bucket("models").policy(policy.to_string()).send();
    assert!(refused(put().await).2.contains("BlockPublicPolicy"));
    s3.delete_public_access_block().bucket("models").send().await.unwrap();
    put().await.unwrap();
    assert_eq!(
        s3.get_bucket_policy_status().bucket("models").send().await.unwrap().policy_status().unwrap().is_public(),
        Some(true)
    );
}

#[tokio::test]
async fn signatures_of_other_regions_are_told_the_right_one() {
    let endpoint = Endpoint::start().await;
    endpoint.s3(A).create_bucket().bucket("models").send().await.unwrap();
    let elsewhere = endpoint.s3_in(A, "eu-west-1");
    let (status, code, message) = refused(elsewhere.list_objects_v2().bucket("models").send().await);
    assert_eq!((status, code.as_str()), (400, "AuthorizationHeaderMalformed"));
    assert!(message.ends_with("the region 'eu-west-1' is wrong; expecting 'us-east-1'"), "{message}");
}

#[tokio::test]
async fn parts_make_an_object() {
    let endpoint = Endpoint::start().await;
    let s3 = endpoint.s3(A);
    s3.create_bucket().bucket("models").send().await.unwrap();
    let upload = s3.create_multipart_upload().bucket("models").key("m").send().await.unwrap();
    let id = upload.upload_id().unwrap();
    let first = vec![7u8; 5 << 20];
    let mut parts = vec![];
    for (number, body) in [(1, first.clone()), (2, b"end".to_vec())] {
        let part = s3.upload_part().bucket("models").key("m").upload_id(id).part_number(number).body(body.into());
        let etag = part.send().await.unwrap().e_tag().unwrap().to_owned();
        parts.push(CompletedPart::builder().part_number(number).e_tag(etag).build());
    }
    let listed = s3.list_parts().bucket("models").key("m").upload_id(id).send().await.unwrap();
    assert_eq!(listed.parts().iter().filter_map(|part| part.size()).collect::<Vec<_>>(), [5 << 20, 3]);
    let complete = |parts: Vec<CompletedPart>| {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        s3.complete_multipart_upload().bucket("models").key("m").upload_id(id).multipart_upload(parts).send()
    };
    let backwards: Vec<_> = parts.iter().rev().cloned().collect();
    assert_eq!(refused(complete(backwards).await).1, "InvalidPartOrder");
    assert!(complete(parts).await.unwrap().e_tag().unwrap().ends_with("-2\""));
    assert_eq!(refused(s3.list_parts().bucket("models").key("m").upload_id(id).send().await).1, "NoSuchUpload");
    let second = s3.get_object().bucket("models").key("m").part_number(2).send().await.unwrap();
    assert_eq!((second.parts_count(), second.content_range()), (Some(2), Some("bytes 5242880-5242882/5242883")));
    assert_eq!(second.body.collect().await.unwrap().into_bytes(), "end");
}

/// Where ownership controls leave access control lists on, what an account writes into another's bucket is its own.
#[tokio::test]
async fn objects_of_others_are_theirs_unless_given() {
    let endpoint = Endpoint::start().await;
    let (owner, writer) = (endpoint.s3(A), endpoint.s3(B));
    owner.create_bucket().bucket("models").object_ownership(ObjectOwnership::ObjectWriter).send().await.unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": B}, "Action": ["s3:PutObject", "s3:PutObjectAcl"], "Resource": "arn:aws:s3:::models/*",
    }]});
    owner.put_bucket_policy().bucket("models").policy(policy.to_string()).send().await.unwrap();
    let put = |key: &str| writer.put_object().bucket("models").key(key).body(ByteStream::from_static(b"1"));
    put("kept").send().await.unwrap();
    put("given").acl(ObjectCannedAcl::BucketOwnerFullControl).send().await.unwrap();
    let get = |key: &str| owner.get_object().bucket("models").key(key).send();
    assert_eq!(refused(get("kept").await), told(403, "AccessDenied", "Access Denied"));
    get("given").await.unwrap();
    writer.get_object().bucket("models").key("kept").send().await.unwrap();
    // With lists off, the bucket's owner owns everything in it.
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced).build().unwrap();
    let controls = OwnershipControls::builder().rules(rule).build().unwrap();
    owner.put_bucket_ownership_controls().bucket("models").ownership_controls(controls).send().await.unwrap();
    get("kept").await.unwrap();
    assert_eq!(refused(put("x").acl(ObjectCannedAcl::PublicRead).send().await).1, "AccessControlListNotSupported");
}

#[tokio::test]
async fn public_lists_count_only_where_nothing_blocks_them() {
    let endpoint = Endpoint::start().await;
    let (owner, stranger) = (endpoint.s3(A), endpoint.s3(B));
    owner.create_bucket().bucket("models").object_ownership(ObjectOwnership::ObjectWriter).send().await.unwrap();
    let put = || owner.put_object().bucket("models").key("m").body(ByteStream::from_static(b"1"));
    let blocked = refused(put().acl(ObjectCannedAcl::PublicRead).send().await);
    assert!(blocked.2.contains("BlockPublicAcls"), "{blocked:?}");
    owner.delete_public_access_block().bucket("models").send().await.unwrap();
    put().acl(ObjectCannedAcl::PublicRead).send().await.unwrap();
    stranger.get_object().bucket("models").key("m").send().await.unwrap();
    let acl = owner.get_object_acl().bucket("models").key("m").send().await.unwrap();
    let grants: Vec<_> = acl.grants().iter().filter_map(|grant| grant.permission()).map(|p| p.as_str()).collect();
    assert_eq!(grants, ["FULL_CONTROL", "READ"]);
    put().send().await.unwrap();
    assert_eq!(refused(stranger.get_object().bucket("models").key("m").send().await).1, "AccessDenied");
}
