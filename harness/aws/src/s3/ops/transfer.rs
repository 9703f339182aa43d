//! Objects: written from a body, or copied.

use super::super::acl::Written;
use super::super::answer::Context;
use super::super::checksum::{self, Running};
use super::super::encryption::{self, Shown};
use super::super::store::{Acl, Bucket, Checksum, Collector, Data, Encryption, Headers, Object, Ownership};
use super::super::{access, error};
use super::object::{Sums, check_archived, matches_etag, readable, refuse_customer_keys};
use super::{lists, stamp, tags};
use crate::world::{AccountId, World};
use crate::{BodyError, Fault};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::StreamExt;
use md5::{Digest, Md5};
use percent_encoding::percent_decode_str;
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::collections::BTreeMap;
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

/// As much as one request may upload.
const LARGEST: u64 = 5 << 30;

/// A body that has arrived and holds what it said to hold.
pub(super) struct Received {
    pub(super) data: Data,
    /// The MD5 digest.
    pub(super) md5: [u8; 16],
    pub(super) checksum: Checksum,
}

/// Reads a body to its end, and checks length, MD5 and checksum.
pub(super) async fn receive(
    context: &Context,
    body: Option<dto::StreamingBlob>,
    length: Option<i64>,
    md5: Option<&str>,
    algorithm: Option<&str>,
) -> Result<Received, Fault> {
    let announced = context.header("x-amz-trailer").and_then(|name| name.trim().strip_prefix("x-amz-checksum-"));
    let named = context.headers.keys().find_map(|name| {
        let algorithm = checksum::algorithm(name.as_str().strip_prefix("x-amz-checksum-")?)?;
        Some(algorithm)
    });
    let algorithm = named.or(announced).or(algorithm).unwrap_or("CRC64NVME");
    let (mut digest, mut sum, mut collector) = (Md5::new(), Running::new(algorithm), Collector::default());
    if let Some(mut body) = body {
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|error| broken(&*error))?;
            digest.update(&bytes);
            sum.update(&bytes);
            collector.push(&bytes);
            if collector.len() > LARGEST {
                return Err(Fault::new(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
                    .with("ProposedSize", collector.len().to_string())
                    .with("MaxSizeAllowed", LARGEST.to_string()));
            }
        }
    }
    if length.is_some_and(|length| u64::try_from(length) != Ok(collector.len())) {
        return Err(incomplete());
    }
    let computed: [u8; 16] = digest.finalize().into();
    if let Some(given) = md5 {
        let given_bytes = BASE64_STANDARD.decode(given).ok().filter(|bytes| bytes.len() == 16).ok_or_else(|| {
            Fault::new(400, "InvalidDigest", "The Content-MD5 you specified was invalid.").with("Content-MD5", given)
        })?;
        if given_bytes != computed {
            return Err(Fault::new(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
                .with("ExpectedDigest", given)
                .with("CalculatedDigest", BASE64_STANDARD.encode(computed)));
        }
    }
    let checksum = sum.finish();
    let name = checksum::header(&checksum.algorithm);
    let given = context.header(&name).map(str::to_owned).or_else(|| context.trailers.get(&name));
    let length = |text: &str| BASE64_STANDARD.decode(text).ok().map(|bytes| bytes.len());
    if given.as_deref().is_some_and(|given| length(given) != length(&checksum.value)) {
        return Err(Fault::new(400, "InvalidRequest", format!("Value for {name} header is invalid.")));
    }
    if given.is_some_and(|given| given != checksum.value) {
        let message = format!("The {} you specified did not match the calculated checksum.", checksum.algorithm);
        return Err(Fault::new(400, "BadDigest", message));
    }
    Ok(Received { data: collector.finish(), md5: computed, checksum })
}

/// A body that could not be read: refused with what was wrong with it, or cut off.
fn broken(error: &(dyn std::error::Error + 'static)) -> Fault {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return fault.clone();
        }
        if let Some(fault) = error.downcast_ref::<BodyError>().and_then(BodyError::fault) {
            return fault.clone();
        }
        at = error.source();
    }
    incomplete()
}

fn incomplete() -> Fault {
    Fault::new(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

/// What a write asks for beside the bytes.
pub(super) struct Asked<'a> {
    pub(super) acl: Written<'a>,
    pub(super) encryption: encryption::Asked<'a>,
    pub(super) storage_class: Option<&'a str>,
    pub(super) tagging: Option<&'a str>,
}

/// What an object gets beside its bytes and headers.
pub(super) struct Granted {
    pub(super) tags: BTreeMap<String, String>,
    pub(super) owner: AccountId,
    pub(super) acl: Acl,
    pub(super) encryption: Encryption,
}

/// Headers of a write that are keys of conditions under their own names. Source: Service Authorization Reference, "Condition keys for Amazon S3".
const HEADER_KEYS: [&str; 9] = [
    "if-match",
    "if-none-match",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-website-redirect-location",
];

/// What is asked for, if the caller may write the object with all of it.
pub(super) fn may_write(
    context: &Context,
    world: &World,
    bucket: &Bucket,
    key: &str,
    asked: &Asked<'_>,
) -> Result<Granted, Fault> {
    let tags = asked.tagging.map_or(Ok(BTreeMap::new()), tags::read_header)?;
    let mut keys = Keys::default();
    for (name, value) in [
        ("s3:x-amz-acl", asked.acl.canned),
        ("s3:x-amz-server-side-encryption", asked.encryption.algorithm),
        ("s3:x-amz-server-side-encryption-aws-kms-key-id", asked.encryption.key),
        ("s3:x-amz-storage-class", asked.storage_class),
    ] {
        if let Some(value) = value {
            keys.set(name, value);
        }
    }
    for name in HEADER_KEYS {
        if let Some(value) = context.header(name) {
            keys.set(&format!("s3:{name}"), value);
        }
    }
    if let Some(source) = context.header("x-amz-copy-source") {
        let source = percent_decode_str(source.trim_start_matches('/')).decode_utf8_lossy();
        keys.set("s3:x-amz-copy-source", source);
    }
    tags::request_keys(&tags, &mut keys);
    context.allow_object(world, bucket, key, "s3:PutObject", keys.clone())?;
    if asked.acl.is_any() {
        context.allow_object(world, bucket, key, "s3:PutObjectAcl", keys.clone())?;
    }
    if !tags.is_empty() {
        context.allow_object(world, bucket, key, "s3:PutObjectTagging", keys)?;
    }
    if asked.storage_class.is_some_and(|class| !STORAGE_CLASSES.contains(&class)) {
        return Err(Fault::new(400, "InvalidStorageClass", "The storage class you specified is not valid")
            .with("StorageClassRequested", asked.storage_class.unwrap_or_default()));
    }
    let owner = owner(context, bucket, asked.acl.canned);
    let acl = lists::of_new(context, world, bucket, &asked.acl, &owner, "s3:PutObject", &bucket.object_arn(key))?;
    if context.header("x-amz-server-side-encryption-context").is_some() {
        return Err(error::not_implemented("x-amz-server-side-encryption-context"));
    }
    let encryption = context.encrypt(world, bucket, key, asked.encryption)?;
    Ok(Granted { tags, owner, acl, encryption })
}

/// Source: S3 API Reference, "PutObject", `x-amz-storage-class`.
const STORAGE_CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

/// Whom a new object belongs to. Source: S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
fn owner(context: &Context, bucket: &Bucket, canned: Option<&str>) -> AccountId {
    match bucket.ownership {
        Ownership::BucketOwnerEnforced => bucket.owner.clone(),
        Ownership::BucketOwnerPreferred if canned == Some("bucket-owner-full-control") => bucket.owner.clone(),
        Ownership::BucketOwnerPreferred | Ownership::ObjectWriter | Ownership::Unset => writer(context, bucket),
    }
}

/// The account that writes; the bucket's owner for the anonymous.
pub(super) fn writer(context: &Context, bucket: &Bucket) -> AccountId {
    context.call.caller.principal.account().and_then(AccountId::parse).unwrap_or_else(|| bucket.owner.clone())
}

pub(in crate::s3) async fn put(context: Arc<Context>, input: dto::PutObjectInput) -> Answer<dto::PutObjectOutput> {
    refuse_customer_keys(input.sse_customer_algorithm.is_some())?;
    let [full, read, read_acp, write_acp] =
        [&input.grant_full_control, &input.grant_read, &input.grant_read_acp, &input.grant_write_acp]
            .map(Option::as_deref);
    let asked = Asked {
        acl: Written {
            canned: input.acl.as_ref().map(dto::ObjectCannedACL::as_str),
            grants: [full, read, None, read_acp, write_acp],
            policy: None,
        },
        encryption: encryption::Asked::new(
            input.server_side_encryption.as_ref(),
            input.ssekms_key_id.as_ref(),
            input.bucket_key_enabled,
        ),
        storage_class: input.storage_class.as_ref().map(dto::StorageClass::as_str),
        tagging: input.tagging.as_deref(),
    };
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
            Encryption::S3 => hex(&received.md5),
            Encryption::Kms { .. } => context.cloud.random().hex(32),
        },
        headers: Headers {
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            content_type: input.content_type,
            expires: context.header("expires").map(str::to_owned),
            storage_class: input
                .storage_class
                .map(|class| class.as_str().to_owned())
                .filter(|class| class != "STANDARD"),
            website_redirect: input.website_redirect_location,
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
        },
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

/// Writes that depend on what is there. Source: S3 User Guide, "Add preconditions to S3 operations with conditional requests".
pub(super) fn check_write(
    if_match: Option<&dto::ETagCondition>,
    if_none_match: Option<&dto::ETagCondition>,
    current: Option<&Object>,
    key: &str,
) -> Result<(), Fault> {
    let failed = |condition: &str| {
        let message = "At least one of the pre-conditions you specified did not hold";
        Fault::new(412, "PreconditionFailed", message).with("Condition", condition)
    };
    match (if_none_match, current) {
        (Some(dto::ETagCondition::ETag(_)), _) => return Err(error::not_implemented("If-None-Match")),
        (Some(dto::ETagCondition::Any), Some(_)) => return Err(failed("If-None-Match")),
        _ => {}
    }
    match (if_match, current) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(error::no_such_key(key)),
        (Some(expected), Some(current)) if matches_etag(expected, &current.etag) => Ok(()),
        (Some(_), Some(_)) => Err(failed("If-Match")),
    }
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
    let [full, read, read_acp, write_acp] =
        [&input.grant_full_control, &input.grant_read, &input.grant_read_acp, &input.grant_write_acp]
            .map(Option::as_deref);
    let asked = Asked {
        acl: Written {
            canned: input.acl.as_ref().map(dto::ObjectCannedACL::as_str),
            grants: [full, read, None, read_acp, write_acp],
            policy: None,
        },
        encryption,
        storage_class: input.storage_class.as_ref().map(dto::StorageClass::as_str),
        tagging: input.tagging.as_deref().filter(|_| replace_tags),
    };
    let granted = may_write(&context, &world, to, &input.key, &asked)?;
    (object.owner, object.acl, object.encryption) = (granted.owner, granted.acl, granted.encryption);
    if replace_tags {
        object.tags = granted.tags;
    }
    if replace {
        object.headers = Headers {
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            content_type: input.content_type,
            expires: context.header("expires").map(str::to_owned),
            storage_class: None,
            website_redirect: None,
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
        };
    }
    // Neither goes with a copy.
    object.headers.storage_class =
        input.storage_class.map(|class| class.as_str().to_owned()).filter(|class| class != "STANDARD");
    object.headers.website_redirect = input.website_redirect_location;
    if !object.parts.is_empty() {
        // A copy is made in one piece, and so gets the digest of its bytes.
        object.parts = vec![];
        object.etag = hex(&digest(&object.data));
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

fn digest(data: &Data) -> [u8; 16] {
    let mut digest = Md5::new();
    for slice in data.slices(0..data.len()) {
        digest.update(&slice);
    }
    digest.finalize().into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The keys of an object that is about to be changed.
pub(super) fn existing(bucket: &Bucket, key: &str, version: Option<&str>) -> Keys {
    let object = bucket.version(key, version).and_then(|version| version.object());
    let mut keys = access::existing(object.map(Arc::as_ref));
    if let Some(id) = version {
        keys.set("s3:VersionId", id);
    }
    keys
}
