//! A cloud beside the cluster.

use std::path::PathBuf;
use std::time::Duration;

use http::Method;
use proofmark_aws::setup::{AccountSpec, ProviderSpec, RoleSpec, Spec};
use proofmark_env::envtest::{Assets, Envtest};
use proofmark_env::{
    AccountToken, ApiRequest, AwsIdentity, AwsRequest, CloudPlan, Embedded, Environment, Exchange, ISSUER, Identity,
    Plan, Universe,
};
use proofmark_json::{Value, json};

const ACCOUNT: &str = "111111111111";
const ROLE: &str = "arn:aws:iam::111111111111:role/models";

/// An account with a role that one service account may assume, to read one bucket.
fn plan() -> Plan {
    let issuer = ISSUER.trim_start_matches("https://");
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {format!("{issuer}:sub"): "system:serviceaccount:team:models"}},
    }]});
    let read = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*"},
    ]});
    let provider =
        ProviderSpec { url: ISSUER.into(), client_ids: vec!["sts.amazonaws.com".into()], ..ProviderSpec::default() };
    let role =
        RoleSpec { name: "models".into(), trust, policies: [("read".into(), read)].into(), ..RoleSpec::default() };
    let account =
        AccountSpec { id: ACCOUNT.into(), providers: vec![provider], roles: vec![role], ..AccountSpec::default() };
    let accounts = Spec { accounts: vec![account], organization: None };
    Plan { cloud: Some(CloudPlan { accounts, ..CloudPlan::default() }), ..Plan::default() }
}

fn embedded() -> Option<Box<dyn Environment>> {
    Some(Box::new(Embedded))
}

/// The environment around a real kube-apiserver; none without its binaries.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn envtest() -> Option<Box<dyn Environment>> {
    match Assets::find(std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from).as_deref()) {
        Ok(assets) => Some(Box::new(Envtest::new(assets))),
        Err(missing) => {
            eprintln!("skipped: {missing}");
            None
        }
    }
}

/// Tells a story in a universe that has a service account and a bucket with an object.
fn within<T>(story: impl AsyncFnOnce(&Universe) -> T) -> T {
    played(&Embedded, story)
}

fn played<T>(environment: &dyn Environment, story: impl AsyncFnOnce(&Universe) -> T) -> T {
    environment.runtime().unwrap().block_on(async {
        let universe = environment.prepare(plan()).await.unwrap();
        let make = async |path: &str, name: &str| {
            let made =
                universe.cluster.send(&Identity::Admin, ApiRequest::post(path, json!({"metadata": {"name": name}})));
            assert_eq!(made.await.unwrap().response.status, 201, "{name}");
        };
        make("/api/v1/namespaces", "team").await;
        make("/api/v1/namespaces/team/serviceaccounts", "models").await;
        make("/api/v1/namespaces/team/serviceaccounts", "other").await;
        let root = AwsIdentity::root(ACCOUNT);
        let aws = universe.cloud.as_ref().unwrap();
        let bucket = AwsRequest::s3(Method::PUT, "models", "", &[]);
        let object = AwsRequest::s3(Method::PUT, "models", "iris/model.json", &[]).with_body("weights");
        for request in [bucket, object] {
            assert_eq!(aws.send(&root, request).await.unwrap().response.status, 200);
        }
        universe.cluster.take_exchanges();
        story(&universe).await
    })
}

fn token(account: &str) -> AccountToken {
    AccountToken::of("team", account)
}

async fn read(universe: &Universe, who: &AwsIdentity) -> Exchange {
    let object = AwsRequest::s3(Method::GET, "models", "iris/model.json", &[]);
    universe.cloud.as_ref().unwrap().send(who, object).await.unwrap()
}

#[test]
fn a_token_of_the_cluster_opens_a_role_and_the_role_a_bucket() {
    let (got, kept) = within(async |universe| {
        let got = read(universe, &AwsIdentity::with_token(ROLE, token("models"))).await;
        (got, universe.cluster.take_exchanges())
    });
    assert_eq!(got.response.status, 200, "{got:?}");
    assert_eq!(got.response.body, proofmark_env::Body::Text("weights".into()));
    let decision = got.decision.unwrap();
    assert!(decision.allowed);
    assert_eq!(decision.user, "arn:aws:sts::111111111111:assumed-role/models/model");
    assert_eq!(
        decision.explanation,
        "Allowed: arn:aws:sts::111111111111:assumed-role/models/model may s3:GetObject on arn:aws:s3:::models/iris/model.json; account \
         111111111111's identity-based policy allows it (role/models: inline policy read, statement Read); no account 111111111111's resource-based \
         policy allows it"
    );
    let asked: Vec<_> = kept.iter().map(|exchange| (exchange.who.as_str(), exchange.response.status)).collect();
    let pod = format!("{ROLE}, assumed by system:serviceaccount:team:models");
    assert_eq!(asked, [("admin", 201), (pod.as_str(), 200), (pod.as_str(), 200)], "every step on the way is kept");
}

#[rstest::rstest]
#[case::embedded(embedded())]
#[case::beside_a_real_server(envtest())]
fn who_is_refused_on_the_way_gets_that_refusal(#[case] environment: Option<Box<dyn Environment>>) {
    let Some(environment) = environment else { return };
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let of = |token| AwsIdentity::with_token(ROLE, token);
    let found = played(&*environment, async |universe| {
        let mut found = Vec::new();
        for who in [
            of(token("other")),
            of(token("models").for_audience("kubernetes")),
            of(token("models").aged(hours(25))),
            of(token("missing")),
            of(token("models")).aged(hours(2)),
            AwsIdentity::Anonymous,
            // Whatever grew old before: this is new.
            of(token("models")),
        ] {
            let exchange = read(universe, &who).await;
            let text = match &exchange.response.body {
                proofmark_env::Body::Text(text) => text.clone(),
                other => other.json()["reason"].to_string(),
            };
            let code =
                text.split_once("<Code>").and_then(|(_, rest)| rest.split_once('<')).map_or(&*text, |(code, _)| code);
            found.push(format!("{} {code}", exchange.response.status));
        }
        found
    });
    assert_eq!(
        found,
        [
            "403 AccessDenied",
            "400 InvalidIdentityToken",
            "400 ExpiredTokenException",
            "404 \"NotFound\"",
            "400 ExpiredToken",
            "403 AccessDenied",
            "200 weights"
        ]
    );
}

#[test]
fn a_program_with_a_connection_of_its_own_is_recorded_too() {
    let (outcome, kept) = within(async |universe| {
        let aws = universe.cloud.as_ref().unwrap();
        let network = aws.network();
        let cloud = aws.cloud().clone();
        let variables = [("AWS_ACCESS_KEY_ID", ACCOUNT), ("AWS_SECRET_ACCESS_KEY", "test")];
        let files = proofmark_model_loader::files::Memory::default();
        let host = proofmark_model_loader::Host {
            environment: variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            files: std::sync::Arc::new(files.clone()),
            authorities: network.authorities().into(),
            network,
            clock: std::sync::Arc::new(move || cloud.now()),
        };
        let arguments = ["s3://models/iris".to_owned(), "/models".to_owned()];
        let sink = std::sync::Arc::new(|_, _: &str| {});
        let release = proofmark_model_loader::Release::V0_15;
        let outcome = proofmark_model_loader::run(release, &arguments, &host, sink).await;
        let tree: Vec<_> = files.tree().into_keys().collect();
        assert_eq!(tree, ["/models", "/models/model.json"], "{outcome:?}");
        (outcome, universe.cluster.take_exchanges())
    });
    assert_eq!(outcome.exit, 0, "{outcome:?}");
    let asked: Vec<_> =
        kept.iter().map(|kept| format!("{} {} {}", kept.who, kept.request.method, kept.request.path)).collect();
    assert!(
        asked.len() > 1 && asked.iter().all(|asked| asked.starts_with("arn:aws:iam::111111111111:root ")),
        "{asked:?}"
    );
    assert!(
        asked.iter().any(|asked| asked.ends_with("GET https://models.s3.amazonaws.com/?prefix=iris&encoding-type=url")),
        "{asked:?}"
    );
}

#[test]
fn a_plan_with_a_role_that_aws_would_refuse_is_refused_in_its_words() {
    let mut plan = plan();
    if let Some(role) = plan.cloud.as_mut().and_then(|cloud| cloud.accounts.accounts[0].roles.first_mut()) {
        role.trust = Value::Null;
    }
    let refused = Embedded.runtime().unwrap().block_on(async { Embedded.prepare(plan).await.map(|_| ()).unwrap_err() });
    assert!(
        refused
            .to_string()
            .starts_with("the cloud could not be prepared: account 111111111111: trust policy of role models"),
        "{refused}"
    );
}
