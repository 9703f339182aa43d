//! How a bucket's new objects are encrypted.

use super::super::answer::Context;
use super::super::error;
use super::super::store::DefaultEncryption;
use crate::Fault;
use proofmark_aws_policy::Context as Keys;
use s3s::{S3Response, dto};
use std::sync::Arc;

type Answer<T> = Result<S3Response<T>, Fault>;

pub(in crate::s3) async fn get(
    context: Arc<Context>,
    input: dto::GetBucketEncryptionInput,
) -> Answer<dto::GetBucketEncryptionOutput> {
    let world = context.cloud.world().read();
    let bucket = context.bucket(&world, &input.bucket, input.expected_bucket_owner.as_deref())?;
    context.allow(&world, bucket, "s3:GetEncryptionConfiguration", Keys::default())?;
    let DefaultEncryption { kms, key, bucket_key } = &bucket.encryption;
    let algorithm = if *kms { dto::ServerSideEncryption::AWS_KMS } else { dto::ServerSideEncryption::AES256 };
    let rule = dto::ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(dto::ServerSideEncryptionByDefault {
            kms_master_key_id: key.clone(),
            sse_algorithm: dto::ServerSideEncryption::from_static(algorithm),
        }),
        bucket_key_enabled: Some(*bucket_key),
    };
    let configuration = dto::ServerSideEncryptionConfiguration { rules: vec![rule] };
    Ok(S3Response::new(dto::GetBucketEncryptionOutput { server_side_encryption_configuration: Some(configuration) }))
}

pub(in crate::s3) async fn put(
    context: Arc<Context>,
    input: dto::PutBucketEncryptionInput,
) -> Answer<dto::PutBucketEncryptionOutput> {
    let encryption = read(input.server_side_encryption_configuration);
    set(&context, &input.bucket, input.expected_bucket_owner.as_deref(), encryption)?;
    Ok(S3Response::new(dto::PutBucketEncryptionOutput {}))
}

pub(in crate::s3) async fn delete(
    context: Arc<Context>,
    input: dto::DeleteBucketEncryptionInput,
) -> Answer<dto::DeleteBucketEncryptionOutput> {
    set(&context, &input.bucket, input.expected_bucket_owner.as_deref(), Ok(DefaultEncryption::default()))?;
    Ok(S3Response::with_status(dto::DeleteBucketEncryptionOutput {}, http::StatusCode::NO_CONTENT))
}

/// One rule, with one algorithm; only KMS has keys to name.
fn read(configuration: dto::ServerSideEncryptionConfiguration) -> Result<DefaultEncryption, Fault> {
    let [rule] = <[_; 1]>::try_from(configuration.rules).map_err(|_| error::malformed_xml())?;
    let bucket_key = rule.bucket_key_enabled.unwrap_or(false);
    let Some(default) = rule.apply_server_side_encryption_by_default else { return Err(error::malformed_xml()) };
    match (default.sse_algorithm.as_str(), default.kms_master_key_id) {
        ("AES256", None) => Ok(DefaultEncryption { kms: false, key: None, bucket_key }),
        ("AES256", Some(_)) => {
            let message =
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
            Err(Fault::new(400, "InvalidArgument", message).with("ArgumentName", "ApplyServerSideEncryptionByDefault"))
        }
        ("aws:kms", key) => Ok(DefaultEncryption { kms: true, key, bucket_key }),
        ("aws:kms:dsse", _) => Err(error::not_implemented("SSEAlgorithm")),
        _ => Err(error::malformed_xml()),
    }
}

/// Whoever may not is told so before what they sent is judged.
fn set(
    context: &Context,
    name: &str,
    expected_owner: Option<&str>,
    encryption: Result<DefaultEncryption, Fault>,
) -> Result<(), Fault> {
    let mut world = context.cloud.world().write();
    let bucket = context.bucket(&world, name, expected_owner)?;
    context.allow(&world, bucket, "s3:PutEncryptionConfiguration", Keys::default())?;
    let encryption = encryption?;
    if let Some(bucket) = world.buckets.0.get_mut(name) {
        bucket.encryption = encryption;
    }
    Ok(())
}
