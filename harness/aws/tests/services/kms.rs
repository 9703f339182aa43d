//! KMS as its clients see it.

use crate::client::{A, Answer, B, Client, cloud};
use proofmark_json::{Value, json};

async fn kms(client: &Client, action: &str, body: Value) -> Answer {
    client.json("kms", &format!("TrentService.{action}"), &body).await
}

fn value(answer: &Answer) -> Value {
    proofmark_json::from_str(&answer.text).expect("JSON")
}

/// A user of an account with a policy.
async fn user(root: &Client, name: &str, action: &str) -> Client {
    root.iam("CreateUser", &[("UserName", name)]).await.good();
    let policy =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
    let put = [("UserName", name), ("PolicyName", "p"), ("PolicyDocument", &policy.to_string())];
    root.iam("PutUserPolicy", &put).await.good();
    Client::of(&root.cloud, &root.iam("CreateAccessKey", &[("UserName", name)]).await.good())
}

#[tokio::test]
async fn what_was_encrypted_opens_with_the_same_context_only() {
    let cloud = cloud();
    let root = Client::root(&cloud, A);
    let key = value(&kms(&root, "CreateKey", json!({})).await.good());
    let id = key["KeyMetadata"]["KeyId"].as_str().unwrap();
    kms(&root, "CreateAlias", json!({"AliasName": "alias/models", "TargetKeyId": id})).await.good();
    let context = json!({"team": "iris"});
    let sealed =
        kms(&root, "Encrypt", json!({"KeyId": "alias/models", "Plaintext": "aGVsbG8=", "EncryptionContext": context}))
            .await;
    let blob = value(&sealed.good())["CiphertextBlob"].clone();
    let opened = kms(&root, "Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": context})).await.good();
    assert_eq!(value(&opened)["Plaintext"], "aGVsbG8=");
    let without = kms(&root, "Decrypt", json!({"CiphertextBlob": blob})).await;
    assert_eq!(without.fault(), "InvalidCiphertextException: ");

    let arn = key["KeyMetadata"]["Arn"].as_str().unwrap();
    kms(&root, "DisableKey", json!({"KeyId": id})).await.good();
    let disabled = kms(&root, "GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"})).await;
    assert_eq!(disabled.fault(), format!("DisabledException: {arn} is disabled."));
    kms(&root, "ScheduleKeyDeletion", json!({"KeyId": id, "PendingWindowInDays": 7})).await.good();
    let going = kms(&root, "EnableKey", json!({"KeyId": id})).await;
    assert_eq!(going.fault(), format!("KMSInvalidStateException: {arn} is pending deletion."));
    let none = kms(&root, "DescribeKey", json!({"KeyId": "alias/none"})).await;
    assert_eq!(none.fault(), "NotFoundException: Alias arn:aws:kms:us-east-1:111111111111:alias/none is not found.");
}

#[tokio::test]
async fn mistakes_are_told() {
    let cloud = cloud();
    let root = Client::root(&cloud, A);
    let key = value(&kms(&root, "CreateKey", json!({})).await.good());
    let id = key["KeyMetadata"]["KeyId"].as_str().unwrap();
    let stranger = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": B}, "Action": "kms:*", "Resource": "*"},
    ]})
    .to_string();
    let failed = "ValidationException: 1 validation error detected: Value";
    let locked = "MalformedPolicyDocumentException: The new key policy will not allow you to update the key policy in the future.";
    let cases = [
        ("DescribeKey", json!({"KeyId": "models"}), "NotFoundException: Invalid keyId 'models'".to_owned()),
        (
            "Encrypt",
            json!({"KeyId": id, "Plaintext": ""}),
            format!(
                "{failed} at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1"
            ),
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "KeySpec": "AES_512"}),
            format!(
                "{failed} 'AES_512' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]"
            ),
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": id, "NumberOfBytes": 1025}),
            format!(
                "{failed} '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024"
            ),
        ),
        (
            "ListKeys",
            json!({"Limit": 0}),
            format!(
                "{failed} '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"
            ),
        ),
        ("ListKeys", json!({"Marker": "x"}), "InvalidMarkerException: Could not deserialize marker".to_owned()),
        ("PutKeyPolicy", json!({"KeyId": id, "Policy": stranger}), locked.to_owned()),
        ("CreateKey", json!({"Policy": stranger}), locked.to_owned()),
    ];
    for (action, body, expected) in cases {
        assert_eq!(kms(&root, action, body).await.fault(), expected, "{action}");
    }
    kms(&root, "PutKeyPolicy", json!({"KeyId": id, "Policy": stranger, "BypassPolicyLockoutSafetyCheck": true}))
        .await
        .good();
}

#[tokio::test]
async fn a_key_policy_delegates_or_refuses() {
    let cloud = cloud();
    let (root, other) = (Client::root(&cloud, A), Client::root(&cloud, B));
    let key = value(&kms(&root, "CreateKey", json!({})).await.good());
    let arn = key["KeyMetadata"]["Arn"].as_str().unwrap();
    let (may, may_not) = (user(&root, "may", "kms:Decrypt").await, user(&root, "may-not", "s3:*").await);
    let stranger = user(&other, "stranger", "kms:*").await;
    let blob =
        value(&kms(&root, "Encrypt", json!({"KeyId": arn, "Plaintext": "aGVsbG8="})).await.good())["CiphertextBlob"]
            .clone();
    let open = json!({"CiphertextBlob": blob});
    // The usual policy lets the account's own IAM policies decide.
    kms(&may, "Decrypt", open.clone()).await.good();
    assert_eq!(
        kms(&may_not, "Decrypt", open.clone()).await.fault(),
        format!(
            "AccessDeniedException: User: arn:aws:iam::111111111111:user/may-not is not authorized to perform: kms:Decrypt on resource: {arn} because no identity-based policy allows the kms:Decrypt action"
        )
    );
    let refused = "AccessDeniedException: User: arn:aws:iam::222222222222:user/stranger is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access";
    assert_eq!(kms(&stranger, "Decrypt", open.clone()).await.fault(), refused);
    // A grant lets the stranger in, for one operation and until it is revoked.
    let grant =
        json!({"KeyId": arn, "GranteePrincipal": "arn:aws:iam::222222222222:user/stranger", "Operations": ["Decrypt"]});
    let grant = value(&kms(&root, "CreateGrant", grant).await.good());
    kms(&stranger, "Decrypt", open.clone()).await.good();
    assert_eq!(kms(&stranger, "DescribeKey", json!({"KeyId": arn})).await.status, 400);
    kms(&root, "RevokeGrant", json!({"KeyId": arn, "GrantId": grant["GrantId"]})).await.good();
    assert_eq!(kms(&stranger, "Decrypt", open).await.fault(), refused);
}
