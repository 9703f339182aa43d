//! STS as its clients see it.

mod client;

use async_trait::async_trait;
use client::{A, Answer, B, Client, cloud};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proofmark_aws::Cloud;
use proofmark_aws::issuer::{Issuer, Unreachable};
use serde_json::{Value, json};
use std::sync::Arc;

const ISSUER: &str = "https://oidc.example/id/1";
const PROVIDER: &str = "arn:aws:iam::222222222222:oidc-provider/oidc.example/id/1";
const ROLE: &str = "arn:aws:iam::222222222222:role/reader";
const SUBJECT: &str = "system:serviceaccount:team:models";

/// An issuer in the same process, with one key of elliptic curve P-256.
#[derive(Debug)]
struct Declared {
    key: EncodingKey,
    jwks: Value,
}

impl Declared {
    fn new() -> Self {
        use base64::Engine as _;
        let pair = rcgen::KeyPair::generate().expect("a key");
        let point = pair.public_key_raw();
        let part = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256", "x": part(&point[1..33]), "y": part(&point[33..])});
        Self {
            key: EncodingKey::from_ec_der(&pair.serialize_der()),
            jwks: json!({"keys": [{"kty": "unheard-of"}, jwk]}),
        }
    }

    fn token(&self, id: &str, claims: &Value) -> String {
        let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.key).expect("a token")
    }
}

#[async_trait]
impl Issuer for Declared {
    async fn fetch(&self, url: &str, _: &[String]) -> Result<Value, Unreachable> {
        if url.ends_with("/.well-known/openid-configuration") {
            return Ok(json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys")}));
        }
        Ok(self.jwks.clone())
    }
}

/// Claims of a good token, with changes.
fn claims(now: i64, changes: &Value) -> Value {
    let mut claims =
        json!({"iss": ISSUER, "sub": SUBJECT, "aud": ["sts.amazonaws.com"], "iat": now, "exp": now + 3600});
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims
}

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

#[tokio::test(start_paused = true)]
async fn a_token_is_traded_or_refused_in_the_words_of_aws() {
    let cloud = cloud();
    let issuer = Arc::new(Declared::new());
    cloud.reach_issuers(issuer.clone());
    with_provider(&cloud).await;
    let now = cloud.now().as_second();
    let good = exchange(&cloud, ROLE, &issuer.token("k1", &claims(now, &json!({})))).await.good();
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
        (ROLE, "k1", json!({"exp": past}), format!("ExpiredTokenException: Token expired: current date/time {now} must be before the expiration date/time {past}")),
        (ROLE, "k1", json!({"iat": old}), format!("ExpiredTokenException: Token too old: {old}")),
        (ROLE, "k1", json!({"iss": "https://other.example"}), "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://other.example".to_owned()),
        ("arn:aws:iam::111111111111:role/reader", "k1", json!({}), format!("InvalidIdentityToken: No OpenIDConnect provider found in your account for {ISSUER}")),
        (ROLE, "k2", json!({}), "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements".to_owned()),
    ];
    for (role, key, changes, expected) in rows {
        let answer = exchange(&cloud, role, &issuer.token(key, &claims(now, changes))).await;
        assert_eq!(answer.fault(), *expected, "{role} {key} {changes}");
    }
    let forged = Declared::new().token("k1", &claims(now, &json!({})));
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

#[tokio::test(start_paused = true)]
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

    tokio::time::advance(std::time::Duration::from_secs(7200)).await;
    assert_eq!(
        session.sts("GetCallerIdentity", &[]).await.fault(),
        "ExpiredToken: The security token included in the request is expired"
    );
}

#[tokio::test(start_paused = true)]
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
