//! kserve/kserve#4224: the roles know InferenceServices and ServingRuntimes, and nothing that came after them.

use proofmark_json::json;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Resource};

use super::{Sample, Story};

pub(super) static STORY: Story = Story {
    id: "trainedmodel-403",
    title: "Nobody in a profile may touch a TrainedModel",
    summary: "Everybody in a profile, its owner included, is answered 403 on every request for a TrainedModel.",
    story: "A user has an InferenceService for several models and adds a model to it from a notebook, with `kubectl apply -f model2.yaml`. The \
            notebook runs as default-editor, which may edit InferenceServices, but the TrainedModel is refused; and because apply reads before \
            it writes, the words are those of a refused get. The Python client and the profile's owner fare no better.",
    cause: "The ClusterRoles kubeflow-kserve-edit and kubeflow-kserve-view, which flow into what a profile's members are bound to, name \
            inferenceservices and servingruntimes only. The kind is installed, its controller runs, and no role of a user names it.",
    remedy: "Name trainedmodels in the rules for serving.kserve.io of both roles, as KServe v0.15.0 and Kubeflow 1.10.1 do. On an older release a \
             ClusterRole of one's own with the label rbac.authorization.kubeflow.org/aggregate-to-kubeflow-edit (and one with -view) does the same \
             and survives upgrades.",
    links: || {
        vec![
            Link::issue("kserve/kserve", 4224),
            Link::pull("kserve/kserve", 4225),
            Link::issue("kubeflow/manifests", 2974),
        ]
    },
    level: Level::Core,
    affected: "KServe up to v0.14.1 and v0.15.0-rc0; Kubeflow up to 1.10.0",
    is_affected: |release| release < Release::V0_15_0Rc1,
    file: "model2.yaml",
    sample: Sample {
        resource: Resource::new("serving.kserve.io", "v1alpha1", "trainedmodels", "TrainedModel"),
        name: "simple-string",
        rest: || {
            json!({"spec": {"inferenceService": "triton-mms", "model": {
                "framework": "triton", "memory": "1Gi", "storageUri": "gs://team-models/simple_string",
            }}})
        },
    },
    parent: Some(Sample {
        resource: Resource::new("serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService"),
        name: "triton-mms",
        rest: || json!({"spec": {"predictor": {"model": {"modelFormat": {"name": "triton"}, "protocolVersion": "v2"}}}}),
    }),
};
