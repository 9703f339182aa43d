//! A documented failure, shortened, on the embedded API server: every release of KServe, one run.

use std::num::NonZeroUsize;

use proofmark_env::{Embedded, Identity};
use proofmark_json::{Value, json};
use proofmark_kserve::Release;
use proofmark_replay::{
    Affected, Event, Expected, Resource, RunResult, Runner, Scenario, StepVerdict, Target, Verdict, permissions, step,
};

const TRAINED_MODELS: Resource = Resource::new("serving.kserve.io", "v1alpha1", "trainedmodels", "TrainedModel");
const ROLES: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole");
const BINDINGS: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");
const NAMESPACES: Resource = Resource::new("", "v1", "namespaces", "Namespace");

fn editor() -> Identity {
    Identity::service_account("rchiores", "default-editor")
}

fn stranger() -> Identity {
    Identity::service_account("elsewhere", "default-editor")
}

fn model() -> Value {
    let model =
        json!({"framework": "sklearn", "storageUri": "gs://kfserving-examples/models/sklearn", "memory": "256Mi"});
    TRAINED_MODELS.object(
        Some("rchiores"),
        "simple-string",
        json!({"spec": {"inferenceService": "triton", "model": model}}),
    )
}

fn role() -> Value {
    let rule = json!({"apiGroups": ["serving.kserve.io"], "resources": ["trainedmodels"], "verbs": ["get", "create"]});
    ROLES.object(None, "trainedmodel-editors", json!({"rules": [rule]}))
}

fn binding(name: &str, role: &str) -> Value {
    BINDINGS.object(
        Some("rchiores"),
        name,
        json!({
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": "default-editor", "namespace": "rchiores"}],
        }),
    )
}

fn trainedmodel_403() -> Scenario {
    let affected = Affected::kserve("KServe up to 0.14.1", |release| release <= Release::V0_15_0Rc0);
    Scenario::new("trainedmodel-403", "Users cannot create TrainedModels", affected)
        .arrange(|_| {
            vec![
                step("there is a namespace").create(&NAMESPACES, NAMESPACES.object(None, "rchiores", json!({}))),
                step("its service account may edit").create(&BINDINGS, binding("editor", "kubeflow-kserve-edit")),
                step("who may do what is noted")
                    .survey("before", vec![(editor(), "rchiores".into()), (editor(), "default".into()), (stranger(), "rchiores".into())]),
            ]
        })
        .reproduce(|_| {
            vec![
                step("a user applies a TrainedModel").by(&editor()).apply("model2.yaml", &TRAINED_MODELS, model()).forbidden().prints(concat!(
                    "Error from server (Forbidden): error when retrieving current configuration of:\n",
                    "Resource: \"serving.kserve.io/v1alpha1, Resource=trainedmodels\", ",
                    "GroupVersionKind: \"serving.kserve.io/v1alpha1, Kind=TrainedModel\"\n",
                    "Name: \"simple-string\", Namespace: \"rchiores\"\n",
                    "from server for: \"model2.yaml\": trainedmodels.serving.kserve.io \"simple-string\" is forbidden: ",
                    "User \"system:serviceaccount:rchiores:default-editor\" cannot get resource \"trainedmodels\" ",
                    "in API group \"serving.kserve.io\" in the namespace \"rchiores\""
                )),
                step("he cannot create it otherwise").by(&editor()).create(&TRAINED_MODELS, model()).forbidden().stays(),
            ]
        })
        .fix(|_| {
            vec![
                step("a role is made").apply("role.yaml", &ROLES, role()),
                step("it is bound").apply("binding.yaml", &BINDINGS, binding("models", "trainedmodel-editors")),
            ]
        })
        .verify(|_| {
            vec![step("a user applies a TrainedModel").by(&editor()).apply("model2.yaml", &TRAINED_MODELS, model())
                .prints("trainedmodel.serving.kserve.io/simple-string created")]
        })
        .guard(|target| {
            let fixed = target.plan.kserve.is_some_and(|release| release <= Release::V0_15_0Rc0);
            let opened = if fixed { permissions(&editor(), "rchiores", &TRAINED_MODELS, &["get", "create"]) } else { Vec::new() };
            vec![
                step("a stranger stays out").by(&stranger()).list(TRAINED_MODELS.in_namespace("rchiores")).forbidden().stays(),
                step("nothing else was opened").compare("before").opens(opened),
            ]
        })
}

fn run(releases: &[Release], threads: usize) -> (RunResult, String) {
    let targets: Vec<_> = releases.iter().map(|release| Target::kserve(*release)).collect();
    let mut told = String::new();
    let result = Runner::new(&Embedded)
        .seed(1)
        .threads(NonZeroUsize::new(threads).unwrap())
        .run(&[trainedmodel_403()], &targets, &mut |event: &Event| {
            told.push_str(&proofmark_json::to_string(event).unwrap());
            told.push('\n');
            Ok(())
        })
        .unwrap();
    (result, told)
}

#[test]
fn every_release_is_as_documented() {
    let (result, _) = run(Release::all(), 2);
    for case in &result.cases {
        let bad: Vec<_> =
            case.phases.iter().flat_map(|p| &p.steps).filter(|s| s.verdict != StepVerdict::AsExpected).collect();
        assert_eq!(case.conclusion.verdict, Verdict::Passed, "{} {bad:#?}", case.case.target);
    }
    let affected = result.cases.iter().filter(|case| case.case.expected == Expected::Reproduces).count();
    assert_eq!((affected, result.cases.len()), (12, Release::all().len()));
}

#[test]
fn one_seed_gives_the_same_bytes() {
    let releases = [Release::V0_13_1, Release::V0_14_1, Release::V0_15_0];
    assert_eq!(run(&releases, 1).1, run(&releases, 3).1);
}
