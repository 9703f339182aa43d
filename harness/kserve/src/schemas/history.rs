//! What Kubernetes' types had in which minor version, as far as it differs from the tables of the built-in API (1.35).
//!
//! Sources: `k8s.io/api` of each minor version. Fields that were there in 1.26, the oldest version that a release is built with, need no row.

/// Fields by the Go name of their struct, and the minor version that brought them.
const SINCE: &[(&str, &str, u8)] = &[
    ("v1.Container", "resizePolicy", 27),
    ("v1.Container", "restartPolicy", 28),
    ("v1.Container", "restartPolicyRules", 34),
    ("v1.EnvVarSource", "fileKeyRef", 34),
    ("v1.EphemeralContainer", "resizePolicy", 27),
    ("v1.EphemeralContainer", "restartPolicy", 28),
    ("v1.EphemeralContainer", "restartPolicyRules", 34),
    ("v1.Lifecycle", "stopSignal", 33),
    ("v1.LifecycleHandler", "sleep", 29),
    ("v1.PersistentVolumeClaimSpec", "volumeAttributesClassName", 29),
    ("v1.PersistentVolumeSpec", "volumeAttributesClassName", 29),
    ("v1.PodAffinityTerm", "matchLabelKeys", 29),
    ("v1.PodAffinityTerm", "mismatchLabelKeys", 29),
    ("v1.PodCertificateProjection", "userAnnotations", 35),
    ("v1.PodResourceClaim", "resourceClaimName", 31),
    ("v1.PodResourceClaim", "resourceClaimTemplateName", 31),
    ("v1.PodSecurityContext", "appArmorProfile", 30),
    ("v1.PodSecurityContext", "seLinuxChangePolicy", 32),
    ("v1.PodSecurityContext", "supplementalGroupsPolicy", 31),
    ("v1.PodSpec", "hostnameOverride", 34),
    ("v1.PodSpec", "resources", 32),
    ("v1.PodSpec", "workloadRef", 35),
    ("v1.ResourceClaim", "request", 31),
    ("v1.SecurityContext", "appArmorProfile", 30),
    ("v1.Volume", "image", 31),
    ("v1.VolumeMount", "recursiveReadOnly", 30),
    ("v1.VolumeProjection", "clusterTrustBundle", 29),
    ("v1.VolumeProjection", "podCertificate", 34),
];

/// Fields that are gone: the first minor version without them, and the texts that the object in them held.
const UNTIL: &[(&str, &str, u8, &[&str])] =
    &[("v1.PodResourceClaim", "source", 31, &["resourceClaimName", "resourceClaimTemplateName"])];

/// Fields that held another type before a minor version.
const HELD: &[(&str, &str, u8, &str)] = &[("v1.PersistentVolumeClaimSpec", "resources", 29, "v1.ResourceRequirements")];

/// Fields that are required since a minor version; all others that are required always were.
const REQUIRED_SINCE: &[(&str, &str, u8)] = &[("v1.HostAlias", "ip", 30)];

/// Lists that said how they merge before 1.30, when all others in a pod learned it.
const EARLY_LISTS: &[(&str, &str)] = &[
    ("v1.Container", "ports"),
    ("v1.Container", "resizePolicy"),
    ("v1.EphemeralContainer", "ports"),
    ("v1.EphemeralContainer", "resizePolicy"),
    ("v1.PodSpec", "resourceClaims"),
    ("v1.PodSpec", "schedulingGates"),
    ("v1.PodSpec", "topologySpreadConstraints"),
    ("v1.ResourceRequirements", "claims"),
    ("v1.TopologySpreadConstraint", "matchLabelKeys"),
];

/// Fields whose default is found in the types of 1.30; the others that have one got it in 1.31.
const EARLY_DEFAULTS: &[&str] = &["name", "service"];

/// Whether a struct had a field.
pub(super) fn has(minor: u8, of: &str, field: &str) -> bool {
    since(SINCE, of, field) <= minor
}

/// Whether a field that is required in the tables was so.
pub(super) fn requires(minor: u8, of: &str, field: &str) -> bool {
    since(REQUIRED_SINCE, of, field) <= minor
}

/// The Go name of the type that a field held, if it was another than today's.
pub(super) fn held(minor: u8, of: &str, field: &str) -> Option<&'static str> {
    HELD.iter().find(|row| (row.0, row.1) == (of, field) && minor < row.2).map(|row| row.3)
}

/// The fields of a struct that are gone today, with the texts in them.
pub(super) fn gone(minor: u8, of: &str) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    UNTIL.iter().filter(move |row| row.0 == of && minor < row.2).map(|row| (row.1, row.3))
}

/// Whether a list said how it merges.
pub(super) fn marks_lists(minor: u8, of: &str, field: &str) -> bool {
    minor >= 30 || EARLY_LISTS.contains(&(of, field))
}

/// Whether controller-gen finds a default. It brings that of protocols itself, reads marked ones from the release on that KServe uses with 1.30, and none that
/// refers to a constant.
pub(super) fn marks_default(minor: u8, of: &str, field: &str) -> bool {
    let by_constant = of == "v1.AzureDiskVolumeSource" && ["cachingMode", "kind"].contains(&field);
    let since = if EARLY_DEFAULTS.contains(&field) { 30 } else { 31 };
    field == "protocol" || (minor >= since && !by_constant)
}

fn since(table: &[(&str, &str, u8)], of: &str, field: &str) -> u8 {
    table.iter().find(|row| (row.0, row.1) == (of, field)).map_or(0, |row| row.2)
}
