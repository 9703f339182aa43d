//! STS as its clients see it.

use crate::client::{A, Answer, B, Client, cloud};
use crate::issuer::{Declared, ISSUER, claims};
use proofmark_aws::Cloud;
use proofmark_json::{Value, json};
use std::sync::Arc;

const PROVIDER: &str = "arn:aws:iam::222222222222:oidc-provider/oidc.example/id/1";
const ROLE: &str = "arn:aws:iam::222222222222:role/reader";
const SUBJECT: &str = "system:serviceaccount:team:models";

async fn with_provider(cloud: &Cloud) -> Client {
    let root = Client::root(cloud, B);
    root.iam("CreateOpenIDConnectProvider", &[("Url", ISSUER), ("ClientIDList.member.1", "sts.amazonaws.com")])
        .await
        .good();
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"oidc.example/id/1:sub": SUBJECT, "oidc.example/id/1:aud": "sts.amazonaws.com"}}
    }]});
    root.iam("CreateRole", &[("RoleName", "reader"), ("AssumeRolePolicyDocument", &trust.to_string())]).await.good();
    root
}

async fn exchange(cloud: &Cloud, role: &str, token: &str) -> Answer {
    let parameters = [("RoleArn", role), ("RoleSessionName", "s1"), ("WebIdentityToken", token)];
    Client::anonymous(cloud).sts("AssumeRoleWithWebIdentity", &parameters).await
}

#[tokio::test]
async fn a_token_is_traded_or_refused_in_the_words_of_aws() {
    let cloud = cloud();
    let issuer = Arc::new(Declared::new());
    cloud.reach_issuers(issuer.clone());
    with_provider(&cloud).await;
    let now = cloud.now().as_second();
    let good = exchange(&cloud, ROLE, &issuer.token("k1", &claims(SUBJECT, now, &json!({})))).await.good();
    assert_eq!(good.element("SubjectFromWebIdentityToken"), SUBJECT);
    assert_eq!(good.element("Provider"), PROVIDER);
    let who = Client::of(&cloud, &good).sts("GetCallerIdentity", &[]).await.good();
    assert_eq!(who.element("Arn"), "arn:aws:sts::222222222222:assumed-role/reader/s1");

    let denied = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity";
    let (old, past) = (now - 90_000, now - 10);
    let rows: &[(&str, &str, Value, String)] = &[
        (ROLE, "k1", json!({"sub": "system:serviceaccount:team:other"}), denied.to_owned()),
        ("arn:aws:iam::222222222222:role/none", "k1", json!({}), denied.to_owned()),
        (ROLE, "k1", json!({"aud": "other"}), "InvalidIdentityToken: Incorrect token audience".to_owned()),
        (ROLE, "k1", json!({"azp": "other"}), "InvalidIdentityToken: Incorrect token audience".to_owned()),
        (ROLE, "k1", json!({"exp": past}), format!("ExpiredTokenException: Token expired: current date/time * must be before the expiration date/time {past}")),
        (ROLE, "k1", json!({"iat": old}), format!("ExpiredTokenException: Token too old: {old}")),
        (ROLE, "k1", json!({"iss": "https://other.example"}), "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://other.example".to_owned()),
        ("arn:aws:iam::111111111111:role/reader", "k1", json!({}), format!("InvalidIdentityToken: No OpenIDConnect provider found in your account for {ISSUER}")),
        (ROLE, "k2", json!({}), "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements".to_owned()),
    ];
    for (role, key, changes, expected) in rows {
        let answer = exchange(&cloud, role, &issuer.token(key, &claims(SUBJECT, now, changes))).await;
        let (start, end) = expected.split_once('*').unwrap_or((expected, ""));
        let found = answer.fault();
        assert!(found.starts_with(start) && found.ends_with(end), "{role} {key} {changes}: {found}");
    }
    let forged = Declared::new().token("k1", &claims(SUBJECT, now, &json!({})));
    assert!(exchange(&cloud, ROLE, &forged).await.fault().starts_with("InvalidIdentityToken"));
    assert!(
        exchange(&cloud, ROLE, "no token")
            .await
            .fault()
            .starts_with("InvalidIdentityToken: The ID Token provided is not a valid JWT.")
    );
}

fn trusting(principal: &str, condition: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": condition}]})
        .to_string()
}

#[tokio::test]
async fn a_session_is_as_long_as_role_and_chain_allow() {
    let cloud = cloud();
    let root = Client::root(&cloud, A);
    let ann = root.iam("CreateUser", &[("UserName", "ann")]).await.good();
    let trust = trusting(ann.element("Arn"), &json!({}));
    root.iam(
        "CreateRole",
        &[("RoleName", "first"), ("AssumeRolePolicyDocument", &trust), ("MaxSessionDuration", "7200")],
    )
    .await
    .good();
    let trust = trusting("arn:aws:iam::111111111111:role/first", &json!({}));
    root.iam(
        "CreateRole",
        &[("RoleName", "second"), ("AssumeRolePolicyDocument", &trust), ("MaxSessionDuration", "7200")],
    )
    .await
    .good();
    let ann = Client::of(&cloud, &root.iam("CreateAccessKey", &[("UserName", "ann")]).await.good());

    let assume = |role: &'static str, seconds: &'static str| {
        [("RoleArn", role), ("RoleSessionName", "s1"), ("DurationSeconds", seconds)]
    };
    let (first, second) = ("arn:aws:iam::111111111111:role/first", "arn:aws:iam::111111111111:role/second");
    let too_long = ann.sts("AssumeRole", &assume(first, "7201")).await;
    assert_eq!(
        too_long.fault(),
        "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    let session = Client::of(&cloud, &ann.sts("AssumeRole", &assume(first, "7200")).await.good());
    let chained = session.sts("AssumeRole", &assume(second, "3601")).await;
    assert_eq!(
        chained.fault(),
        "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    );
    session.sts("AssumeRole", &assume(second, "3600")).await.good();
    let refused = ann.sts("AssumeRole", &assume(second, "3600")).await;
    assert_eq!(
        refused.fault(),
        "AccessDenied: User: arn:aws:iam::111111111111:user/ann is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111111111111:role/second"
    );
    let by_root = root.sts("AssumeRole", &assume(first, "3600")).await;
    assert_eq!(by_root.fault(), "AccessDenied: Roles may not be assumed by root accounts.");
}

#[tokio::test]
async fn tags_go_down_a_chain_if_they_are_transitive() {
    let cloud = cloud();
    let root = Client::root(&cloud, A);
    let ann = root.iam("CreateUser", &[("UserName", "ann")]).await.good();
    let trust = trusting(ann.element("Arn"), &json!({}));
    root.iam("CreateRole", &[("RoleName", "first"), ("AssumeRolePolicyDocument", &trust)]).await.good();
    let wants_tag = json!({"StringEquals": {"aws:PrincipalTag/team": "iris"}});
    let trust = trusting("arn:aws:iam::111111111111:role/first", &wants_tag);
    root.iam("CreateRole", &[("RoleName", "second"), ("AssumeRolePolicyDocument", &trust)]).await.good();
    let ann = Client::of(&cloud, &root.iam("CreateAccessKey", &[("UserName", "ann")]).await.good());
    let tagged = [
        ("RoleArn", "arn:aws:iam::111111111111:role/first"),
        ("RoleSessionName", "s1"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "iris"),
        ("TransitiveTagKeys.member.1", "team"),
    ];
    let session = Client::of(&cloud, &ann.sts("AssumeRole", &tagged).await.good());
    let next = [("RoleArn", "arn:aws:iam::111111111111:role/second"), ("RoleSessionName", "s2")];
    session.sts("AssumeRole", &next).await.good();
    let plain = Client::of(&cloud, &ann.sts("AssumeRole", &tagged[..2]).await.good());
    assert_eq!(plain.sts("AssumeRole", &next).await.status, 403);
}
