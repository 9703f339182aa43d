//! What the agent of EKS Pod Identity answers to pods.

use crate::client::{A, B, Client, cloud};
use crate::issuer::{Declared, ISSUER, claims};
use http::Request;
use http_body_util::BodyExt as _;
use proofmark_aws::setup::{AccountSpec, AssociationSpec, ClusterSpec, RoleSpec, Spec};
use proofmark_aws::{Cloud, full};
use proofmark_json::{Value, json};
use rstest::rstest;
use std::sync::Arc;

const ROLE: &str = "arn:aws:iam::111111111111:role/models";
const TARGET: &str = "arn:aws:iam::222222222222:role/theirs";

fn role(name: &str, trust: Value, allowed: &str) -> RoleSpec {
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]});
    let own = document(json!({"Effect": "Allow", "Action": allowed, "Resource": "*"}));
    RoleSpec {
        name: name.into(),
        trust: document(trust),
        policies: [("own".into(), own)].into(),
        ..RoleSpec::default()
    }
}

/// A cluster of one account; `actions` are what its role trusts the agent's service with.
fn spec(actions: &[&str]) -> Spec {
    let trust = json!({"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": actions});
    let external = "us-east-1/111111111111/prod/team/chained";
    let theirs = json!({
        "Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {"sts:ExternalId": external, "aws:RequestTag/kubernetes-namespace": "team"}},
    });
    let association = |account: &str, target: Option<&str>| AssociationSpec {
        namespace: "team".into(),
        service_account: account.into(),
        role_arn: ROLE.into(),
        target_role_arn: target.map(str::to_owned),
    };
    let cluster = ClusterSpec {
        name: "prod".into(),
        issuer: ISSUER.into(),
        associations: vec![association("models", None), association("chained", Some(TARGET))],
    };
    let own = AccountSpec {
        id: A.into(),
        roles: vec![role("models", trust, "sts:*")],
        clusters: vec![cluster],
        ..AccountSpec::default()
    };
    let other = AccountSpec { id: B.into(), roles: vec![role("theirs", theirs, "iam:*")], ..AccountSpec::default() };
    Spec { accounts: vec![own, other], organization: None }
}

/// Asks the agent as a pod of a service account, with changes to its token's claims.
async fn ask(cloud: &Cloud, issuer: &Declared, account: &str, changes: &Value) -> (u16, String) {
    let subject = format!("system:serviceaccount:team:{account}");
    let mut all = claims(
        &subject,
        cloud.now().as_second(),
        &json!({
            "aud": ["pods.eks.amazonaws.com"],
            "kubernetes.io": {"namespace": "team", "serviceaccount": {"name": account}, "pod": {"name": "iris-0", "uid": "u-1"}},
        }),
    );
    for (name, value) in changes.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    let request =
        Request::get("http://169.254.170.23/v1/credentials").header("authorization", issuer.token("k1", &all));
    let answer = cloud.answer(request.body(full("")).unwrap()).await;
    let status = answer.status().as_u16();
    (status, String::from_utf8_lossy(&answer.into_body().collect().await.unwrap().to_bytes()).into_owned())
}

async fn world(actions: &[&str]) -> (Cloud, Arc<Declared>) {
    let (cloud, issuer) = (cloud(), Arc::new(Declared::new()));
    cloud.reach_issuers(issuer.clone());
    cloud.set_up(&spec(actions)).expect("a cloud");
    (cloud, issuer)
}

const TRUSTED: &[&str] = &["sts:AssumeRole", "sts:TagSession"];

#[rstest]
#[case("models", "arn:aws:sts::111111111111:assumed-role/models/eks-prod-iris-0-")]
#[case("chained", "arn:aws:sts::222222222222:assumed-role/theirs/eks-prod-iris-0-")]
#[tokio::test]
async fn a_pod_gets_its_role(#[case] account: &str, #[case] arn: &str) {
    let (cloud, issuer) = world(TRUSTED).await;
    let (status, text) = ask(&cloud, &issuer, account, &json!({})).await;
    assert_eq!(status, 200, "{text}");
    let got: Value = proofmark_json::from_str(&text).unwrap();
    let part = |name: &str| got[name].as_str().unwrap();
    let pod = Client::new(&cloud, part("AccessKeyId"), part("SecretAccessKey"), Some(part("Token")));
    let who = pod.sts("GetCallerIdentity", &[]).await.good();
    assert!(who.element("Arn").starts_with(arn), "{who:?}");
}

#[rstest]
#[case(TRUSTED, "other", json!({}), 404, "ResourceNotFoundException")]
#[case(&["sts:AssumeRole"], "models", json!({}), 400, "AccessDeniedException")]
#[case(TRUSTED, "models", json!({"aud": "sts.amazonaws.com"}), 400, "InvalidTokenException")]
#[case(TRUSTED, "models", json!({"exp": 1}), 400, "ExpiredTokenException")]
#[case(TRUSTED, "models", json!({"iss": "https://other.example"}), 404, "ResourceNotFoundException")]
#[case(TRUSTED, "models", json!({"kubernetes.io": {}}), 400, "InvalidTokenException")]
#[tokio::test]
async fn a_pod_is_refused(
    #[case] actions: &[&str],
    #[case] account: &str,
    #[case] changes: Value,
    #[case] status: u16,
    #[case] code: &str,
) {
    let (cloud, issuer) = world(actions).await;
    let refused = ask(&cloud, &issuer, account, &changes).await;
    assert!(refused.0 == status && refused.1.contains(&format!("({code})")), "{refused:?}");
}
