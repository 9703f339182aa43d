//! Writes: what they ask for, whether they may, and what the object gets by it.

use super::super::access;
use super::super::acl::Written;
use super::super::answer::Context;
use super::super::encryption;
use super::super::error;
use super::super::store::{Acl, Bucket, Encryption, Headers, Object, Ownership};
use super::object::matches_etag;
use super::{lists, tags};
use crate::Fault;
use crate::world::{AccountId, World};
use percent_encoding::percent_decode_str;
use proofmark_aws_policy::Context as Keys;
use s3s::dto;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a write asks for beside the bytes.
pub(super) struct Asked<'a> {
    pub(super) acl: Written<'a>,
    pub(super) encryption: encryption::Asked<'a>,
    pub(super) storage_class: Option<&'a str>,
    pub(super) tagging: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// What the headers of a write ask for, whatever kind of write it is. How it shall be encrypted is among them, read already.
    pub(super) fn of(context: &'a Context, encryption: encryption::Asked<'a>) -> Self {
        Self {
            acl: Written {
                canned: context.header("x-amz-acl"),
                grants: [
                    context.header("x-amz-grant-full-control"),
                    context.header("x-amz-grant-read"),
                    None,
                    context.header("x-amz-grant-read-acp"),
                    context.header("x-amz-grant-write-acp"),
                ],
                policy: None,
            },
            encryption,
            storage_class: context.header("x-amz-storage-class"),
            tagging: context.header("x-amz-tagging"),
        }
    }
}

/// The headers of a write that are kept and given back with the object. `encoding` is what is left of its header when the body has been decoded.
pub(super) fn kept(context: &Context, encoding: Option<String>, metadata: Option<dto::Metadata>) -> Headers {
    let header = |name: &str| context.header(name).map(str::to_owned);
    Headers {
        cache_control: header("cache-control"),
        content_disposition: header("content-disposition"),
        content_encoding: encoding,
        content_language: header("content-language"),
        content_type: header("content-type"),
        expires: header("expires"),
        storage_class: header("x-amz-storage-class").filter(|class| class != "STANDARD"),
        website_redirect: header("x-amz-website-redirect-location"),
        metadata: metadata.unwrap_or_default().into_iter().collect(),
    }
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

/// The keys of an object that is about to be changed.
pub(super) fn existing(bucket: &Bucket, key: &str, version: Option<&str>) -> Keys {
    let object = bucket.version(key, version).and_then(|version| version.object());
    let mut keys = access::existing(object.map(Arc::as_ref));
    if let Some(id) = version {
        keys.set("s3:VersionId", id);
    }
    keys
}
