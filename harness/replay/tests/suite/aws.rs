//! Loads of models while somebody changes the cloud.

use proofmark_aws::setup::{AccountSpec, RoleSpec, Spec};
use proofmark_env::{AwsIdentity, CloudPlan, Embedded, Plan};
use proofmark_json::json;
use proofmark_model_loader::Release;
use proofmark_replay::{
    Affected, Event, Expected, Load, RunResult, Runner, Scenario, Step, StepVerdict, Target, Verdict, step,
};

const ACCOUNT: &str = "222222222222";

fn admin() -> AwsIdentity {
    AwsIdentity::root(ACCOUNT)
}

fn cloud() -> Plan {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]});
    let role = RoleSpec { name: "reader".into(), trust, ..RoleSpec::default() };
    let account = AccountSpec { id: ACCOUNT.into(), roles: vec![role], ..AccountSpec::default() };
    let accounts = Spec { accounts: vec![account], organization: None };
    Plan { cloud: Some(CloudPlan { accounts, ..CloudPlan::default() }), ..Plan::default() }
}

fn play(steps: fn() -> Vec<Step>) -> RunResult {
    let scenario = Scenario::new("load", "A model is loaded", Affected::new("every release", |_| Expected::Reproduces))
        .universe(|_| cloud())
        .arrange(move |_| steps());
    let release = proofmark_kserve::Release::matrix().last().unwrap();
    Runner::new(&Embedded).run(&[scenario], &[Target::kserve(release)], &mut |_: &Event| Ok(())).unwrap()
}

fn load(key: &str) -> Load {
    Load::new(Release::V0_18, format!("s3://models/{key}"))
        .with_keys(ACCOUNT, "test")
        .variable("AWS_DEFAULT_REGION", "us-east-1")
}

#[test]
fn what_should_happen_after_the_list_needs_a_list() {
    let result = play(|| {
        vec![
            step("the bucket is not there")
                .load(load("churn").revoked_once_listed(&admin(), "reader"))
                .gives_up("nothing"),
        ]
    });
    let told = format!("{:?}", result.cases[0].conclusion);
    assert_eq!(result.cases[0].conclusion.verdict, Verdict::InnerError, "{told}");
    assert!(told.contains("the storage initializer ended before it had listed the bucket"), "{told}");
}

#[test]
fn a_revocation_that_is_refused_is_the_outcome() {
    let result = play(|| {
        vec![
            step("there is a bucket").by(&admin()).create_bucket("models"),
            step("with a model").by(&admin()).put_object("models", "churn/model", "weights"),
            step("the role is not there")
                .load(load("churn").revoked_once_listed(&admin(), "writer"))
                .fails_as(404, "NoSuchEntity"),
        ]
    });
    let outcome = result.cases[0].phases[0].steps.last().unwrap();
    assert_eq!(outcome.verdict, StepVerdict::AsExpected, "{outcome:?}");
}
