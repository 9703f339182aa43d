//! The other kind of kserve/kserve#4225.

use proofmark_json::json;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Resource};

use super::{Sample, Story};

pub(super) static STORY: Story = Story {
    id: "inferencegraph-403",
    title: "Nobody in a profile may touch an InferenceGraph",
    summary: "Everybody in a profile, its owner included, is answered 403 on every request for an InferenceGraph.",
    story: "A user chains two InferenceServices of his profile with an InferenceGraph. He may edit the services, and is refused the graph that \
            joins them.",
    cause: "The ClusterRoles kubeflow-kserve-edit and kubeflow-kserve-view do not name inferencegraphs, although the kind is installed.",
    remedy: "Name inferencegraphs in the rules for serving.kserve.io of both roles, as KServe v0.15.0 and Kubeflow 1.10.1 do, or add ClusterRoles \
             of one's own with the labels rbac.authorization.kubeflow.org/aggregate-to-kubeflow-edit and -view.",
    links: || vec![Link::issue("kubeflow/manifests", 2974), Link::pull("kserve/kserve", 4225)],
    level: Level::Core,
    affected: "KServe up to v0.14.1 and v0.15.0-rc0; Kubeflow up to 1.10.0",
    is_affected: |release| release < Release::V0_15_0Rc1,
    file: "graph.yaml",
    sample: Sample {
        resource: Resource::new("serving.kserve.io", "v1alpha1", "inferencegraphs", "InferenceGraph"),
        name: "dog-breeds",
        rest: || {
            json!({"spec": {"nodes": {"root": {"routerType": "Sequence", "steps": [
                {"name": "animal", "serviceName": "cat-or-dog"},
                {"name": "breed", "serviceName": "dog-breed", "data": "$request"},
            ]}}}})
        },
    },
    parent: None,
};
