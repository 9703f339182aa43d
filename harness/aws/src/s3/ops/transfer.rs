//! Objects: written from a body, or copied.

use super::super::answer::Context;
use super::super::digests::Digests;
use super::super::encryption::{self, Shown};
use super::super::error;
use super::super::store::{Bucket, Encryption, Object};
use super::object::{Sums, check_archived, matches_etag, readable, refuse_customer_keys};
use super::receive::receive;
use super::stamp;
use super::write::{Asked, check_write, existing, kept, may_write};
use crate::Fault;
use crate::world::World;
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

pub(in crate::s3) async fn put(context: Arc<Context>, input: dto::PutObjectInput) -> Answer<dto::PutObjectOutput> {
    refuse_customer_keys(input.sse_customer_algorithm.is_some())?;
    let encryption = encryption::Asked::new(
        input.server_side_encryption.as_ref(),
        input.ssekms_key_id.as_ref(),
        input.bucket_key_enabled,
    );
    let asked = Asked::of(&context, encryption);
    let expected_owner = input.expected_bucket_owner.as_deref();
    context.make_default_key(&input.bucket, asked.encryption);
    // Who may not is told before anything is read.
    let granted = {
        let world = context.cloud.world().read();
        let bucket = context.bucket(&world, &input.bucket, expected_owner)?;
        may_write(&context, &world, bucket, &input.key, &asked)?
    };
    let algorithm = input.checksum_algorithm.as_ref().map(dto::ChecksumAlgorithm::as_str);
    let received = receive(&context, input.body, input.content_length, input.content_md5.as_deref(), algorithm).await?;
    let object = Object {
        data: received.data,
        // Only S3's own encryption leaves the tag to be the digest.
        etag: match granted.encryption {
            Encryption::S3 => hex::encode(received.md5),
            Encryption::Kms { .. } => context.cloud.random().hex(32),
        },
        headers: kept(&context, input.content_encoding, input.metadata),
        checksum: Some(received.checksum),
        tags: granted.tags,
        encryption: granted.encryption,
        owner: granted.owner,
        acl: granted.acl,
        parts: vec![],
    };
    let mut world = context.cloud.world().write();
    // It may have gone while the body arrived.
    let bucket = world.buckets.0.get_mut(&input.bucket).ok_or_else(|| error::no_such_bucket(&input.bucket))?;
    let current = bucket.version(&input.key, None).and_then(|version| version.object());
    check_write(input.if_match.as_ref(), input.if_none_match.as_ref(), current.map(Arc::as_ref), &input.key)?;
    let sums = Sums::of(object.checksum.as_ref());
    let encryption = Shown::of(&object.encryption);
    let mut output = dto::PutObjectOutput {
        e_tag: Some(dto::ETag::Strong(object.etag.clone())),
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
        checksum_type: sums.kind,
        bucket_key_enabled: encryption.bucket_key,
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key,
        ..Default::default()
    };
    output.version_id = bucket.put(&input.key, object, context.cloud.now(), || context.cloud.random().token(32));
    Ok(S3Response::new(output))
}

pub(in crate::s3) async fn copy(context: Arc<Context>, input: dto::CopyObjectInput) -> Answer<dto::CopyObjectOutput> {
    refuse_customer_keys(input.sse_customer_algorithm.is_some() || input.copy_source_sse_customer_algorithm.is_some())?;
    let dto::CopySource::Bucket { bucket: source, key: source_key, version_id } = &input.copy_source else {
        return Err(error::not_implemented("x-amz-copy-source"));
    };
    let encryption = encryption::Asked::new(
        input.server_side_encryption.as_ref(),
        input.ssekms_key_id.as_ref(),
        input.bucket_key_enabled,
    );
    context.make_default_key(&input.bucket, encryption);
    let mut world = context.cloud.world().write();
    let from = context.bucket(&world, source, input.expected_source_bucket_owner.as_deref())?;
    let (version, object) = readable(&context, &world, from, source_key, version_id.as_deref())?;
    let modified = stamp(version.modified);
    check_source(&input, object, &modified)?;
    check_archived(object)?;
    let (source_version, mut object) = (version.id.clone(), Object::clone(object));
    let replace_tags = input.tagging_directive.as_ref().is_some_and(|directive| directive.as_str() == "REPLACE");
    let replace = input.metadata_directive.as_ref().is_some_and(|directive| directive.as_str() == "REPLACE");
    let same = **source == input.bucket && **source_key == input.key;
    if same
        && !replace
        && input.storage_class.is_none()
        && input.server_side_encryption.is_none()
        && version_id.is_none()
        && input.website_redirect_location.is_none()
    {
        let message = "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
        return Err(Fault::new(400, "InvalidRequest", message));
    }
    let to = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let mut asked = Asked::of(&context, encryption);
    asked.tagging = asked.tagging.filter(|_| replace_tags);
    let granted = may_write(&context, &world, to, &input.key, &asked)?;
    if !replace_tags && !object.tags.is_empty() {
        may_take_tags(&context, &world, (from, source_key, version_id.as_deref()), (to, &input.key))?;
    }
    (object.owner, object.acl, object.encryption) = (granted.owner, granted.acl, granted.encryption);
    if replace_tags {
        object.tags = granted.tags;
    }
    if replace {
        object.headers = kept(&context, input.content_encoding, input.metadata);
    }
    // Neither goes with a copy.
    object.headers.storage_class =
        input.storage_class.map(|class| class.as_str().to_owned()).filter(|class| class != "STANDARD");
    object.headers.website_redirect = input.website_redirect_location;
    let sum = input.checksum_algorithm.as_ref().map(dto::ChecksumAlgorithm::as_str);
    if let Some(name) =
        sum.filter(|name| object.checksum.as_ref().is_none_or(|sum| sum.algorithm != *name || sum.composite))
    {
        object.checksum = Some(Digests::of(&object.data, name).1);
    }
    if !object.parts.is_empty() {
        // A copy is made in one piece, and so gets the digest of its bytes.
        object.parts = vec![];
        object.etag = hex::encode(Digests::of(&object.data, "").0);
    }
    let now = context.cloud.now();
    let sums = Sums::of(object.checksum.as_ref());
    let result = dto::CopyObjectResult {
        e_tag: Some(dto::ETag::Strong(object.etag.clone())),
        last_modified: Some(stamp(now)),
        checksum_crc32: sums.crc32,
        checksum_crc32c: sums.crc32c,
        checksum_crc64nvme: sums.crc64nvme,
        checksum_sha1: sums.sha1,
        checksum_sha256: sums.sha256,
        checksum_type: sums.kind,
    };
    let encryption = Shown::of(&object.encryption);
    let bucket = world.buckets.0.get_mut(&input.bucket).ok_or_else(|| error::no_such_bucket(&input.bucket))?;
    let version_id = bucket.put(&input.key, object, now, || context.cloud.random().token(32));
    Ok(S3Response::new(dto::CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id: source_version,
        bucket_key_enabled: encryption.bucket_key,
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key,
        version_id,
        ..Default::default()
    }))
}

/// Whether the tags of a source may go along with its copy: read there, written here.
///
/// Source: S3 User Guide, "Categorizing your objects using tags", object tags and copies.
fn may_take_tags(
    context: &Context,
    world: &World,
    (from, source, version): (&Bucket, &str, Option<&str>),
    (to, key): (&Bucket, &str),
) -> Result<(), Fault> {
    let read = if version.is_some() { "s3:GetObjectVersionTagging" } else { "s3:GetObjectTagging" };
    context.allow_object(world, from, source, read, existing(from, source, version))?;
    context.allow_object(world, to, key, "s3:PutObjectTagging", Keys::default())
}

fn check_source(input: &dto::CopyObjectInput, object: &Object, modified: &dto::Timestamp) -> Result<(), Fault> {
    let failed = |condition: &str| {
        let message = "At least one of the pre-conditions you specified did not hold";
        Err(Fault::new(412, "PreconditionFailed", message).with("Condition", condition))
    };
    let etag = &object.etag;
    match (&input.copy_source_if_match, &input.copy_source_if_unmodified_since) {
        (Some(expected), _) if !matches_etag(expected, etag) => return failed("x-amz-copy-source-If-Match"),
        (None, Some(since)) if modified > since => return failed("x-amz-copy-source-If-Unmodified-Since"),
        _ => {}
    }
    match (&input.copy_source_if_none_match, &input.copy_source_if_modified_since) {
        (Some(known), _) if matches_etag(known, etag) => failed("x-amz-copy-source-If-None-Match"),
        (None, Some(since)) if modified <= since => failed("x-amz-copy-source-If-Modified-Since"),
        _ => Ok(()),
    }
}
