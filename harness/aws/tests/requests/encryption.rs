//! SSE-KMS: the key decides as much as the policies do.

use crate::client::{A, B, Client};
use proofmark_json::{Value, json};

const KMS: &str = "x-amz-server-side-encryption";
const KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";

/// A key of the first account, with a policy.
async fn key(client: &Client, policy: &Value) -> String {
    let body = json!({"Policy": policy.to_string()}).to_string();
    let headers = [("x-amz-target", "TrentService.CreateKey"), ("content-type", "application/x-amz-json-1.1")];
    let answer = client.must("POST", "/", &headers, &body).await;
    let answer: Value = proofmark_json::from_slice(&answer.body).unwrap();
    answer["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

fn policy(also: &[Value]) -> Value {
    let root = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{A}:root")}, "Action": "kms:*", "Resource": "*"});
    let statements: Vec<&Value> = std::iter::once(&root).chain(also).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

async fn shared_bucket(client: &Client) {
    client.must("PUT", "/models", &[], "").await;
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": B}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*",
    }]});
    client.must("PUT", "/models?policy", &[], &policy.to_string()).await;
}

#[tokio::test]
async fn another_account_needs_the_key_policy_too() {
    let client = Client::new();
    shared_bucket(&client).await;
    let closed = key(&client, &policy(&[])).await;
    let for_b = json!({"Effect": "Allow", "Principal": {"AWS": B}, "Action": "kms:Decrypt", "Resource": "*",
        "Condition": {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::models/open"}}});
    let open = key(&client, &policy(&[for_b])).await;
    for (name, key) in [("/models/closed", &closed), ("/models/open", &open), ("/models/other", &open)] {
        let put = client.must("PUT", name, &[(KMS, "aws:kms"), (KEY, key)], "model").await;
        assert_eq!((put.header(KMS), put.header(KEY)), (Some("aws:kms"), Some(key.as_str())));
        client.must("GET", name, &[], "").await;
    }
    let read = async |name: &str| client.send(B, "GET", name, &[], "").await;
    assert_eq!(read("/models/open").await.text(), "model");
    for name in ["/models/closed", "/models/other"] {
        let refused = read(name).await;
        assert_eq!(refused.status, 403);
        assert!(refused.text().contains("is not authorized to perform: kms:Decrypt"), "{}", refused.text());
    }
}

/// The key that is taken when none is named never leaves its account.
#[tokio::test]
async fn the_default_key_cannot_be_shared() {
    let client = Client::new();
    shared_bucket(&client).await;
    let rule = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>";
    client.must("PUT", "/models?encryption", &[], rule).await;
    let put = client.must("PUT", "/models/m", &[], "model").await;
    assert_eq!(put.header("x-amz-server-side-encryption-bucket-key-enabled"), Some("true"));
    assert_ne!(put.header("etag"), Some("\"20f35e630daf44dbfa4c3f68f5399d8c\""), "no digest of the bytes");
    client.must("GET", "/models/m", &[], "").await;
    assert_eq!(client.send(B, "GET", "/models/m", &[], "").await.status, 403);
    client.must("PUT", "/models/plain", &[(KMS, "AES256")], "model").await;
    assert_eq!(client.send(B, "GET", "/models/plain", &[], "").await.status, 200);
}

#[tokio::test]
async fn keys_that_are_not_there_are_told() {
    let client = Client::new();
    client.must("PUT", "/models", &[], "").await;
    let arn = format!("arn:aws:kms:us-east-1:{A}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    let refused = client.send(A, "PUT", "/models/m", &[(KMS, "aws:kms"), (KEY, &arn)], "model").await;
    assert!(refused.text().contains("<Code>KMS.NotFoundException</Code>"), "{}", refused.text());
}
