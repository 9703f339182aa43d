//! Whom a user vouches for, and what the simulator says of policies.

use crate::client::{A, Answer, Client, cloud};
use proofmark_aws::Cloud;

const ALLOW: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "sts:*", "iam:*"], "Resource": "*"}]}"#;

async fn user(cloud: &Cloud) -> Client {
    let root = Client::root(cloud, A);
    root.iam("CreateUser", &[("UserName", "ann")]).await.good();
    root.iam("PutUserPolicy", &[("UserName", "ann"), ("PolicyName", "own"), ("PolicyDocument", ALLOW)]).await.good();
    Client::of(cloud, &root.iam("CreateAccessKey", &[("UserName", "ann")]).await.good())
}

#[tokio::test]
async fn a_user_vouches_for_somebody() {
    let cloud = cloud();
    let ann = user(&cloud).await;
    let made = ann.sts("GetFederationToken", &[("Name", "bob"), ("Policy", ALLOW)]).await.good();
    assert_eq!(made.element("FederatedUserId"), "111111111111:bob");
    let bob = Client::of(&cloud, &made);
    let who = bob.sts("GetCallerIdentity", &[]).await.good();
    assert_eq!(who.element("Arn"), "arn:aws:sts::111111111111:federated-user/bob");
    assert_eq!(who.element("UserId"), "111111111111:bob");
    let refusals = [
        bob.iam("ListUsers", &[]).await.fault(),
        bob.sts("GetSessionToken", &[]).await.fault(),
        bob.sts("GetFederationToken", &[("Name", "eve")]).await.fault(),
    ];
    assert_eq!(
        refusals,
        [
            "InvalidClientTokenId: The security token included in the request is invalid",
            "AccessDenied: Cannot call GetSessionToken with session credentials",
            "AccessDenied: Cannot call GetFederationToken with session credentials",
        ]
    );
}

fn decisions(answer: &Answer) -> Vec<&str> {
    answer.text.split("<EvalDecision>").skip(1).filter_map(|rest| rest.split('<').next()).collect()
}

#[tokio::test]
async fn policies_are_simulated() {
    let cloud = cloud();
    user(&cloud).await;
    let root = Client::root(&cloud, A);
    let policy = "{\"Version\": \"2012-10-17\", \"Statement\": [\n  {\"Effect\": \"Allow\", \"Action\": \"s3:Get*\", \"Resource\": \"*\",\n   \"Condition\": {\"StringEquals\": {\"aws:PrincipalTag/Team\": \"${aws:RequestedRegion}\"}}},\n  {\"Effect\": \"Deny\", \"Action\": \"s3:GetObjectAcl\", \"Resource\": \"*\"}]}";
    let parameters = [
        ("PolicyInputList.member.1", policy),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ActionNames.member.2", "s3:GetObjectAcl"),
        ("ActionNames.member.3", "s3:PutObject"),
        ("ContextEntries.member.1.ContextKeyName", "aws:principaltag/team"),
        ("ContextEntries.member.1.ContextKeyType", "string"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "eu-west-1"),
        ("ContextEntries.member.2.ContextKeyName", "aws:RequestedRegion"),
        ("ContextEntries.member.2.ContextKeyType", "string"),
        ("ContextEntries.member.2.ContextKeyValues.member.1", "eu-west-1"),
    ];
    let answer = root.iam("SimulateCustomPolicy", &parameters).await.good();
    assert_eq!(decisions(&answer), ["allowed", "explicitDeny", "implicitDeny"]);
    let places: Vec<_> = answer.text.split("<Line>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(places, ["2", "3", "4", "4"], "{}", answer.text);
    let keys = root.iam("GetContextKeysForCustomPolicy", &parameters[..1]).await.good();
    assert!(
        keys.text.contains("<member>aws:PrincipalTag/Team</member><member>aws:RequestedRegion</member>"),
        "{keys:?}"
    );

    let arn = "arn:aws:iam::111111111111:user/ann";
    let parameters =
        [("PolicySourceArn", arn), ("ActionNames.member.1", "s3:GetObject"), ("ActionNames.member.2", "kms:Decrypt")];
    let answer = root.iam("SimulatePrincipalPolicy", &parameters).await.good();
    assert_eq!(decisions(&answer), ["allowed", "implicitDeny"]);
    let nobody = [("PolicySourceArn", "arn:aws:iam::111111111111:user/eve"), ("ActionNames.member.1", "s3:GetObject")];
    assert!(root.iam("SimulatePrincipalPolicy", &nobody).await.fault().starts_with("NoSuchEntity: "));
}
