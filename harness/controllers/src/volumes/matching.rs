//! Which volume a claim gets (`pkg/controller/volume/persistentvolume/index.go`, `k8s.io/component-helpers/storage/volume`): one that was kept
//! for it, or else the smallest that has everything it asks for.

use std::sync::Arc;

use proofmark_builtin::quantity::Quantity;
use proofmark_json::Value;

use crate::kit::object;

/// The class of a claim or volume; the annotation is older than the field.
pub(super) fn class(of: &Value) -> &str {
    let annotated = object::annotation(of, "volume.beta.kubernetes.io/storage-class");
    annotated.unwrap_or_else(|| object::text(of, "/spec/storageClassName"))
}

fn amount(of: &Value, at: &str) -> Option<Quantity> {
    Quantity::parse(object::text(of, at)).ok()
}

fn size(volume: &Value) -> Option<Quantity> {
    amount(volume, "/spec/capacity/storage")
}

fn is_large_enough(volume: &Value, claim: &Value) -> bool {
    match (size(volume), amount(claim, "/spec/resources/requests/storage")) {
        (Some(size), Some(wanted)) => size >= wanted,
        (_, wanted) => wanted.is_none(),
    }
}

fn mode(of: &Value) -> &str {
    match object::text(of, "/spec/volumeMode") {
        "" => "Filesystem",
        mode => mode,
    }
}

fn has_modes(volume: &Value, claim: &Value) -> bool {
    let has: Vec<&str> = object::strings(volume, "/spec/accessModes").collect();
    object::strings(claim, "/spec/accessModes").all(|mode| has.contains(&mode))
}

/// Whether a volume was kept for a claim, or is already the claim's.
pub(super) fn is_kept_for(volume: &Value, claim: &Value) -> bool {
    let reference = &volume["spec"]["claimRef"];
    reference["name"] == object::name(claim)
        && reference["namespace"] == object::namespace(claim)
        && matches!(object::text(reference, "/uid"), uid if uid.is_empty() || uid == object::uid(claim))
}

/// Why a claim cannot have the volume that it names.
pub(super) fn mismatch(volume: &Value, claim: &Value) -> Option<&'static str> {
    if !is_large_enough(volume, claim) {
        Some("requested PV is too small")
    } else if class(volume) != class(claim) {
        Some("storageClassName does not match")
    } else if object::text(volume, "/spec/volumeAttributesClassName")
        != object::text(claim, "/spec/volumeAttributesClassName")
    {
        Some("volumeAttributesClassName does not match")
    } else if mode(volume) != mode(claim) {
        Some("incompatible volumeMode")
    } else if !has_modes(volume, claim) {
        Some("incompatible accessMode")
    } else {
        None
    }
}

/// The volume for a claim. One that waits for a pod gets only what was kept for it.
pub(super) fn best(volumes: &[Arc<Value>], claim: &Value, waits: bool) -> Option<Arc<Value>> {
    let selector = claim.pointer("/spec/selector").filter(|selector| !selector.is_null());
    let mut fit: Vec<&Arc<Value>> = volumes.iter().filter(|volume| has_modes(volume, claim)).collect();
    fit.retain(|volume| mode(volume) == mode(claim) && !object::is_being_deleted(volume));
    if let Some(kept) = fit.iter().find(|volume| is_kept_for(volume, claim) && is_large_enough(volume, claim)) {
        return Some(Arc::clone(kept));
    }
    if waits {
        return None;
    }
    fit.retain(|volume| {
        volume["spec"]["claimRef"].is_null()
            && volume["status"]["phase"] == "Available"
            && mismatch(volume, claim).is_none()
            && selector.is_none_or(|selector| proofmark_registry::matches(selector, object::labels(volume)))
    });
    // The fewest access modes beyond those asked for, and then the smallest.
    let modes = |volume: &Value| object::list(volume, "/spec/accessModes").len();
    let order = |a: &&Arc<Value>, b: &&Arc<Value>| modes(a).cmp(&modes(b)).then_with(|| size(a).cmp(&size(b)));
    fit.into_iter().min_by(order).cloned()
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn the_smallest_volume_that_fits() {
        let volume = |name: &str, size: &str, more: Value| {
            let mut spec =
                json!({"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": "a"});
            spec.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            Arc::new(json!({"metadata": {"name": name}, "spec": spec, "status": {"phase": "Available"}}))
        };
        let claim = json!({"metadata": {"name": "c", "namespace": "n", "uid": "u"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": "a", "resources": {"requests": {"storage": "2Gi"}}}});
        let mut volumes = vec![
            volume("small", "1Gi", json!({})),
            volume("large", "9Gi", json!({})),
            volume("right", "3Gi", json!({})),
            volume("other", "2Gi", json!({"storageClassName": "b"})),
        ];
        let name = |found: Option<Arc<Value>>| found.map(|volume| object::name(&volume).to_owned());
        assert_eq!(name(best(&volumes, &claim, false)).as_deref(), Some("right"));
        assert_eq!(name(best(&volumes, &claim, true)), None);
        volumes.push(volume("kept", "5Gi", json!({"claimRef": {"namespace": "n", "name": "c"}})));
        assert_eq!(name(best(&volumes, &claim, true)).as_deref(), Some("kept"));
        assert_eq!(mismatch(&volumes[0], &claim), Some("requested PV is too small"));
    }
}
