//! Which resources are GPUs, where several nodes share a model.

use proofmark_controllers::kit::object;
use proofmark_json::Value;

/// The annotation that names more kinds of GPUs: a JSON array of names.
pub(super) const KINDS: &str = "serving.kserve.io/gpu-resource-types";

const KNOWN: [&str; 4] = ["nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi"];
/// Resources that are no GPUs.
const OTHERS: [&str; 4] = ["cpu", "memory", "storage", "ephemeral-storage"];

/// The kinds of GPUs, with those that an annotation names.
pub(super) fn kinds(annotation: Option<&str>) -> Result<Vec<String>, String> {
    let mut kinds: Vec<String> = KNOWN.map(str::to_owned).into();
    if let Some(text) = annotation.filter(|text| !text.is_empty()) {
        let named: Option<Vec<String>> = proofmark_json::from_str(text).ok();
        let named = named.filter(|named| !named.is_empty() && !named.iter().any(String::is_empty));
        kinds.extend(
            named.ok_or_else(|| {
                format!("invalid GPU format({text}) for {KINDS} annotation: must be a valid JSON array")
            })?,
        );
    }
    Ok(kinds)
}

/// Whether a container asks for something that is neither a GPU nor an ordinary resource.
pub(super) fn unknown(container: &Value, kinds: &[String]) -> bool {
    ["limits", "requests"].iter().any(|part| {
        let asked = container.get("resources").and_then(|resources| resources.get(*part)?.as_object());
        asked
            .into_iter()
            .flatten()
            .any(|(name, _)| !OTHERS.contains(&name.as_str()) && !kinds.iter().any(|kind| kind == name))
    })
}

/// Whether a container sets a variable.
pub(super) fn sets(container: &Value, name: &str) -> bool {
    object::list(container, "/env").iter().any(|variable| object::text(variable, "/name") == name)
}
