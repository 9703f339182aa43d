//! A documented failure, shortened, on the embedded API server: every release of KServe, one run.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::LocalBoxFuture;
use proofmark_env::{Embedded, EnvError, Environment, Identity, Plan, Universe};
use proofmark_json::{Value, json};
use proofmark_kserve::Release;
use proofmark_kubeflow::KubeflowRelease;
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

/// Counts the universes that are made.
#[derive(Default)]
struct Counted {
    universes: AtomicUsize,
}

impl Environment for Counted {
    fn runtime(&self) -> io::Result<tokio::runtime::Runtime> {
        Embedded.runtime()
    }

    fn prepare(&self, plan: Plan) -> LocalBoxFuture<'_, Result<Universe, EnvError>> {
        self.universes.fetch_add(1, Ordering::Relaxed);
        Embedded.prepare(plan)
    }
}

fn run(environment: &dyn Environment, targets: &[Target], threads: usize) -> (RunResult, Vec<String>) {
    let mut told = Vec::new();
    let result = Runner::new(environment)
        .seed(1)
        .threads(NonZeroUsize::new(threads).unwrap())
        .run(&[trainedmodel_403()], targets, &mut |event: &Event| {
            told.push(proofmark_json::to_string(event).unwrap());
            Ok(())
        })
        .unwrap();
    (result, told)
}

fn releases(releases: &[Release]) -> Vec<Target> {
    releases.iter().map(|release| Target::kserve(*release)).collect()
}

#[test]
fn every_release_is_as_documented() {
    let (result, _) = run(&Embedded, &releases(Release::all()), 2);
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
    let targets = releases(&[Release::V0_13_1, Release::V0_14_1, Release::V0_15_0]);
    assert_eq!(run(&Embedded, &targets, 1).1, run(&Embedded, &targets, 3).1);
}

#[test]
fn what_is_one_universe_is_played_once_and_told_as_if_alone() {
    let targets = [
        Target::kserve(Release::V0_14_1),
        Target::kserve(Release::V0_15_0),
        Target::kubeflow(KubeflowRelease::V1_10_0),
        Target::kubeflow(KubeflowRelease::V1_10_1),
        Target::kubeflow(KubeflowRelease::V1_10_2),
        Target::both(Release::V0_15_0, KubeflowRelease::V1_10_1),
        Target::both(Release::V0_14_1, KubeflowRelease::V1_10_2),
    ];
    let universes: Vec<_> = targets.iter().map(|target| target.universe.as_str()).collect();
    let [older, newer, apart] = ["KServe 0.14.1", "KServe 0.15.0", "Kubeflow 1.10.1"];
    assert_eq!(universes, [older, newer, older, apart, newer, apart, "KServe 0.14.1 on Kubeflow 1.10.2"]);

    let counted = Counted::default();
    let (_, together) = run(&counted, &targets, 2);
    assert_eq!(counted.universes.into_inner(), 4);
    let alone = targets.iter().flat_map(|target| {
        let (_, told) = run(&Embedded, std::slice::from_ref(target), 1);
        told[1..told.len() - 1].to_vec()
    });
    // The first event and the last are the run's own.
    assert_eq!(together[1..together.len() - 1], alone.collect::<Vec<_>>());
}
