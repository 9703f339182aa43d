//! The AWS SDK for Rust as a pod uses it: a token that the cluster issued, a role, and a cloud that asks the cluster over HTTPS for its keys.

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::Arc;

use http::Request;
use http_body_util::{BodyExt as _, Full};
use proofmark_apiserver::ApiServer;
use proofmark_aws::issuer::Https;
use proofmark_aws::setup::{AccountSpec, ProviderSpec, RoleSpec, Spec};
use proofmark_aws::{Cloud, Settings};
use proofmark_clock::Clock;
use proofmark_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const ACCOUNT: &str = "111111111111";

/// An API server behind TLS that issues tokens under its own address, for everyone to verify.
async fn cluster(stop: &CancellationToken) -> (ApiServer, String) {
    let listener = proofmark_apiserver::transport::Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let issuer = format!("https://{}", listener.address());
    let server =
        ApiServer::builder().real_clock().address(listener.address().to_string()).issuer(&issuer).build().unwrap();
    tokio::spawn(listener.serve(server.clone(), stop.clone()));
    let group = "rbac.authorization.k8s.io";
    post(
        &server,
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        &json!({
            "metadata": {"name": "everyone-discovers"},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "system:service-account-issuer-discovery"},
            "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:unauthenticated"}],
        }),
    )
    .await;
    (server, issuer)
}

async fn post(server: &ApiServer, path: &str, body: &Value) -> Value {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {}", server.admin_token()))
        .header("content-type", "application/json")
        .body(Full::<bytes::Bytes>::from(body.to_string()))
        .unwrap();
    let answer = server.service().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(status.is_success(), "{path}: {}", String::from_utf8_lossy(&bytes));
    proofmark_json::from_slice(&bytes).unwrap()
}

/// An account with a role for one service account, which may write and read one bucket.
fn accounts(issuer: &str) -> Spec {
    let name = issuer.trim_start_matches("https://");
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]});
    let trust = json!({
        "Effect": "Allow", "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{name}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {format!("{name}:sub"): "system:serviceaccount:team:models", format!("{name}:aud"): "sts.amazonaws.com"}},
    });
    let provider = ProviderSpec {
        url: issuer.to_owned(),
        client_ids: vec!["sts.amazonaws.com".to_owned()],
        ..ProviderSpec::default()
    };
    let own = document(json!({
        "Effect": "Allow", "Action": ["s3:CreateBucket", "s3:PutObject", "s3:GetObject"],
        "Resource": ["arn:aws:s3:::models", "arn:aws:s3:::models/*"],
    }));
    let role = RoleSpec {
        name: "models".into(),
        trust: document(trust),
        policies: [("own".into(), own)].into(),
        ..RoleSpec::default()
    };
    let account =
        AccountSpec { id: ACCOUNT.into(), providers: vec![provider], roles: vec![role], ..AccountSpec::default() };
    Spec { accounts: vec![account], organization: None }
}

/// Plays a pod of a service account as a process of its own, whose variables are those that the webhook of IRSA sets.
async fn pod(server: &ApiServer, account: &str, url: &str) -> String {
    post(server, "/api/v1/namespaces/team/serviceaccounts", &json!({"metadata": {"name": account}})).await;
    let request = json!({"spec": {"audiences": ["sts.amazonaws.com"], "expirationSeconds": 3600}});
    let path = format!("/api/v1/namespaces/team/serviceaccounts/{account}/token");
    let token = post(server, &path, &request).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, token["status"]["token"].as_str().unwrap()).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "as_a_pod", "--ignored", "--nocapture"])
        .env("AWS_ROLE_ARN", format!("arn:aws:iam::{ACCOUNT}:role/models"))
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", &file)
        .env("AWS_ROLE_SESSION_NAME", "pod")
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "us-east-1");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_trades_a_token_for_a_role() {
    let stop = CancellationToken::new();
    let (server, issuer) = cluster(&stop).await;
    let cloud = Cloud::new(Settings::default(), Clock::real());
    let authority = server.authority().certificate_der().clone();
    cloud.reach_issuers(Arc::new(Https::trusting([authority], None).unwrap()));
    cloud.set_up(&accounts(&issuer)).unwrap();
    let listener = proofmark_aws::transport::Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let url = format!("http://{}", listener.address());
    tokio::spawn(listener.serve(cloud, stop.clone()));
    post(&server, "/api/v1/namespaces", &json!({"metadata": {"name": "team"}})).await;
    let out = pod(&server, "models", &url).await;
    assert!(out.contains("arn:aws:sts::111111111111:assumed-role/models/pod read weights"), "{out}");
    let out = pod(&server, "other", &url).await;
    assert!(out.contains("Not authorized to perform sts:AssumeRoleWithWebIdentity"), "{out}");
    stop.cancel();
}

/// What runs in the pod: nothing is configured but by variables.
#[tokio::test]
#[ignore = "is started by the other test, as a process of its own"]
#[expect(clippy::print_stdout, reason = "what it prints is read by the other test")]
async fn as_a_pod() {
    let plain = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(plain).load().await;
    let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
    let s3 = aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build());
    s3.create_bucket().bucket("models").send().await.unwrap();
    let weights = aws_sdk_s3::primitives::ByteStream::from_static(b"weights");
    s3.put_object().bucket("models").key("iris").body(weights).send().await.unwrap();
    let got = s3.get_object().bucket("models").key("iris").send().await.unwrap().body.collect().await.unwrap();
    println!("{} read {}", identity.arn().unwrap(), String::from_utf8_lossy(&got.into_bytes()));
}
