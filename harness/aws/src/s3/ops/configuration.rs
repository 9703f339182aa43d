//! What a bucket is set to: versions, ownership of objects.

use super::super::answer::Context;
use super::super::error;
use super::super::store::{Ownership, Versioning};
use super::lists;
use crate::Fault;
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

pub(in crate::s3) async fn get_versioning(
    context: Arc<Context>,
    input: dto::GetBucketVersioningInput,
) -> Answer<dto::GetBucketVersioningOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:GetBucketVersioning", Keys::default())?;
    let status = match bucket.versioning {
        Versioning::Off => None,
        Versioning::Enabled => Some(dto::BucketVersioningStatus::ENABLED),
        Versioning::Suspended => Some(dto::BucketVersioningStatus::SUSPENDED),
    };
    let status = status.map(dto::BucketVersioningStatus::from_static);
    Ok(S3Response::new(dto::GetBucketVersioningOutput { status, ..Default::default() }))
}

pub(in crate::s3) async fn put_versioning(
    context: Arc<Context>,
    input: dto::PutBucketVersioningInput,
) -> Answer<dto::PutBucketVersioningOutput> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:PutBucketVersioning", Keys::default())?;
    let versioning = match input.versioning_configuration.status.as_ref().map(dto::BucketVersioningStatus::as_str) {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => {
            let message = "The Versioning element must be specified";
            return Err(Fault::new(400, "IllegalVersioningConfigurationException", message));
        }
    };
    if let Some(bucket) = world.buckets.0.get_mut(&input.bucket) {
        bucket.versioning = versioning;
    }
    Ok(S3Response::new(dto::PutBucketVersioningOutput {}))
}

pub(in crate::s3) async fn get_ownership(
    context: Arc<Context>,
    input: dto::GetBucketOwnershipControlsInput,
) -> Answer<dto::GetBucketOwnershipControlsOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:GetBucketOwnershipControls", Keys::default())?;
    let ownership = match bucket.ownership {
        Ownership::BucketOwnerEnforced => dto::ObjectOwnership::BUCKET_OWNER_ENFORCED,
        Ownership::BucketOwnerPreferred => dto::ObjectOwnership::BUCKET_OWNER_PREFERRED,
        Ownership::ObjectWriter => dto::ObjectOwnership::OBJECT_WRITER,
        Ownership::Unset => {
            let message = "The bucket ownership controls were not found";
            return Err(Fault::new(404, "OwnershipControlsNotFoundError", message).with("BucketName", &input.bucket));
        }
    };
    let rule = dto::OwnershipControlsRule { object_ownership: dto::ObjectOwnership::from_static(ownership) };
    let controls = Some(dto::OwnershipControls { rules: vec![rule] });
    Ok(S3Response::new(dto::GetBucketOwnershipControlsOutput { ownership_controls: controls }))
}

pub(in crate::s3) async fn put_ownership(
    context: Arc<Context>,
    input: dto::PutBucketOwnershipControlsInput,
) -> Answer<dto::PutBucketOwnershipControlsOutput> {
    let rule = input.ownership_controls.rules.first();
    let ownership = ownership(rule.map(|rule| rule.object_ownership.as_str()).unwrap_or_default());
    set_ownership(&context, &input.bucket, input.expected_bucket_owner.as_deref(), ownership)?;
    Ok(S3Response::new(dto::PutBucketOwnershipControlsOutput {}))
}

pub(in crate::s3) async fn delete_ownership(
    context: Arc<Context>,
    input: dto::DeleteBucketOwnershipControlsInput,
) -> Answer<dto::DeleteBucketOwnershipControlsOutput> {
    set_ownership(&context, &input.bucket, input.expected_bucket_owner.as_deref(), Ok(Ownership::Unset))?;
    Ok(S3Response::with_status(dto::DeleteBucketOwnershipControlsOutput {}, http::StatusCode::NO_CONTENT))
}

/// Whoever may not is told so before what they sent is judged.
fn set_ownership(
    context: &Context,
    name: &str,
    expected_owner: Option<&str>,
    ownership: Result<Ownership, Fault>,
) -> Result<(), Fault> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, name, expected_owner)?;
    context.allow(&world, bucket, "s3:PutBucketOwnershipControls", Keys::default())?;
    let ownership = ownership?;
    lists::check_ownership(&world, bucket, &bucket.acl, ownership)?;
    if let Some(bucket) = world.buckets.0.get_mut(name) {
        bucket.ownership = ownership;
    }
    Ok(())
}

/// Reads `ObjectOwnership`.
pub(super) fn ownership(text: &str) -> Result<Ownership, Fault> {
    match text {
        "BucketOwnerEnforced" => Ok(Ownership::BucketOwnerEnforced),
        "BucketOwnerPreferred" => Ok(Ownership::BucketOwnerPreferred),
        "ObjectWriter" => Ok(Ownership::ObjectWriter),
        _ => Err(error::malformed_xml()),
    }
}
