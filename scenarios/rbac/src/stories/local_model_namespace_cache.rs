//! A kind made for namespaces that no role of a namespace's users names. Seen in the published manifests; no upstream issue is known.

use proofmark_json::json;
use proofmark_replay::{Level, Link, Resource};

use super::{Sample, Story};

pub(super) static STORY: Story = Story {
    id: "localmodelnamespacecache-403",
    title: "Nobody in a profile may touch a LocalModelNamespaceCache",
    summary: "Everybody in a profile is answered 403 on every request for a LocalModelNamespaceCache.",
    story: "A user wants a large model to be kept on the nodes for his profile alone. That is what the namespaced cache is for, but neither he nor \
            his notebook may create one, or see whether there is one.",
    cause: "KServe v0.18.0 brought the kind; the ClusterRoles kubeflow-kserve-edit and kubeflow-kserve-view do not name \
            localmodelnamespacecaches.",
    remedy: "Name localmodelnamespacecaches in the rules for serving.kserve.io of both roles, or add ClusterRoles of one's own with the labels \
             rbac.authorization.kubeflow.org/aggregate-to-kubeflow-edit and -view. Where caches are to stay in the owners' hands, name them \
             in a role that only kubeflow-admin collects.",
    links: || vec![Link::pull("kserve/kserve", 4887)],
    level: Level::Extended,
    affected: "KServe v0.18.0 to v0.20.0",
    is_affected: |_| true,
    file: "cache.yaml",
    sample: Sample {
        resource: Resource::new(
            "serving.kserve.io",
            "v1alpha1",
            "localmodelnamespacecaches",
            "LocalModelNamespaceCache",
        ),
        name: "team-model",
        rest: || json!({"spec": {"sourceModelUri": "hf://facebook/opt-125m", "modelSize": "1Gi", "nodeGroups": ["workers"]}}),
    },
    parent: None,
};
