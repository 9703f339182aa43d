//! AppArmor and seccomp profiles: none that takes protection away.

use proofmark_json::Value;

use super::{Values, bad_containers, containers, plural, quoted, security, setters, text, violation};
use crate::evaluate::Violation;
use crate::pod::{Pod, name};

/// A profile's type where a profile is set.
fn profile(of: Option<&Value>) -> Option<String> {
    of.filter(|p| !p.is_null()).map(|p| text(p.get("type")))
}

fn is_protecting(profile: &str) -> bool {
    matches!(profile, "RuntimeDefault" | "Localhost")
}

/// Who sets which bad profiles.
fn bad_profiles(pod: &Pod<'_>, field: &str) -> (bool, Vec<String>, Values) {
    let mut values = Values::new();
    let mut is_bad = |set: Option<String>| {
        let bad = set.filter(|p| !is_protecting(p));
        let found = bad.is_some();
        values.extend(bad);
        found
    };
    let of_pod = is_bad(profile(pod.spec(&format!("/securityContext/{field}"))));
    let bad = bad_containers(pod, |c| is_bad(profile(security(Some(c), &format!("/{field}")))));
    (of_pod, bad, values)
}

pub(super) fn app_armor(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
    let (of_pod, bad, values) = bad_profiles(pod, "appArmorProfile");
    let of_annotations = pod.annotations().into_iter().flatten().filter(|(key, _)| key.starts_with(PREFIX));
    let forbidden: Values = of_annotations
        .map(|(key, value)| (key, text(Some(value))))
        .filter(|(_, value)| !(value.is_empty() || value == "runtime/default" || value.starts_with("localhost/")))
        .map(|(key, value)| format!("{key}={}", proofmark_status::quote(&value)))
        .collect();
    let mut who: Vec<String> = setters(of_pod, &bad).into_iter().collect();
    if !forbidden.is_empty() {
        who.push(plural("annotation", "annotations", forbidden.len()).to_owned());
    }
    if who.is_empty() {
        return None;
    }
    let all: Vec<String> = values.into_iter().chain(forbidden).collect();
    let reason = plural("forbidden AppArmor profile", "forbidden AppArmor profiles", all.len());
    let detail = format!("{} must not set AppArmor profile type to {}", who.join(" and "), quoted(&all));
    Some(violation(reason, detail))
}

pub(super) fn seccomp_baseline(pod: &Pod<'_>, minor: u64) -> Option<Violation> {
    // Before 1.19 profiles were annotations.
    if minor < 19 { seccomp_annotations(pod) } else { seccomp_set_badly(pod) }
}

fn seccomp_annotations(pod: &Pod<'_>) -> Option<Violation> {
    const OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
    const OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
    let keys = std::iter::once(OF_POD.to_owned()).chain(pod.containers().map(|c| format!("{OF_CONTAINER}{}", name(c))));
    let set = keys.filter_map(|key| Some((pod.annotations()?.get(&key)?.as_str()?.to_owned(), key)));
    let is_good = |v: &str| matches!(v, "runtime/default" | "docker/default") || v.starts_with("localhost/");
    let bad = set.filter(|(value, _)| !is_good(value));
    let forbidden: Values = bad.map(|(value, key)| format!("{key}={}", proofmark_status::quote(&value))).collect();
    let listed: Vec<&str> = forbidden.iter().map(String::as_str).collect();
    let what = plural("annotation", "annotations", forbidden.len());
    let detail = format!("forbidden {what} {}", listed.join(", "));
    (!forbidden.is_empty()).then(|| violation("seccompProfile", detail))
}

fn seccomp_set_badly(pod: &Pod<'_>) -> Option<Violation> {
    let (of_pod, bad, values) = bad_profiles(pod, "seccompProfile");
    let setters = setters(of_pod, &bad)?;
    let detail = format!("{setters} must not set securityContext.seccompProfile.type to {}", quoted(&values));
    Some(violation("seccompProfile", detail))
}

/// Everybody needs a profile, too.
pub(super) fn seccomp_restricted(pod: &Pod<'_>, minor: u64) -> Option<Violation> {
    if minor >= 25 && pod.is_windows() {
        return None;
    }
    if let Some(bad) = seccomp_set_badly(pod) {
        return Some(bad);
    }
    if pod.spec("/securityContext/seccompProfile").is_some() {
        return None;
    }
    let bare = bad_containers(pod, |c| security(Some(c), "/seccompProfile").is_none());
    let wanted = "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"";
    let detail = format!("pod or {} {wanted}", containers(&bare));
    (!bare.is_empty()).then(|| violation("seccompProfile", detail))
}
