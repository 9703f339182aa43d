//! Failures on the way to a model: secrets, certificates, storage containers, namespaces that get no initializer.
//!
//! | module | what goes wrong |
//! |---|---|
//! | `key_missing` | a storage specification names a key that its secret does not have |
//! | `not_text` | an entry of the secret holds something that is no text |
//! | `hidden_authority` | naming the type of a storage hides the certificates that its secret names |
//! | `certificate_field` | one key of the secret means two things to KServe and to ModelMesh |
//! | `authority_missing` | the ConfigMap with the cluster's certificates is not there |
//! | `control_plane_namespace` | a label of the namespace keeps the initializer away |
//! | `variable_conflict` | a variable has a value here and a reference there |
//! | `duplicate_volume` | a storage container has another name than the one that is looked for |
//! | `memory` | the memory of the initializer is not where it is looked for |
//! | `hugging_face` | a token for the server that the initializer does not get |
//! | `stories/namespace-stuck-on-trainedmodel.yaml` | a namespace that does not go, for a model whose service went first |

mod authority_missing;
mod certificate_field;
mod control_plane_namespace;
mod duplicate_volume;
mod hidden_authority;
mod hugging_face;
mod key_missing;
mod memory;
mod not_text;
mod secret;
mod variable_conflict;

use proofmark_replay::Scenario;
use proofmark_scenario_files::embedded;

/// The scenarios of this family.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        key_missing::scenario(),
        not_text::scenario(),
        hidden_authority::scenario(),
        certificate_field::scenario(),
        authority_missing::scenario(),
        control_plane_namespace::scenario(),
        variable_conflict::scenario(),
        duplicate_volume::scenario(),
        memory::scenario(),
        hugging_face::scenario(),
        embedded(
            "namespace-stuck-on-trainedmodel.yaml",
            include_str!("../stories/namespace-stuck-on-trainedmodel.yaml"),
        ),
    ]
}

/// How the pod webhook's refusal reaches users: as an event of the ReplicaSet.
fn pod_refused(why: &str) -> String {
    let hook = "inferenceservice.kserve-webhook-server.pod-mutator";
    format!("Error creating: admission webhook \"{hook}\" denied the request: {why}")
}
