//! Failures on the way to a model: secrets, certificates, storage containers, namespaces that get no initializer.
//!
//! | where | what goes wrong |
//! |---|---|
//! | `stories/storage-key-missing.yaml` | a storage specification names a key that its secret does not have |
//! | `stories/non-string-storage-config.yaml` | an entry of the secret holds something that is no text |
//! | `stories/parameters-hide-cabundle.yaml` | naming the type of a storage hides the certificates that its secret names |
//! | `certificate_field` | one key of the secret means two things to KServe and to ModelMesh |
//! | `authority_missing` | the ConfigMap with the cluster's certificates is not there |
//! | `stories/control-plane-namespace.yaml` | a label of the namespace keeps the initializer away |
//! | `stories/env-merge-conflict.yaml` | a variable has a value here and a reference there |
//! | `stories/duplicate-volume.yaml` | a storage container has another name than the one that is looked for |
//! | `memory` | the memory of the initializer is not where it is looked for |
//! | `stories/hf-token.yaml` | a token for the server that the initializer does not get |
//! | `stories/namespace-stuck-on-trainedmodel.yaml` | a namespace that does not go, for a model whose service went first |
//!
//! In Rust are those that no file can say: `certificate_field` runs the storage initializer and ModelMesh's puller; `authority_missing` and `memory` write the
//! configuration anew that each release ships.

mod authority_missing;
mod certificate_field;
mod memory;
mod secret;

use proofmark_replay::Scenario;
use proofmark_scenario_files::embedded;

/// The scenarios of this family.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        embedded("storage-key-missing.yaml", include_str!("../stories/storage-key-missing.yaml")),
        embedded("non-string-storage-config.yaml", include_str!("../stories/non-string-storage-config.yaml")),
        embedded("parameters-hide-cabundle.yaml", include_str!("../stories/parameters-hide-cabundle.yaml")),
        certificate_field::scenario(),
        authority_missing::scenario(),
        embedded("control-plane-namespace.yaml", include_str!("../stories/control-plane-namespace.yaml")),
        embedded("env-merge-conflict.yaml", include_str!("../stories/env-merge-conflict.yaml")),
        embedded("duplicate-volume.yaml", include_str!("../stories/duplicate-volume.yaml")),
        memory::scenario(),
        embedded("hf-token.yaml", include_str!("../stories/hf-token.yaml")),
        embedded(
            "namespace-stuck-on-trainedmodel.yaml",
            include_str!("../stories/namespace-stuck-on-trainedmodel.yaml"),
        ),
    ]
}
