//! StorageObjectInUseProtection, DefaultStorageClass, PersistentVolumeClaimResize and DefaultIngressClass.
//!
//! Source: `plugin/pkg/admission/storage` and `plugin/pkg/admission/network/defaultingressclass`, release 1.35.

use std::sync::Arc;

use proofmark_builtin::quantity::Quantity;
use proofmark_json::{Value, json};
use proofmark_registry::meta;

use super::{find, forbidden, is_core, stored};
use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;
use crate::store::Object;

/// Volumes and claims stay while something uses them.
pub(super) fn protect(target: &Target<'_>, object: &mut Value) {
    let finalizer = match target.resource.plural.as_str() {
        "persistentvolumeclaims" if is_core(target, "persistentvolumeclaims") => "kubernetes.io/pvc-protection",
        "persistentvolumes" if is_core(target, "persistentvolumes") => "kubernetes.io/pv-protection",
        "volumeattributesclasses" if target.resource.group == "storage.k8s.io" => "kubernetes.io/vac-protection",
        _ => return,
    };
    let finalizers = meta::of_mut(object).entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = finalizers.as_array_mut()
        && !list.iter().any(|f| f == finalizer)
    {
        list.push(json!(finalizer));
    }
}

/// Whether an annotation of a class says that it is the default.
fn is_default(class: &Object, annotations: &[&str]) -> bool {
    let of = meta::of(&class.value).and_then(|m| m.get("annotations"));
    annotations.iter().any(|a| of.and_then(|o| o.get(*a)).and_then(Value::as_str) == Some("true"))
}

/// The newest of several defaults; by name where they are of one moment.
fn newest(mut classes: Vec<Arc<Object>>) -> Option<Arc<Object>> {
    let text = |o: &Arc<Object>, field: &str| meta::text(&o.value, field).to_owned();
    classes.sort_by(|a, b| {
        let (earlier, later) = (text(b, "creationTimestamp"), text(a, "creationTimestamp"));
        earlier.cmp(&later).then_with(|| text(a, "name").cmp(&text(b, "name")))
    });
    classes.into_iter().next()
}

/// A new claim without a class gets the default one.
pub(super) fn default_class(call: &Call<'_>, target: &Target<'_>, object: &mut Value) {
    if !is_core(target, "persistentvolumeclaims") {
        return;
    }
    let given = object.pointer("/spec/storageClassName").is_some_and(|c| !c.is_null());
    let old = meta::of(object).and_then(|m| m.get("annotations")?.get("volume.beta.kubernetes.io/storage-class"));
    if given || old.is_some() {
        return;
    }
    let annotations =
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
    let classes = stored(call, "storage.k8s.io", "v1", "storageclasses", "");
    let defaults = classes.into_iter().filter(|c| is_default(c, &annotations)).collect();
    if let Some(class) = newest(defaults)
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.insert("storageClassName", json!(meta::text(&class.value, "name")));
    }
}

/// A claim grows only where its class lets it.
pub(super) fn resize(call: &Call<'_>, target: &Target<'_>, object: &Value, old: &Value) -> Result<(), Refusal> {
    if !is_core(target, "persistentvolumeclaims") {
        return Ok(());
    }
    let size = |o: &Value| {
        let text = o.pointer("/spec/resources/requests/storage").and_then(Value::as_str)?;
        Quantity::parse(text).ok()
    };
    let grows = size(object).zip(size(old)).is_some_and(|(new, old)| new > old);
    let bound = old.pointer("/status/phase").and_then(Value::as_str) == Some("Bound");
    if !grows {
        return Ok(());
    }
    if !bound {
        return Err(forbidden(target, object, "Only bound persistent volume claims can be expanded"));
    }
    let name = object.pointer("/spec/storageClassName").and_then(Value::as_str).unwrap_or_default();
    let class = find(call, "storage.k8s.io", "v1", "storageclasses", name);
    if class.is_some_and(|c| c.value.get("allowVolumeExpansion") == Some(&json!(true))) {
        return Ok(());
    }
    let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
    Err(forbidden(target, object, why))
}

/// A new ingress without a class gets the default one.
pub(super) fn default_ingress_class(call: &Call<'_>, target: &Target<'_>, object: &mut Value) {
    if target.resource.group != "networking.k8s.io" || target.resource.plural != "ingresses" {
        return;
    }
    let given = object.pointer("/spec/ingressClassName").is_some_and(|c| !c.is_null());
    let old = meta::of(object).and_then(|m| m.get("annotations")?.get("kubernetes.io/ingress.class"));
    if given || old.is_some() {
        return;
    }
    let classes = stored(call, "networking.k8s.io", "v1", "ingressclasses", "");
    let defaults: Vec<Arc<Object>> =
        classes.into_iter().filter(|c| is_default(c, &["ingressclass.kubernetes.io/is-default-class"])).collect();
    if let Some(class) = newest(defaults)
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.insert("ingressClassName", json!(meta::text(&class.value, "name")));
    }
}
