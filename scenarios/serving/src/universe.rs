//! KServe's control plane around the target's release, and what it ships.

use proofmark_env::Plan;
use proofmark_json::Value;
use proofmark_kserve::{Flavor, Release, install};
use proofmark_replay::{Affected, Expected, Target};

/// The target's release of KServe as it installs itself, with its control plane running.
pub fn with_control_plane(target: &Target) -> Plan {
    Plan { kubeflow: None, control_plane: Some(Flavor::Standalone), ..target.plan.clone() }
}

/// Where the control plane lives.
pub const CONTROL_PLANE: &str = Flavor::Standalone.namespace();

/// The target's release; the newest where it names none, which the scenario's judgement has ruled out by then.
pub fn release(target: &Target) -> Release {
    target.plan.kserve.unwrap_or(Release::latest())
}

/// Releases of KServe: `since` says from which on the scenario has a meaning (and why not before), `affected` which of them have the failure.
pub fn affected(
    words: &str,
    since: Option<(Release, &'static str)>,
    affected: impl Fn(Release) -> bool + Send + Sync + 'static,
) -> Affected {
    Affected::new(words, move |target| match (target.plan.kserve, since) {
        (None, _) => Expected::NotApplicable { reason: format!("{} brings no known release of KServe", target.name) },
        (Some(release), Some((first, lacks))) if release < first => {
            Expected::NotApplicable { reason: format!("KServe {release} {lacks}") }
        }
        (Some(release), _) if affected(release) => Expected::Reproduces,
        (Some(_), _) => Expected::Absent,
    })
}

/// What the release ships of a kind under a name: a runtime, the configuration.
pub fn shipped(release: Release, kind: &str, name: &str) -> Value {
    let objects = install::control_plane(release, CONTROL_PLANE);
    let found = objects.into_iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_default()
}

/// A part of the shipped configuration, which is JSON in a text.
pub fn setting(release: Release, part: &str) -> Value {
    let config = shipped(release, "ConfigMap", CONFIG);
    config["data"][part].as_str().and_then(|text| proofmark_json::from_str(text).ok()).unwrap_or_default()
}

/// The ConfigMap with the settings of the control plane.
pub const CONFIG: &str = "inferenceservice-config";
