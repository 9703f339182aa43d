//! Shared by the tests that hold this crate against kubectl.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use proofmark_json::Value;
use proofmark_manifests::{Identity, ManifestSet, Source, load};

/// Whether this runs in CI, where nothing may be skipped.
#[expect(clippy::disallowed_methods, reason = "tests find their surroundings by environment variables")]
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

pub(crate) struct NoKubectl;

/// What kubectl makes of a kustomization; nothing if it refuses.
pub(crate) fn kubectl_kustomize(folder: &Path) -> Result<Option<String>, NoKubectl> {
    let output = Command::new("kubectl").arg("kustomize").arg(folder).output().map_err(|_| NoKubectl)?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// In what two sets of objects differ, the order aside.
pub(crate) fn difference(ours: &ManifestSet, theirs: &str) -> Option<String> {
    let theirs = match load(&[Source::Stdin(theirs.to_owned())]) {
        Ok(theirs) => theirs,
        Err(errors) => return Some(format!("cannot read kubectl's output: {errors:?}")),
    };
    let by_identity = |set: &ManifestSet| -> BTreeMap<Identity, Value> {
        set.objects.iter().map(|object| (object.identity(), object.value.clone())).collect()
    };
    let (ours, theirs) = (by_identity(ours), by_identity(&theirs));
    let mut lines = Vec::new();
    for identity in ours.keys().chain(theirs.keys()).collect::<std::collections::BTreeSet<_>>() {
        match (ours.get(identity), theirs.get(identity)) {
            (Some(ours), Some(theirs)) => compare(ours, theirs, &identity.to_string(), &mut lines),
            (Some(_), None) => lines.push(format!("{identity}: only here")),
            (None, _) => lines.push(format!("{identity}: only from kubectl")),
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn compare(ours: &Value, theirs: &Value, path: &str, lines: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for key in ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key))) {
                let missing = Value::String("(absent)".to_owned());
                let (ours, theirs) = (ours.get(key).unwrap_or(&missing), theirs.get(key).unwrap_or(&missing));
                compare(ours, theirs, &format!("{path}/{key}"), lines);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                compare(ours, theirs, &format!("{path}/{index}"), lines);
            }
        }
        _ if ours == theirs => {}
        _ => lines.push(format!("{path}: here {ours}, from kubectl {theirs}")),
    }
}
