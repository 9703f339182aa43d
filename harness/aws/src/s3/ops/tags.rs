//! Tags of objects and buckets.

use super::super::answer::Context;
use super::super::error;
use super::write::existing;
use crate::Fault;
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::collections::BTreeMap;
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;
type Tags = BTreeMap<String, String>;

/// As many tags as an object may have; buckets may have 50.
const MOST: usize = 10;

/// Reads `x-amz-tagging`: a query.
pub(super) fn read_header(text: &str) -> Result<Tags, Fault> {
    let invalid = |message: &str| error::invalid_argument(message, "x-amz-tagging", text);
    let mut tags = Tags::new();
    for (key, value) in form_urlencoded::parse(text.as_bytes()) {
        if tags.insert(key.into_owned(), value.into_owned()).is_some() {
            return Err(invalid(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
            ));
        }
    }
    check(tags, MOST)
}

fn read(set: dto::TagSet, most: usize) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    for tag in set {
        let key = tag.key.unwrap_or_default();
        if tags.insert(key.clone(), tag.value.unwrap_or_default()).is_some() {
            return Err(
                Fault::new(400, "InvalidTag", "Cannot provide multiple Tags with the same key").with("TagKey", key)
            );
        }
    }
    check(tags, most)
}

/// Source: S3 User Guide, "Categorizing your objects using tags".
fn check(tags: Tags, most: usize) -> Result<Tags, Fault> {
    if tags.len() > most {
        let what = if most == MOST { "Object" } else { "Bucket" };
        let message = format!("{what} tag count cannot be greater than {most}");
        return Err(Fault::new(400, "BadRequest", message));
    }
    for (key, value) in &tags {
        let fits = |text: &str, longest: usize| {
            text.chars().count() <= longest && text.chars().all(|c| c.is_alphanumeric() || " +-=._:/@".contains(c))
        };
        if key.is_empty() || !fits(key, 128) {
            return Err(Fault::new(400, "InvalidTag", "The TagKey you have provided is invalid").with("TagKey", key));
        }
        if key.starts_with("aws:") {
            let message = "System tags cannot be added/updated by requester";
            return Err(Fault::new(400, "InvalidTag", message).with("TagKey", key));
        }
        if !fits(value, 256) {
            let message = "The TagValue you have provided is invalid";
            return Err(Fault::new(400, "InvalidTag", message).with("TagKey", key).with("TagValue", value));
        }
    }
    Ok(tags)
}

fn show(tags: &Tags) -> dto::TagSet {
    tags.iter().map(|(key, value)| dto::Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

/// The keys of a request that brings tags.
pub(super) fn request_keys(tags: &Tags, keys: &mut Keys) {
    if tags.is_empty() {
        return;
    }
    for (key, value) in tags {
        keys.set(&format!("s3:RequestObjectTag/{key}"), value);
    }
    keys.set_many("s3:RequestObjectTagKeys", tags.keys());
}

pub(in crate::s3) async fn get_object(
    context: Arc<Context>,
    input: dto::GetObjectTaggingInput,
) -> Answer<dto::GetObjectTaggingOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let version = input.version_id.as_deref();
    let action = if version.is_some() { "s3:GetObjectVersionTagging" } else { "s3:GetObjectTagging" };
    context.allow_object(&world, bucket, &input.key, action, existing(bucket, &input.key, version))?;
    let found = bucket.version(&input.key, version);
    let Some((version, object)) = found.and_then(|version| Some((version, version.object()?))) else {
        return Err(super::list::missing(&context, &world, bucket, &input.key, version));
    };
    let output = dto::GetObjectTaggingOutput { tag_set: show(&object.tags), version_id: version.id.clone() };
    Ok(S3Response::new(output))
}

pub(in crate::s3) async fn put_object(
    context: Arc<Context>,
    input: dto::PutObjectTaggingInput,
) -> Answer<dto::PutObjectTaggingOutput> {
    let tags = read(input.tagging.tag_set, MOST)?;
    let version = input.version_id.as_deref();
    let action = if version.is_some() { "s3:PutObjectVersionTagging" } else { "s3:PutObjectTagging" };
    let version_id =
        set(&context, &input.bucket, input.expected_bucket_owner.as_deref(), &input.key, version, action, tags)?;
    Ok(S3Response::new(dto::PutObjectTaggingOutput { version_id }))
}

pub(in crate::s3) async fn delete_object(
    context: Arc<Context>,
    input: dto::DeleteObjectTaggingInput,
) -> Answer<dto::DeleteObjectTaggingOutput> {
    let version = input.version_id.as_deref();
    let action = if version.is_some() { "s3:DeleteObjectVersionTagging" } else { "s3:DeleteObjectTagging" };
    let version_id =
        set(&context, &input.bucket, input.expected_bucket_owner.as_deref(), &input.key, version, action, Tags::new())?;
    Ok(S3Response::with_status(dto::DeleteObjectTaggingOutput { version_id }, http::StatusCode::NO_CONTENT))
}

/// Sets an object's tags; the id of its version.
fn set(
    context: &Context,
    bucket: &str,
    expected_owner: Option<&str>,
    key: &str,
    version: Option<&str>,
    action: &str,
    tags: Tags,
) -> Result<Option<String>, Fault> {
    let mut world = context.cloud.world().write();
    let found = context.bucket(&world, bucket, expected_owner)?;
    let mut keys = existing(found, key, version);
    request_keys(&tags, &mut keys);
    context.allow_object(&world, found, key, action, keys)?;
    let id = match found.version(key, version) {
        Some(version) if version.object().is_some() => version.id.clone(),
        _ => return Err(super::list::missing(context, &world, found, key, version)),
    };
    if let Some(bucket) = world.buckets.0.get_mut(bucket) {
        bucket.edit(key, version, |object| object.tags = tags);
    }
    Ok(id)
}

pub(in crate::s3) async fn get_bucket(
    context: Arc<Context>,
    input: dto::GetBucketTaggingInput,
) -> Answer<dto::GetBucketTaggingOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:GetBucketTagging", Keys::default())?;
    if bucket.tags.is_empty() {
        return Err(Fault::new(404, "NoSuchTagSet", "The TagSet does not exist").with("BucketName", &input.bucket));
    }
    Ok(S3Response::new(dto::GetBucketTaggingOutput { tag_set: show(&bucket.tags) }))
}

pub(in crate::s3) async fn put_bucket(
    context: Arc<Context>,
    input: dto::PutBucketTaggingInput,
) -> Answer<dto::PutBucketTaggingOutput> {
    let tags = read(input.tagging.tag_set, 50)?;
    set_bucket(&context, &input.bucket, input.expected_bucket_owner.as_deref(), tags)?;
    Ok(S3Response::with_status(dto::PutBucketTaggingOutput {}, http::StatusCode::NO_CONTENT))
}

pub(in crate::s3) async fn delete_bucket(
    context: Arc<Context>,
    input: dto::DeleteBucketTaggingInput,
) -> Answer<dto::DeleteBucketTaggingOutput> {
    set_bucket(&context, &input.bucket, input.expected_bucket_owner.as_deref(), Tags::new())?;
    Ok(S3Response::with_status(dto::DeleteBucketTaggingOutput {}, http::StatusCode::NO_CONTENT))
}

fn set_bucket(context: &Context, name: &str, expected_owner: Option<&str>, tags: Tags) -> Result<(), Fault> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, name, expected_owner)?;
    context.allow(&world, bucket, "s3:PutBucketTagging", Keys::default())?;
    if let Some(bucket) = world.buckets.0.get_mut(name) {
        bucket.tags = tags;
    }
    Ok(())
}
