//! What no bucket is set to here: the answers of a bucket that has no such configuration, for clients that ask for all of it (Terraform does).
//!
//! Setting any of it is refused as not implemented.

use super::super::answer::Context;
use crate::Fault;
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

/// Asks for an action on the bucket; nothing else is left to do.
fn ask(context: &Context, bucket: &str, expected_owner: Option<&str>, action: &str) -> Result<(), Fault> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, bucket, expected_owner)?;
    context.allow(&world, bucket, action, Keys::default())
}

/// Operations of which the answer has a form for "none".
macro_rules! empty {
    ($($name:ident($input:ident) -> $output:ident: $action:literal;)*) => {
        $(pub(in crate::s3) async fn $name(context: Arc<Context>, input: dto::$input) -> Answer<dto::$output> {
            ask(&context, &input.bucket, input.expected_bucket_owner.as_deref(), $action)?;
            Ok(S3Response::new(dto::$output::default()))
        })*
    };
}

/// Operations of which the answer is an error.
macro_rules! missing {
    ($($name:ident($input:ident) -> $output:ident: $action:literal, $code:literal, $message:literal;)*) => {
        $(pub(in crate::s3) async fn $name(context: Arc<Context>, input: dto::$input) -> Answer<dto::$output> {
            ask(&context, &input.bucket, input.expected_bucket_owner.as_deref(), $action)?;
            Err(Fault::new(404, $code, $message).with("BucketName", input.bucket))
        })*
    };
}

empty! {
    accelerate(GetBucketAccelerateConfigurationInput) -> GetBucketAccelerateConfigurationOutput: "s3:GetAccelerateConfiguration";
    logging(GetBucketLoggingInput) -> GetBucketLoggingOutput: "s3:GetBucketLogging";
    notification(GetBucketNotificationConfigurationInput) -> GetBucketNotificationConfigurationOutput: "s3:GetBucketNotification";
}

missing! {
    website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput:
        "s3:GetBucketWebsite", "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration";
    replication(GetBucketReplicationInput) -> GetBucketReplicationOutput:
        "s3:GetReplicationConfiguration", "ReplicationConfigurationNotFoundError", "The replication configuration was not found";
    object_lock(GetObjectLockConfigurationInput) -> GetObjectLockConfigurationOutput:
        "s3:GetBucketObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket";
}

pub(in crate::s3) async fn request_payment(
    context: Arc<Context>,
    input: dto::GetBucketRequestPaymentInput,
) -> Answer<dto::GetBucketRequestPaymentOutput> {
    ask(&context, &input.bucket, input.expected_bucket_owner.as_deref(), "s3:GetBucketRequestPayment")?;
    let payer = Some(dto::Payer::from_static(dto::Payer::BUCKET_OWNER));
    Ok(S3Response::new(dto::GetBucketRequestPaymentOutput { payer }))
}
