//! Organizations as its clients see it.

use crate::client::{A, Answer, Client, cloud};
use proofmark_json::{Value, json};

async fn call(client: &Client, action: &str, body: Value) -> Answer {
    client.json("organizations", &format!("AWSOrganizationsV20161128.{action}"), &body).await
}

async fn good(client: &Client, action: &str, body: Value) -> Value {
    proofmark_json::from_str(&call(client, action, body).await.good().text).expect("JSON")
}

#[tokio::test]
async fn a_service_control_policy_limits_the_accounts_below_it() {
    let cloud = cloud();
    let management = Client::root(&cloud, A);
    let none = call(&management, "DescribeOrganization", json!({})).await;
    assert_eq!(none.fault(), "AWSOrganizationsNotInUseException: Your account is not a member of an organization.");
    good(&management, "CreateOrganization", json!({"FeatureSet": "ALL"})).await;
    let root = good(&management, "ListRoots", json!({})).await["Roots"][0]["Id"].clone();
    let unit = good(&management, "CreateOrganizationalUnit", json!({"ParentId": root, "Name": "models"})).await;
    let unit = unit["OrganizationalUnit"]["Id"].clone();
    let made =
        good(&management, "CreateAccount", json!({"AccountName": "serving", "Email": "serving@example.com"})).await;
    let status = &made["CreateAccountStatus"];
    assert_eq!(status["State"], "SUCCEEDED");
    let described =
        good(&management, "DescribeCreateAccountStatus", json!({"CreateAccountRequestId": status["Id"]})).await;
    assert_eq!(described["CreateAccountStatus"]["AccountId"], status["AccountId"]);
    let account = status["AccountId"].as_str().unwrap();
    let movement = json!({"AccountId": account, "SourceParentId": root, "DestinationParentId": unit});
    good(&management, "MoveAccount", movement.clone()).await;
    assert!(call(&management, "MoveAccount", movement).await.fault().starts_with("SourceParentNotFoundException"));

    let member = Client::root(&cloud, account);
    member.iam("ListUsers", &[]).await.good();
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]});
    let policy =
        json!({"Name": "no-iam", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": deny.to_string()});
    let policy = good(&management, "CreatePolicy", policy).await["Policy"]["PolicySummary"]["Id"].clone();
    let attachment = json!({"PolicyId": policy, "TargetId": unit});
    good(&management, "AttachPolicy", attachment.clone()).await;
    assert_eq!(
        member.iam("ListUsers", &[]).await.fault(),
        format!(
            "AccessDenied: User: arn:aws:iam::{account}:root is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::{account}:user/ with an explicit deny in a service control policy"
        )
    );
    management.iam("ListUsers", &[]).await.good();
    assert!(
        call(
            &member,
            "CreatePolicy",
            json!({"Type": "SERVICE_CONTROL_POLICY", "Content": deny.to_string(), "Name": "x", "Description": ""})
        )
        .await
        .fault()
        .starts_with("AccessDeniedException")
    );
    assert!(
        call(&management, "DeletePolicy", json!({"PolicyId": policy}))
            .await
            .fault()
            .starts_with("PolicyInUseException")
    );
    good(&management, "DetachPolicy", attachment).await;
    member.iam("ListUsers", &[]).await.good();
    let last = call(&management, "DetachPolicy", json!({"PolicyId": "p-FullAWSAccess", "TargetId": unit})).await;
    assert!(last.fault().starts_with("ConstraintViolationException"), "{}", last.fault());
}
