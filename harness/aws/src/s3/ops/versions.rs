//! Objects and versions: deleted, one by one or many at a time.

use super::super::answer::Context;
use super::super::error;
use super::super::store::{Bucket, Content};
use super::list::is_version_id;
use super::object::matches_etag;
use super::write::existing;
use crate::Fault;
use crate::world::World;
use s3s::{S3Response, dto};
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

/// What a deletion came to.
#[derive(Default)]
struct Deleted {
    /// Whether it made a marker, or removed one.
    marker: bool,
    version_id: Option<String>,
}

fn may_delete(
    context: &Context,
    world: &World,
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
) -> Result<(), Fault> {
    if let Some(id) = version.filter(|id| *id != "null" && !(bucket.keeps_versions() && is_version_id(id))) {
        return Err(error::invalid_argument("Invalid version id specified", "versionId", id));
    }
    let action = if version.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
    context.allow_object(world, bucket, key, action, existing(bucket, key, version))
}

/// Deletes what the caller may delete; what is not there counts as deleted.
fn remove(context: &Context, bucket: &mut Bucket, key: &str, version: Option<&str>) -> Deleted {
    match version {
        Some(id) => {
            let marker = bucket.delete_version(key, id).is_some_and(|gone| matches!(gone.content, Content::Deleted));
            Deleted { marker, version_id: Some(id.to_owned()) }
        }
        None => {
            let version_id = bucket.delete(key, context.cloud.now(), || context.cloud.random().token(32));
            Deleted { marker: version_id.is_some(), version_id }
        }
    }
}

pub(in crate::s3) async fn delete(
    context: Arc<Context>,
    input: dto::DeleteObjectInput,
) -> Answer<dto::DeleteObjectOutput> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let version = input.version_id.as_deref();
    may_delete(&context, &world, bucket, &input.key, version)?;
    if let Some(expected) = &input.if_match {
        let current = bucket.version(&input.key, version).and_then(|version| version.object());
        let current = current.ok_or_else(|| error::no_such_key(&input.key))?;
        if !matches_etag(expected, &current.etag) {
            let message = "At least one of the pre-conditions you specified did not hold";
            return Err(Fault::new(412, "PreconditionFailed", message).with("Condition", "If-Match"));
        }
    }
    let bucket = world.buckets.0.get_mut(&input.bucket).ok_or_else(|| error::no_such_bucket(&input.bucket))?;
    let Deleted { marker, version_id } = remove(&context, bucket, &input.key, version);
    let output = dto::DeleteObjectOutput { delete_marker: marker.then_some(true), version_id, ..Default::default() };
    Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
}

pub(in crate::s3) async fn delete_many(
    context: Arc<Context>,
    input: dto::DeleteObjectsInput,
) -> Answer<dto::DeleteObjectsOutput> {
    let mut world = context.cloud.world().write();
    context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    if input.delete.objects.is_empty() || input.delete.objects.len() > 1000 {
        return Err(error::malformed_xml());
    }
    let quiet = input.delete.quiet.unwrap_or(false);
    let (mut deleted, mut errors) = (vec![], vec![]);
    for object in input.delete.objects {
        let version = object.version_id.as_deref();
        let bucket = world.buckets.0.get(&input.bucket).ok_or_else(|| error::no_such_bucket(&input.bucket))?;
        if let Err(fault) = may_delete(&context, &world, bucket, &object.key, version) {
            errors.push(dto::Error {
                code: Some(fault.code.into_owned()),
                key: Some(object.key),
                message: Some(fault.message),
                version_id: object.version_id,
            });
            continue;
        }
        let bucket = world.buckets.0.get_mut(&input.bucket).ok_or_else(|| error::no_such_bucket(&input.bucket))?;
        let done = remove(&context, bucket, &object.key, version);
        if !quiet {
            deleted.push(dto::DeletedObject {
                delete_marker: done.marker.then_some(true),
                delete_marker_version_id: done.version_id.filter(|_| done.marker),
                key: Some(object.key),
                version_id: object.version_id,
            });
        }
    }
    Ok(S3Response::new(dto::DeleteObjectsOutput {
        deleted: (!deleted.is_empty()).then_some(deleted),
        errors: (!errors.is_empty()).then_some(errors),
        ..Default::default()
    }))
}
