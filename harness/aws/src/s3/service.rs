//! What `s3s` calls: one line for each operation that is simulated.

use super::answer::Context;
use super::ops::{
    attributes, bucket, complete, configuration, encryption, list, lists, multipart, object, policy, rules, tags,
    transfer, unset, versions,
};
use crate::Fault;
use s3s::dto;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Request, S3Response, S3Result};
use std::future::Future;
use std::sync::{Arc, LazyLock};

/// Routes requests; which cloud they are for is in their extensions.
pub(super) static SERVICE: LazyLock<S3Service> = LazyLock::new(|| S3ServiceBuilder::new(Operations).build());

struct Operations;

/// Runs an operation; what it refuses waits in the context.
async fn run<I, O, F>(request: S3Request<I>, operation: impl FnOnce(Arc<Context>, I) -> F) -> S3Result<S3Response<O>>
where
    F: Future<Output = Result<S3Response<O>, Fault>>,
{
    let Some(context) = request.extensions.get::<Arc<Context>>().cloned() else {
        return Err(s3s::s3_error!(InternalError));
    };
    operation(Arc::clone(&context), request.input).await.map_err(|fault| {
        // Any code will do; those of failures of its own are logged as such.
        let refused = s3s::S3Error::new(s3s::S3ErrorCode::AccessDenied);
        context.refuse(fault);
        refused
    })
}

macro_rules! operations {
    ($($name:ident($input:ident) -> $output:ident = $operation:path;)*) => {
        #[async_trait::async_trait]
        impl S3 for Operations {
            $(async fn $name(&self, request: S3Request<dto::$input>) -> S3Result<S3Response<dto::$output>> {
                run(request, $operation).await
            })*
        }
    };
}

operations! {
    create_bucket(CreateBucketInput) -> CreateBucketOutput = bucket::create;
    delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = bucket::delete;
    head_bucket(HeadBucketInput) -> HeadBucketOutput = bucket::head;
    list_buckets(ListBucketsInput) -> ListBucketsOutput = bucket::list;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = bucket::location;

    get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput = policy::get;
    put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput = policy::put;
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput = policy::delete;
    get_bucket_policy_status(GetBucketPolicyStatusInput) -> GetBucketPolicyStatusOutput = policy::status;
    get_public_access_block(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput = policy::get_public_access;
    put_public_access_block(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput = policy::put_public_access;
    delete_public_access_block(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput = policy::delete_public_access;

    get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = configuration::get_versioning;
    put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = configuration::put_versioning;
    get_bucket_ownership_controls(GetBucketOwnershipControlsInput) -> GetBucketOwnershipControlsOutput = configuration::get_ownership;
    put_bucket_ownership_controls(PutBucketOwnershipControlsInput) -> PutBucketOwnershipControlsOutput = configuration::put_ownership;
    delete_bucket_ownership_controls(DeleteBucketOwnershipControlsInput) -> DeleteBucketOwnershipControlsOutput = configuration::delete_ownership;

    get_bucket_acl(GetBucketAclInput) -> GetBucketAclOutput = lists::get_bucket;
    put_bucket_acl(PutBucketAclInput) -> PutBucketAclOutput = lists::put_bucket;
    get_object_acl(GetObjectAclInput) -> GetObjectAclOutput = lists::get_object;
    put_object_acl(PutObjectAclInput) -> PutObjectAclOutput = lists::put_object;

    get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput = encryption::get;
    put_bucket_encryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput = encryption::put;
    delete_bucket_encryption(DeleteBucketEncryptionInput) -> DeleteBucketEncryptionOutput = encryption::delete;

    get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput = rules::get_cors;
    put_bucket_cors(PutBucketCorsInput) -> PutBucketCorsOutput = rules::put_cors;
    delete_bucket_cors(DeleteBucketCorsInput) -> DeleteBucketCorsOutput = rules::delete_cors;
    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput) -> GetBucketLifecycleConfigurationOutput = rules::get_lifecycle;
    put_bucket_lifecycle_configuration(PutBucketLifecycleConfigurationInput) -> PutBucketLifecycleConfigurationOutput = rules::put_lifecycle;
    delete_bucket_lifecycle(DeleteBucketLifecycleInput) -> DeleteBucketLifecycleOutput = rules::delete_lifecycle;

    get_bucket_accelerate_configuration(GetBucketAccelerateConfigurationInput) -> GetBucketAccelerateConfigurationOutput = unset::accelerate;
    get_bucket_logging(GetBucketLoggingInput) -> GetBucketLoggingOutput = unset::logging;
    get_bucket_notification_configuration(GetBucketNotificationConfigurationInput) -> GetBucketNotificationConfigurationOutput = unset::notification;
    get_bucket_replication(GetBucketReplicationInput) -> GetBucketReplicationOutput = unset::replication;
    get_bucket_request_payment(GetBucketRequestPaymentInput) -> GetBucketRequestPaymentOutput = unset::request_payment;
    get_bucket_website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput = unset::website;
    get_object_lock_configuration(GetObjectLockConfigurationInput) -> GetObjectLockConfigurationOutput = unset::object_lock;

    get_object(GetObjectInput) -> GetObjectOutput = object::get;
    head_object(HeadObjectInput) -> HeadObjectOutput = object::head;
    get_object_attributes(GetObjectAttributesInput) -> GetObjectAttributesOutput = attributes::get;
    put_object(PutObjectInput) -> PutObjectOutput = transfer::put;
    copy_object(CopyObjectInput) -> CopyObjectOutput = transfer::copy;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput = versions::delete;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = versions::delete_many;

    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput = multipart::create;
    upload_part(UploadPartInput) -> UploadPartOutput = multipart::upload_part;
    upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput = multipart::copy_part;
    complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput = complete::complete;
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput = multipart::abort;
    list_parts(ListPartsInput) -> ListPartsOutput = multipart::list_parts;
    list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput = multipart::list;

    list_objects(ListObjectsInput) -> ListObjectsOutput = list::v1;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = list::v2;
    list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = list::versions;

    get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput = tags::get_object;
    put_object_tagging(PutObjectTaggingInput) -> PutObjectTaggingOutput = tags::put_object;
    delete_object_tagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput = tags::delete_object;
    get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput = tags::get_bucket;
    put_bucket_tagging(PutBucketTaggingInput) -> PutBucketTaggingOutput = tags::put_bucket;
    delete_bucket_tagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput = tags::delete_bucket;
}
