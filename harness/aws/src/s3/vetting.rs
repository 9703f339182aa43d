//! What a bucket's policy may say: about this bucket, in actions that there are, each of which means something that the statement names.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".

use super::store::Bucket;
use crate::Fault;
use crate::world::Document;
use proofmark_aws_policy::Statement;
use proofmark_json::Value;

/// Actions on buckets.
const OF_BUCKETS: &[&str] = &[
    "s3:CreateBucket",
    "s3:CreateBucketMetadataTableConfiguration",
    "s3:DeleteBucket",
    "s3:DeleteBucketMetadataTableConfiguration",
    "s3:DeleteBucketPolicy",
    "s3:DeleteBucketWebsite",
    "s3:GetAccelerateConfiguration",
    "s3:GetAnalyticsConfiguration",
    "s3:GetBucketAbac",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketMetadataTableConfiguration",
    "s3:GetBucketNotification",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetIntelligentTieringConfiguration",
    "s3:GetInventoryConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetMetricsConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:ListTagsForResource",
    "s3:PutAccelerateConfiguration",
    "s3:PutAnalyticsConfiguration",
    "s3:PutBucketAbac",
    "s3:PutBucketAcl",
    "s3:PutBucketCORS",
    "s3:PutBucketLogging",
    "s3:PutBucketNotification",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketRequestPayment",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutBucketWebsite",
    "s3:PutEncryptionConfiguration",
    "s3:PutIntelligentTieringConfiguration",
    "s3:PutInventoryConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutMetricsConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:TagResource",
    "s3:UntagResource",
    "s3:UpdateBucketMetadataInventoryTableConfiguration",
    "s3:UpdateBucketMetadataJournalTableConfiguration",
];

/// Actions on objects.
const OF_OBJECTS: &[&str] = &[
    "s3:AbortMultipartUpload",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectVersionTagging",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectAttributes",
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
    "s3:GetObjectTagging",
    "s3:GetObjectTorrent",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionAttributes",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionTagging",
    "s3:GetObjectVersionTorrent",
    "s3:InitiateReplication",
    "s3:ListMultipartUploadParts",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectVersionTagging",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
    "s3:RestoreObject",
];

/// Actions that are about neither, so that no bucket's policy can give them.
const OF_ACCOUNTS: &[&str] =
    &["s3:GetAccountPublicAccessBlock", "s3:ListAllMyBuckets", "s3:PutAccountPublicAccessBlock"];

fn malformed(message: &str) -> Fault {
    Fault::new(400, "MalformedPolicy", message)
}

/// Checks the policy of a bucket.
pub(super) fn check(bucket: &Bucket, document: &Document) -> Result<(), Fault> {
    let text: Value = proofmark_json::from_str(&document.text).unwrap_or_default();
    let written = several(&text["Statement"]);
    for (statement, written) in document.policy.statements.iter().zip(written) {
        let resources: Vec<&str> = several(&written["Resource"]).iter().filter_map(Value::as_str).collect();
        if let Some(other) = resources.iter().find(|resource| !is_of(bucket, resource)) {
            return Err(malformed("Policy has invalid resource").with("Detail", *other));
        }
        check_actions(statement, &resources)?;
    }
    Ok(())
}

fn several(value: &Value) -> &[Value] {
    match value {
        Value::Array(several) => several,
        one => std::slice::from_ref(one),
    }
}

/// The name of the bucket and what follows it, in an ARN or a pattern of one.
fn name_of(resource: &str) -> &str {
    resource.strip_prefix("arn:aws:s3:::").unwrap_or(resource)
}

/// A pattern that can be this bucket's name is taken, and one that cannot is not.
fn is_of(bucket: &Bucket, resource: &str) -> bool {
    let name = name_of(resource).split('/').next().unwrap_or_default();
    name == bucket.name || name.contains(['*', '?', '$'])
}

fn check_actions(statement: &Statement, resources: &[&str]) -> Result<(), Fault> {
    let objects = resources.iter().any(|resource| name_of(resource).contains('/') || resource.ends_with('*'));
    let buckets = resources.iter().any(|resource| !name_of(resource).contains('/'));
    for pattern in 0..statement.actions() {
        let names = |known: &[&str]| known.iter().any(|action| statement.names_in(pattern, action));
        let (of_buckets, of_objects) = (names(OF_BUCKETS), names(OF_OBJECTS));
        if !of_buckets && !of_objects && !names(OF_ACCOUNTS) {
            return Err(malformed("Policy has invalid action"));
        }
        // What a statement leaves out says nothing of what is left.
        let applies = (of_buckets && buckets) || (of_objects && objects);
        if !applies && !resources.is_empty() && !statement.is_not_action() {
            return Err(malformed("Action does not apply to any resource(s) in statement"));
        }
    }
    Ok(())
}
