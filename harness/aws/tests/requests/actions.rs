//! Which actions a request needs, on which resources. Source: Service Authorization Reference, "Amazon S3".

use crate::client::{A, Client};
use rstest::rstest;

const VERSIONING: &str = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
const TAGS: &str = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
const DELETE: &str = "<Delete><Object><Key>m</Key></Object><Object><Key>n</Key></Object></Delete>";
const BLOCK: &str =
    "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>";
const ENCRYPTION: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";

#[rstest]
#[case("GET", "/", &[], "", &["s3:ListAllMyBuckets *"])]
#[case("PUT", "/another", &[], "", &["s3:CreateBucket arn:aws:s3:::another"])]
#[case("HEAD", "/models", &[], "", &["s3:ListBucket arn:aws:s3:::models"])]
#[case("GET", "/models", &[], "", &["s3:ListBucket arn:aws:s3:::models"])]
#[case("GET", "/models?list-type=2", &[], "", &["s3:ListBucket arn:aws:s3:::models"])]
#[case("GET", "/models?versions", &[], "", &["s3:ListBucketVersions arn:aws:s3:::models"])]
#[case("GET", "/models?uploads", &[], "", &["s3:ListBucketMultipartUploads arn:aws:s3:::models"])]
#[case("GET", "/models?location", &[], "", &["s3:GetBucketLocation arn:aws:s3:::models"])]
#[case("GET", "/models?versioning", &[], "", &["s3:GetBucketVersioning arn:aws:s3:::models"])]
#[case("PUT", "/models?versioning", &[], VERSIONING, &["s3:PutBucketVersioning arn:aws:s3:::models"])]
#[case("GET", "/models?acl", &[], "", &["s3:GetBucketAcl arn:aws:s3:::models"])]
#[case("GET", "/models?cors", &[], "", &["s3:GetBucketCORS arn:aws:s3:::models"])]
#[case("DELETE", "/models?cors", &[], "", &["s3:PutBucketCORS arn:aws:s3:::models"])]
#[case("GET", "/models?lifecycle", &[], "", &["s3:GetLifecycleConfiguration arn:aws:s3:::models"])]
#[case("DELETE", "/models?lifecycle", &[], "", &["s3:PutLifecycleConfiguration arn:aws:s3:::models"])]
#[case("GET", "/models?encryption", &[], "", &["s3:GetEncryptionConfiguration arn:aws:s3:::models"])]
#[case("PUT", "/models?encryption", &[], ENCRYPTION, &["s3:PutEncryptionConfiguration arn:aws:s3:::models"])]
#[case("GET", "/models?ownershipControls", &[], "", &["s3:GetBucketOwnershipControls arn:aws:s3:::models"])]
#[case("DELETE", "/models?ownershipControls", &[], "", &["s3:PutBucketOwnershipControls arn:aws:s3:::models"])]
#[case("GET", "/models?publicAccessBlock", &[], "", &["s3:GetBucketPublicAccessBlock arn:aws:s3:::models"])]
#[case("PUT", "/models?publicAccessBlock", &[], BLOCK, &["s3:PutBucketPublicAccessBlock arn:aws:s3:::models"])]
#[case("GET", "/models?policyStatus", &[], "", &["s3:GetBucketPolicyStatus arn:aws:s3:::models"])]
#[case("GET", "/models?tagging", &[], "", &["s3:GetBucketTagging arn:aws:s3:::models"])]
#[case("DELETE", "/models?tagging", &[], "", &["s3:PutBucketTagging arn:aws:s3:::models"])]
#[case("GET", "/models?website", &[], "", &["s3:GetBucketWebsite arn:aws:s3:::models"])]
#[case("GET", "/models?replication", &[], "", &["s3:GetReplicationConfiguration arn:aws:s3:::models"])]
#[case("GET", "/models?object-lock", &[], "", &["s3:GetBucketObjectLockConfiguration arn:aws:s3:::models"])]
#[case("POST", "/models?delete", &[], DELETE, &["s3:DeleteObject arn:aws:s3:::models/m", "s3:DeleteObject arn:aws:s3:::models/n"])]
#[case("GET", "/models/m", &[], "", &["s3:GetObject arn:aws:s3:::models/m"])]
#[case("HEAD", "/models/m", &[], "", &["s3:GetObject arn:aws:s3:::models/m"])]
#[case("GET", "/models/m?versionId=null", &[], "", &["s3:GetObjectVersion arn:aws:s3:::models/m"])]
#[case("GET", "/models/none", &[], "", &["s3:GetObject arn:aws:s3:::models/none", "s3:ListBucket arn:aws:s3:::models"])]
#[case("GET", "/models/m?attributes", &[("x-amz-object-attributes", "ETag")], "", &["s3:GetObject arn:aws:s3:::models/m", "s3:GetObjectAttributes arn:aws:s3:::models/m"])]
#[case("GET", "/models/m?acl", &[], "", &["s3:GetObjectAcl arn:aws:s3:::models/m"])]
#[case("GET", "/models/m?tagging", &[], "", &["s3:GetObjectTagging arn:aws:s3:::models/m"])]
#[case("PUT", "/models/m?tagging", &[], TAGS, &["s3:PutObjectTagging arn:aws:s3:::models/m"])]
#[case("DELETE", "/models/m?tagging", &[], "", &["s3:DeleteObjectTagging arn:aws:s3:::models/m"])]
#[case("PUT", "/models/x", &[], "1", &["s3:PutObject arn:aws:s3:::models/x"])]
#[case("PUT", "/models/x", &[("x-amz-tagging", "a=b")], "1", &["s3:PutObject arn:aws:s3:::models/x", "s3:PutObjectTagging arn:aws:s3:::models/x"])]
#[case("PUT", "/models/x", &[("x-amz-acl", "bucket-owner-full-control")], "1", &["s3:PutObject arn:aws:s3:::models/x", "s3:PutObjectAcl arn:aws:s3:::models/x"])]
#[case("PUT", "/models/x", &[("x-amz-copy-source", "/models/m")], "", &["s3:GetObject arn:aws:s3:::models/m", "s3:PutObject arn:aws:s3:::models/x"])]
#[case("PUT", "/models/x", &[("x-amz-copy-source", "/models/tagged")], "", &["s3:GetObject arn:aws:s3:::models/tagged", "s3:PutObject arn:aws:s3:::models/x", "s3:GetObjectTagging arn:aws:s3:::models/tagged", "s3:PutObjectTagging arn:aws:s3:::models/x"])]
#[case("PUT", "/models/x", &[("x-amz-copy-source", "/models/tagged?versionId=null")], "", &["s3:GetObjectVersion arn:aws:s3:::models/tagged", "s3:PutObject arn:aws:s3:::models/x", "s3:GetObjectVersionTagging arn:aws:s3:::models/tagged", "s3:PutObjectTagging arn:aws:s3:::models/x"])]
#[case("PUT", "/models/x", &[("x-amz-copy-source", "/models/tagged"), ("x-amz-tagging-directive", "REPLACE")], "", &["s3:GetObject arn:aws:s3:::models/tagged", "s3:PutObject arn:aws:s3:::models/x"])]
#[case("POST", "/models/x?uploads", &[], "", &["s3:PutObject arn:aws:s3:::models/x"])]
#[case("DELETE", "/models/m", &[], "", &["s3:DeleteObject arn:aws:s3:::models/m"])]
#[case("DELETE", "/models/m?versionId=null", &[], "", &["s3:DeleteObjectVersion arn:aws:s3:::models/m"])]
#[tokio::test]
async fn a_request_needs(
    #[case] method: &str,
    #[case] uri: &str,
    #[case] headers: &[(&'static str, &str)],
    #[case] body: &str,
    #[case] expected: &[&str],
) {
    let client = Client::new();
    client.must("PUT", "/models", &[], "").await;
    client.must("PUT", "/models/m", &[], "model").await;
    client.must("PUT", "/models/tagged", &[("x-amz-tagging", "a=b")], "model").await;
    let before = client.cloud.decisions().all().len();
    client.send(A, method, uri, headers, body).await;
    let asked = client.cloud.decisions().all().split_off(before);
    let asked: Vec<String> = asked.iter().map(|decided| format!("{} {}", decided.action, decided.resource)).collect();
    assert_eq!(asked, expected);
}
