//! Bucket policies, and what Block Public Access makes of them.

use super::super::answer::Context;
use super::super::error;
use super::super::store::{Bucket, PublicAccess};
use super::super::vetting;
use crate::Fault;
use crate::world::World;
use proofmark_aws_policy::{Context as Keys, Kind, PolicyError};
use s3s::{S3Response, dto};
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

/// Callers of other accounts may not, whatever the policy says; the owner's root user always may.
fn allow(context: &Context, world: &World, bucket: &Bucket, action: &str) -> Result<(), Fault> {
    let principal = &context.call.caller.principal;
    let same_account = principal.account() == Some(bucket.owner.as_str());
    if same_account && matches!(principal, proofmark_aws_policy::Principal::Root { .. }) {
        return Ok(());
    }
    context.allow(world, bucket, action, Keys::default())?;
    if same_account {
        Ok(())
    } else {
        let message = "The specified method is not allowed against this resource.";
        Err(Fault::new(405, "MethodNotAllowed", message).with("ResourceType", "POLICY"))
    }
}

pub(in crate::s3) async fn get(
    context: Arc<Context>,
    input: dto::GetBucketPolicyInput,
) -> Answer<dto::GetBucketPolicyOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    allow(&context, &world, bucket, "s3:GetBucketPolicy")?;
    let policy = bucket.policy.as_ref().ok_or_else(|| no_policy(&input.bucket))?;
    Ok(S3Response::new(dto::GetBucketPolicyOutput { policy: Some(world.shown(policy).into_owned()) }))
}

fn no_policy(bucket: &str) -> Fault {
    Fault::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist").with("BucketName", bucket)
}

pub(in crate::s3) async fn put(
    context: Arc<Context>,
    input: dto::PutBucketPolicyInput,
) -> Answer<dto::PutBucketPolicyOutput> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    allow(&context, &world, bucket, "s3:PutBucketPolicy")?;
    let malformed = |message: String| Fault::new(400, "MalformedPolicy", message);
    if input.policy.len() > 20 * 1024 {
        return Err(Fault::new(400, "PolicyTooLarge", "Policy exceeds the maximum allowed document size."));
    }
    let document = world.pin(&input.policy, Kind::Resource).map_err(|error| {
        let fault = malformed(error.for_s3());
        match error {
            PolicyError::Principal { kind, principal } => fault.with("Detail", format!("\"{kind}\" : \"{principal}\"")),
            _ => fault,
        }
    })?;
    vetting::check(bucket, &document)?;
    if bucket.blocks(&world).block_policy && document.policy.is_public() {
        let principal = context.call.caller.principal.arn();
        let message = format!(
            "User: {principal} is not authorized to perform: s3:PutBucketPolicy on resource: \"{}\" because public policies are blocked by the BlockPublicPolicy block public access setting.",
            bucket.arn()
        );
        return Err(Fault::new(403, "AccessDenied", message));
    }
    if let Some(bucket) = world.buckets.0.get_mut(&input.bucket) {
        bucket.policy = Some(document);
    }
    Ok(S3Response::new(dto::PutBucketPolicyOutput {}))
}

pub(in crate::s3) async fn delete(
    context: Arc<Context>,
    input: dto::DeleteBucketPolicyInput,
) -> Answer<dto::DeleteBucketPolicyOutput> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    allow(&context, &world, bucket, "s3:DeleteBucketPolicy")?;
    if let Some(bucket) = world.buckets.0.get_mut(&input.bucket) {
        bucket.policy = None;
    }
    Ok(S3Response::new(dto::DeleteBucketPolicyOutput {}))
}

pub(in crate::s3) async fn status(
    context: Arc<Context>,
    input: dto::GetBucketPolicyStatusInput,
) -> Answer<dto::GetBucketPolicyStatusOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:GetBucketPolicyStatus", Keys::default())?;
    let policy = bucket.policy.as_ref().ok_or_else(|| no_policy(&input.bucket))?;
    let status = dto::PolicyStatus { is_public: Some(policy.policy.is_public()) };
    Ok(S3Response::new(dto::GetBucketPolicyStatusOutput { policy_status: Some(status) }))
}

pub(in crate::s3) async fn get_public_access(
    context: Arc<Context>,
    input: dto::GetPublicAccessBlockInput,
) -> Answer<dto::GetPublicAccessBlockOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:GetBucketPublicAccessBlock", Keys::default())?;
    let access =
        bucket.public_access.ok_or_else(|| error::no_public_access_block().with("BucketName", &input.bucket))?;
    Ok(S3Response::new(dto::GetPublicAccessBlockOutput { public_access_block_configuration: Some(access.shown()) }))
}

pub(in crate::s3) async fn put_public_access(
    context: Arc<Context>,
    input: dto::PutPublicAccessBlockInput,
) -> Answer<dto::PutPublicAccessBlockOutput> {
    let access = PublicAccess::read(&input.public_access_block_configuration);
    set_public_access(&context, &input.bucket, input.expected_bucket_owner.as_deref(), Some(access))?;
    Ok(S3Response::new(dto::PutPublicAccessBlockOutput {}))
}

pub(in crate::s3) async fn delete_public_access(
    context: Arc<Context>,
    input: dto::DeletePublicAccessBlockInput,
) -> Answer<dto::DeletePublicAccessBlockOutput> {
    set_public_access(&context, &input.bucket, input.expected_bucket_owner.as_deref(), None)?;
    Ok(S3Response::new(dto::DeletePublicAccessBlockOutput {}))
}

fn set_public_access(
    context: &Context,
    name: &str,
    expected_owner: Option<&str>,
    access: Option<PublicAccess>,
) -> Result<(), Fault> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, name, expected_owner)?;
    context.allow(&world, bucket, "s3:PutBucketPublicAccessBlock", Keys::default())?;
    if let Some(bucket) = world.buckets.0.get_mut(name) {
        bucket.public_access = access;
    }
    Ok(())
}
