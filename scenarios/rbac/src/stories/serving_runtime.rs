//! kserve/kserve#2053: the same failure two years earlier. Every release known here has its fix; that it stays fixed is still worth a proof.

use proofmark_json::json;
use proofmark_replay::{Level, Link, Resource};

use super::{Sample, Story};

pub(super) static STORY: Story = Story {
    id: "servingruntime-403",
    title: "Nobody in a profile may touch a ServingRuntime",
    summary: "Everybody in a profile is answered 403 on every request for a ServingRuntime.",
    story: "A user brings a model server of his own and registers it in his profile as a ServingRuntime. From his notebook, as default-editor, \
            he may not create it.",
    cause: "ServingRuntimes came with KServe v0.8; the ClusterRole kubeflow-kserve-edit went on naming inferenceservices only.",
    remedy: "Name servingruntimes in the rules for serving.kserve.io of kubeflow-kserve-edit and kubeflow-kserve-view, as KServe does since v0.9.0.",
    links: || vec![Link::issue("kserve/kserve", 2053)],
    level: Level::Core,
    affected: "KServe v0.8 and older, before the first release known here",
    is_affected: |_| false,
    file: "runtime.yaml",
    sample: Sample {
        resource: Resource::new("serving.kserve.io", "v1alpha1", "servingruntimes", "ServingRuntime"),
        name: "team-runtime",
        rest: || {
            json!({"spec": {
                "supportedModelFormats": [{"name": "team-format", "version": "1"}],
                "containers": [{"name": "kserve-container", "image": "registry.example.com/team/server:1", "args": ["--model_dir=/mnt/models"]}],
            }})
        },
    },
    parent: None,
};
