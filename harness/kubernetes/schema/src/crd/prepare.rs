//! What the API server sets before it validates.

use proofmark_json::{Map, Value, json};

/// Sets what the version's defaulting functions set: `names.singular` and `names.listKind` from the kind,
/// `conversion` None, a webhook service's port 443, and `status.storedVersions` when there are none.
pub fn default(crd: &mut Value) {
    let Some(crd) = crd.as_object_mut() else { return };
    if let Some(spec) = member(crd, "spec") {
        if let Some(names) = member(spec, "names") {
            let kind = names.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            fill(names, "singular", kind.to_lowercase());
            fill(names, "listKind", if kind.is_empty() { kind } else { format!("{kind}List") });
        }
        let conversion = spec.entry("conversion").or_insert(Value::Null);
        if conversion.is_null() {
            *conversion = json!({"strategy": "None"});
        }
        let service = conversion.pointer_mut("/webhook/clientConfig/service").and_then(Value::as_object_mut);
        if let Some(service) = service {
            let port = service.entry("port").or_insert(Value::Null);
            if port.is_null() {
                *port = json!(443);
            }
        }
    }
    let stored = crd.get("status").and_then(|s| s.get("storedVersions")).and_then(Value::as_array);
    if stored.is_none_or(Vec::is_empty)
        && let Some(version) = storage_version(crd)
        && let Some(status) = member(crd, "status")
    {
        status.insert("storedVersions", json!([version]));
    }
}

/// Prepares an object that is to be created: its status is the server's, and lists the storage version as stored.
pub fn prepare_create(crd: &mut Value) {
    let Some(crd) = crd.as_object_mut() else { return };
    let names = json!({"plural": "", "kind": ""});
    let stored = storage_version(crd).map(|version| json!([version])).unwrap_or_default();
    crd.insert("status", json!({"conditions": null, "acceptedNames": names, "storedVersions": stored}));
}

/// Prepares the new state of an object that exists: the status stays, and the storage version joins those that were ever stored.
pub fn prepare_update(crd: &mut Value, old: &Value) {
    let Some(crd) = crd.as_object_mut() else { return };
    match old.get("status") {
        Some(status) => crd.insert("status", status.clone()),
        None => crd.shift_remove("status"),
    };
    if let Some(version) = storage_version(crd)
        && let Some(status) = member(crd, "status")
    {
        match status.get_mut("storedVersions").and_then(Value::as_array_mut) {
            Some(stored) if stored.iter().any(|v| *v == version) => {}
            Some(stored) => stored.push(version.into()),
            None => {
                status.insert("storedVersions", json!([version]));
            }
        }
    }
}

/// The first version that is marked for storage.
fn storage_version(crd: &Map) -> Option<String> {
    let versions = crd.get("spec")?.get("versions")?.as_array()?;
    let version = versions.iter().find(|v| v.get("storage") == Some(&Value::Bool(true)))?;
    Some(version.get("name")?.as_str()?.to_owned())
}

/// A member that is an object, made when it is missing or null.
fn member<'a>(object: &'a mut Map, key: &str) -> Option<&'a mut Map> {
    let member = object.entry(key).or_insert(Value::Null);
    if member.is_null() {
        *member = Value::Object(Map::new());
    }
    member.as_object_mut()
}

/// Sets a text that is missing or empty.
fn fill(object: &mut Map, key: &str, text: String) {
    let filled = object.get(key).and_then(Value::as_str).is_some_and(|t| !t.is_empty());
    if !filled && !text.is_empty() {
        object.insert(key.to_owned(), text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimal() -> Value {
        json!({"spec": {"names": {"plural": "boxes", "kind": "Box"}, "versions": [{"name": "v1"}, {"name": "v2", "storage": true}]}})
    }

    #[test]
    fn names_conversion_and_stored_versions_have_defaults() {
        let mut crd = minimal();
        default(&mut crd);
        assert_eq!(
            crd["spec"]["names"],
            json!({"plural": "boxes", "kind": "Box", "singular": "box", "listKind": "BoxList"})
        );
        assert_eq!(crd["spec"]["conversion"], json!({"strategy": "None"}));
        assert_eq!(crd["status"], json!({"storedVersions": ["v2"]}));
        let once = crd.clone();
        default(&mut crd);
        assert_eq!(crd, once);
    }

    #[test]
    fn an_update_keeps_the_status_and_adds_the_storage_version() {
        let old = json!({"status": {"storedVersions": ["v1"], "conditions": []}});
        let mut crd = minimal();
        crd["status"] = json!({"storedVersions": ["v9"]});
        prepare_update(&mut crd, &old);
        assert_eq!(crd["status"], json!({"storedVersions": ["v1", "v2"], "conditions": []}));
    }
}
