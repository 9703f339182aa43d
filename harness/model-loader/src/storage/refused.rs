//! Sources that are not played. What the original refuses by itself is refused in its words, everything else in ours.

use crate::exception::Exception;
use crate::release::Behaviour;

/// A source that is known and not played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    HuggingFace,
    ModelScope,
    Oci,
    Hdfs,
    AzureBlob,
    AzureFile,
    Git,
}

/// Why a URI of such a source is refused.
pub(super) fn refuse(source: Source, uri: &str, is: &Behaviour) -> Exception {
    let (name, own) = match source {
        Source::HuggingFace => ("Hugging Face", hub(uri, "hf://", "Hugging Face", "hf", is.huggingface_errors_named)),
        Source::ModelScope => ("ModelScope", hub(uri, "modelscope://", "ModelScope", "modelscope", true)),
        Source::Oci => {
            let empty = uri.strip_prefix("oci://").is_some_and(str::is_empty);
            (
                "OCI images",
                empty.then(|| Exception::runtime(format!("OCI image reference cannot be empty in URI: {uri}"))),
            )
        }
        Source::Hdfs => ("HDFS", None),
        Source::AzureBlob => ("Azure Blob Storage", None),
        Source::AzureFile => ("Azure Files", None),
        Source::Git => ("Git", None),
    };
    own.unwrap_or_else(|| {
        Exception::runtime(format!("{name} is not supported by this loader, so {uri} cannot be fetched"))
    })
}

/// Hubs take an owner and a model, which may have a revision.
fn hub(uri: &str, prefix: &str, name: &str, scheme: &str, named: bool) -> Option<Exception> {
    let rest = uri.strip_prefix(prefix)?;
    let parts: Vec<&str> = rest.split('/').collect();
    let [owner, model] = parts.as_slice() else {
        return Some(match named {
            true => Exception::runtime(format!(
                "Invalid {name} URI format. Expected '{scheme}://owner/model[:revision]', got '{uri}'"
            )),
            false => Exception::value("URI must contain exactly one '/' separating the repo and model name"),
        });
    };
    let model = model.split(':').next().unwrap_or_default();
    let (empty, older) = match (owner.is_empty(), model.is_empty()) {
        (true, _) => ("repository owner", "Repository name cannot be empty"),
        (false, true) => ("model name", "Model name cannot be empty"),
        (false, false) => return None,
    };
    Some(match named {
        true => Exception::runtime(format!("{name} {empty} cannot be empty in URI: {uri}")),
        false => Exception::value(older),
    })
}
