//! From a Profile to a prediction: a model in another account's bucket, loaded by the role of a profile's service account.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use proofmark_aws::setup::{AccountSpec, ProviderSpec, RoleSpec, Spec};
use proofmark_env::{
    ApiRequest, AwsIdentity, AwsRequest, CloudPlan, Embedded, Environment, Exchange, ISSUER, Identity, Plan, Universe,
};
use proofmark_json::{Value, json};
use proofmark_kserve::Flavor;
use proofmark_kserve::extras::Project;
use proofmark_kubeflow::KubeflowRelease;

/// The cluster's account, and the one whose bucket holds the model.
const OURS: &str = "111111111111";
const THEIRS: &str = "222222222222";
const ROLE: &str = "arn:aws:iam::111111111111:role/models";
const IRIS: &[u8] = include_bytes!("../../../fixtures/models/iris.json");
const GROUP: &str = "/apis/serving.kserve.io";

fn plan() -> Plan {
    let issuer = ISSUER.trim_start_matches("https://");
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{OURS}:oidc-provider/{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): "system:serviceaccount:team:default-editor",
        }},
    }]});
    let provider =
        ProviderSpec { url: ISSUER.into(), client_ids: vec!["sts.amazonaws.com".into()], ..ProviderSpec::default() };
    let role = RoleSpec {
        name: "models".into(),
        trust,
        policies: [("read".into(), reads(None))].into(),
        ..RoleSpec::default()
    };
    let ours = AccountSpec { id: OURS.into(), providers: vec![provider], roles: vec![role], ..AccountSpec::default() };
    let theirs = AccountSpec { id: THEIRS.into(), ..AccountSpec::default() };
    Plan {
        cloud: Some(CloudPlan {
            accounts: Spec { accounts: vec![ours, theirs], organization: None },
            ..CloudPlan::default()
        }),
        nodes: 1,
        control_plane: Some(Flavor::Kubeflow),
        extras: vec![Project::Irsa, Project::Istio],
        ..Plan::kubeflow(KubeflowRelease::V1_10_2)
    }
}

/// A policy that lets somebody, or its holder, read the bucket.
fn reads(principal: Option<&str>) -> Value {
    let mut statement = json!({
        "Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"],
        "Resource": ["arn:aws:s3:::theirs", "arn:aws:s3:::theirs/*"],
    });
    if let Some(principal) = principal {
        statement["Principal"] = json!({"AWS": principal});
    }
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// The objects that the profile's people make: a model of its own server, and a server for several models with one of them.
fn services() -> [(&'static str, Value); 3] {
    let raw = json!({"serving.kserve.io/deploymentMode": "RawDeployment"});
    let service = |name: &str, model: Value| {
        json!({
            "apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService",
            "metadata": {"name": name, "annotations": raw},
            "spec": {"predictor": {"serviceAccountName": "default-editor", "model": model}},
        })
    };
    let format = json!({"name": "sklearn"});
    let iris = service("iris", json!({"modelFormat": format, "storageUri": "s3://theirs/iris/"}));
    let memory = json!({"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi"}});
    let several = service("several", json!({"modelFormat": format, "resources": memory}));
    let model = json!({
        "apiVersion": "serving.kserve.io/v1alpha1", "kind": "TrainedModel", "metadata": {"name": "more"},
        "spec": {"inferenceService": "several", "model": {
            "framework": "sklearn", "memory": "256Mi", "storageUri": "s3://theirs/iris/",
        }},
    });
    [
        ("v1beta1/namespaces/team/inferenceservices", iris),
        ("v1beta1/namespaces/team/inferenceservices", several),
        ("v1alpha1/namespaces/team/trainedmodels", model),
    ]
}

async fn ready(universe: &Universe, path: &str) -> (bool, Value) {
    let object = send(universe, &Identity::Admin, ApiRequest::get(format!("{GROUP}/{path}"))).await;
    let object = object.response.body.json().clone();
    let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    (conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"), object)
}

async fn send(universe: &Universe, who: &Identity, request: ApiRequest) -> Exchange {
    universe.cluster.send(who, request).await.unwrap()
}

async fn predict(universe: &Universe, service: &str, model: &str, user: &str) -> (u16, String) {
    let body = json!({"instances": [[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]]}).to_string();
    let request = Request::post(format!("/v1/models/{model}:predict"))
        .header("host", format!("{service}-team.example.com"))
        .header("kubeflow-userid", user);
    let answer = universe.gateway.as_ref().unwrap().answer(request.body(Bytes::from(body)).unwrap()).await;
    (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned())
}

/// The log of a container in the pod of a service.
async fn log(universe: &Universe, who: &Identity, service: &str, container: &str) -> String {
    let pods = "/api/v1/namespaces/team/pods?labelSelector=serving.kserve.io%2Finferenceservice%3D";
    let pods = send(universe, who, ApiRequest::get(format!("{pods}{service}"))).await;
    let pod = pods.response.body.json()["items"][0]["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let log = format!("/api/v1/namespaces/team/pods/{pod}/log?container={container}");
    let log = send(universe, who, ApiRequest::get(log)).await;
    let proofmark_env::Body::Text(log) = &log.response.body else { panic!("{log:?}") };
    log.clone()
}

#[test]
fn a_profile_serves_a_model_from_another_account() {
    Embedded.runtime().unwrap().block_on(async {
        let universe = Embedded.prepare(plan()).await.unwrap();
        let cluster = &universe.cluster;
        let theirs = AwsIdentity::root(THEIRS);
        let cloud = universe.cloud.as_ref().unwrap();
        let bucket = AwsRequest::s3(Method::PUT, "theirs", "", &[]);
        let object = AwsRequest::s3(Method::PUT, "theirs", "iris/model.joblib", &[]).with_body(IRIS);
        for request in [bucket, object] {
            assert_eq!(cloud.send(&theirs, request).await.unwrap().response.status, 200);
        }

        let profile = json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": "team"},
            "spec": {"owner": {"kind": "User", "name": "alice@example.com"}},
        });
        send(&universe, &Identity::Admin, ApiRequest::post("/apis/kubeflow.org/v1/profiles", profile)).await;
        cluster.settle().await;
        let role = json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": ROLE}}});
        let account = "/api/v1/namespaces/team/serviceaccounts/default-editor";
        let annotated = ApiRequest::patch(account, proofmark_env::PatchFormat::Merge, role);
        assert_eq!(send(&universe, &Identity::Admin, annotated).await.response.status, 200);

        let editor = Identity::ServiceAccount { namespace: "team".into(), name: "default-editor".into() };
        for (path, object) in services() {
            let made = send(&universe, &editor, ApiRequest::post(format!("{GROUP}/{path}"), object)).await;
            assert_eq!(made.response.status, 201, "{:?}", made.response.body);
        }
        cluster.advance(Duration::from_secs(60)).await;

        // The role may read and the bucket's owner does not let it: it fails, and says so.
        let (is_ready, iris) = ready(&universe, "v1beta1/namespaces/team/inferenceservices/iris").await;
        assert!(!is_ready);
        let why = iris["status"]["modelStatus"]["lastFailureInfo"]["message"].as_str().unwrap_or_default();
        assert!(why.contains("(AccessDenied) when calling the ListObjects operation"), "{iris:#}");

        let policy = AwsRequest::s3(Method::PUT, "theirs", "", &[("policy", "")]);
        let policy = policy.with_body(reads(Some(ROLE)).to_string());
        assert_eq!(cloud.send(&theirs, policy).await.unwrap().response.status, 204);
        cluster.advance(Duration::from_secs(1200)).await;
        for path in ["v1beta1/namespaces/team/inferenceservices/iris", "v1alpha1/namespaces/team/trainedmodels/more"] {
            let (is_ready, object) = ready(&universe, path).await;
            assert!(is_ready, "{object:#}");
        }
        let answer = (200, r#"{"predictions":[1,1]}"#.to_owned());
        assert_eq!(predict(&universe, "iris", "iris", "alice@example.com").await, answer);
        // The profile's policy lets its owner in and nobody else.
        let denied = (403, "RBAC: access denied".to_owned());
        assert_eq!(predict(&universe, "iris", "iris", "bob@example.com").await, denied);
        let log = log(&universe, &editor, "iris", "storage-initializer").await;
        assert!(log.contains("Successfully copied s3://theirs/iris/ to /mnt/models"), "{log}");
        let log = self::log(&universe, &editor, "several", "agent").await;
        assert_eq!(predict(&universe, "several", "more", "alice@example.com").await, answer, "{log}");
    });
}
