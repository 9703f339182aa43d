//! Storage URIs: which of them a release can load, and what it says of the others.

use std::sync::LazyLock;

use proofmark_controllers::kit::object;
use proofmark_json::Value;
use regex::Regex;

use crate::behaviour::Behaviour;

/// What URIs may begin with, in the order in which it is told.
pub(crate) const PREFIXES: [&str; 10] =
    ["gs://", "s3://", "pvc://", "file://", "https://", "http://", "hdfs://", "webhdfs://", "oci://", "hf://"];
/// The same where images may be mounted.
const WITH_NATIVE_IMAGES: [&str; 11] = [
    "gs://",
    "s3://",
    "pvc://",
    "file://",
    "https://",
    "http://",
    "hdfs://",
    "webhdfs://",
    "oci://",
    "oci+native://",
    "hf://",
];

static AZURE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("https://(.+?).blob.core.windows.net/(.+)").ok());
static SCHEME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\w+?://").ok());

/// The prefixes of a release.
pub(crate) fn prefixes(behaviour: Behaviour) -> &'static [&'static str] {
    if behaviour.native_images {
        return &WITH_NATIVE_IMAGES;
    }
    match (behaviour.hugging_face_uris, behaviour.modelcars) {
        (true, _) => &PREFIXES,
        (false, true) => &PREFIXES[..9],
        (false, false) => &PREFIXES[..8],
    }
}

/// Checks a URI; `containers` are the ClusterStorageContainers, any of which may claim it.
pub(crate) fn check(uri: &str, containers: &[Value], behaviour: Behaviour) -> Result<(), String> {
    let claimed = containers.iter().any(|container| is_enabled(container) && claims(container, uri));
    let local = !SCHEME.as_ref().is_some_and(|scheme| scheme.is_match(uri));
    let known = prefixes(behaviour);
    let supported = match uri.contains("blob.core.windows.net") {
        true => AZURE.as_ref().is_some_and(|azure| azure.is_match(uri)),
        false => known.iter().any(|prefix| uri.starts_with(prefix)),
    };
    if claimed || local || supported {
        return Ok(());
    }
    Err(format!("StorageURI not supported: {}", unsupported(uri, known, !behaviour.small_letters)))
}

/// What is said of a URI that cannot be loaded.
pub(crate) fn unsupported(uri: &str, prefixes: &[&str], full_stop: bool) -> String {
    let end = if full_stop { "." } else { "" };
    format!(
        "storageUri, must be one of: [{}] or match https://{{}}.blob.core.windows.net/{{}}/{{}} or be an absolute or relative local path. \
         StorageUri [{uri}] is not supported{end}",
        prefixes.join(", ")
    )
}

/// Whether a ClusterStorageContainer is for init containers and not switched off.
pub(crate) fn is_enabled(container: &Value) -> bool {
    let workload = object::text(container, "/spec/workloadType");
    !object::flag(container, "/disabled") && matches!(workload, "" | "initContainer")
}

/// Whether a ClusterStorageContainer says that it loads a URI.
pub(crate) fn claims(container: &Value, uri: &str) -> bool {
    object::list(container, "/spec/supportedUriFormats").iter().any(|format| {
        let (prefix, pattern) = (object::text(format, "/prefix"), object::text(format, "/regex"));
        !prefix.is_empty() && uri.starts_with(prefix)
            || !pattern.is_empty() && Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(uri))
    })
}
