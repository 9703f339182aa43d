//! The roles name the kind, with an l too many. Seen in the published manifests; no upstream issue is known. Another distribution had left the
//! kind out of its users' roles altogether (opendatahub-io/kserve#1189).

use proofmark_json::json;
use proofmark_replay::{Level, Link, Resource};

use super::{Sample, Story};

pub(super) static STORY: Story = Story {
    id: "llminferenceserviceconfig-403",
    title: "Nobody in a profile may touch an LLMInferenceServiceConfig",
    summary: "Everybody in a profile is answered 403 on every request for an LLMInferenceServiceConfig, because the roles misspell it.",
    story: "A user may create LLMInferenceServices in his profile and wants to share settings between them with an LLMInferenceServiceConfig. \
            That is refused, to the profile's owner as well, and so is reading the configs of his own profile.",
    cause: "Since KServe v0.16.0 the ClusterRoles kubeflow-kserve-edit and kubeflow-kserve-view name `lllminferenceserviceconfigs`. No kind is \
            called so; RBAC does not check names, so nobody notices.",
    remedy: "Spell it llminferenceserviceconfigs in both roles, or add ClusterRoles of one's own with the labels \
             rbac.authorization.kubeflow.org/aggregate-to-kubeflow-edit and -view.",
    links: || {
        let published = "https://github.com/kserve/kserve/blob/v0.16.0/install/v0.16.0/kserve_kubeflow.yaml";
        vec![
            Link { title: "kserve_kubeflow.yaml of KServe v0.16.0".to_owned(), url: published.to_owned() },
            Link::pull("opendatahub-io/kserve", 1189),
        ]
    },
    level: Level::Extended,
    affected: "KServe v0.16.0 to v0.20.0; Kubeflow 26.03",
    is_affected: |_| true,
    file: "llm-config.yaml",
    sample: Sample {
        resource: Resource::new(
            "serving.kserve.io",
            "v1alpha1",
            "llminferenceserviceconfigs",
            "LLMInferenceServiceConfig",
        ),
        name: "team-defaults",
        rest: || json!({"spec": {"model": {"uri": "hf://facebook/opt-125m", "name": "opt"}}}),
    },
    parent: None,
};
