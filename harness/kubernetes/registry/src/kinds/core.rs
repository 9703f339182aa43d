//! The core group.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proofmark_json::{Key, Map, Value, json};
use proofmark_status::FieldError;

use crate::strategy::{BASE, LABELS, NameRule, Repeats};
use crate::{Strategy, content, defaults, meta};

/// The largest ConfigMap or Secret, in bytes of its data.
const DATA_MAX: usize = 1024 * 1024;

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        resource: "namespaces",
        name: NameRule::Label,
        status: true,
        fields: &[("status.phase", "/status/phase")],
        field_labels: LABELS,
        default: label_namespace,
        prepare_create: prepare_namespace,
        prepare_update: keep_namespace_spec,
        validate: |namespace| {
            let finalizers = namespace.pointer("/spec/finalizers").and_then(Value::as_array);
            let named = finalizers.into_iter().flatten().map(|name| name.as_str().unwrap_or_default());
            named.flat_map(|name| meta::finalizer(name, "spec.finalizers")).collect()
        },
        ..BASE
    },
    Strategy { resource: "componentstatuses", deprecated: Some("v1 ComponentStatus is deprecated in v1.19+"), ..BASE },
    Strategy {
        resource: "configmaps",
        repeats: Repeats::Both,
        validate: |object| config_data(object, false),
        validate_update: |new, old| immutable_data(new, old, &["data", "binaryData"], config_data(new, false)),
        ..BASE
    },
    Strategy {
        resource: "secrets",
        repeats: Repeats::Both,
        fields: &[("type", "/type")],
        field_labels: LABELS,
        default: default_secret,
        validate: validate_secret,
        validate_update: validate_secret_update,
        warnings: |new, _| key_pair_warning(new).into_iter().collect(),
        ..BASE
    },
];

/// Every namespace carries its own name as a label; an update that changes it is undone.
fn label_namespace(object: &mut Value, settled: Option<&Value>) {
    defaults::apply(object, settled);
    let name = meta::text(object, "name").to_owned();
    if name.is_empty() {
        return;
    }
    let labels = meta::of_mut(object).entry("labels").or_insert_with(|| json!({}));
    if let Some(labels) = labels.as_object_mut() {
        labels.insert("kubernetes.io/metadata.name", json!(name));
    }
}

fn prepare_namespace(object: &mut Value) {
    if let Some(members) = object.as_object_mut() {
        let spec = members.entry("spec").or_insert_with(|| json!({}));
        let finalizers = spec.as_object_mut().map(|s| s.entry("finalizers").or_insert_with(|| json!([])));
        if let Some(list) = finalizers.and_then(Value::as_array_mut)
            && !list.contains(&json!("kubernetes"))
        {
            list.push(json!("kubernetes"));
        }
        members.insert("status", json!({"phase": "Active"}));
    }
}

/// `spec.finalizers` changes through the finalize subresource only.
fn keep_namespace_spec(new: &mut Value, old: &Value) {
    if let (Some(new), Some(spec)) = (new.as_object_mut(), old.get("spec")) {
        new.insert("spec", spec.clone());
    }
}

fn entries<'a>(object: &'a Value, field: &str) -> impl Iterator<Item = (&'a Key, &'a Value)> {
    object.get(field).and_then(Value::as_object).into_iter().flatten()
}

/// How many bytes a base64 text stands for.
fn decoded_length(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

/// Keys and total size of a ConfigMap's or Secret's data.
fn config_data(object: &Value, secret: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut size = 0;
    for field in ["data", "binaryData"] {
        for (key, value) in entries(object, field) {
            let at = format!("{field}[{key}]");
            errors.extend(content::config_key(key).into_iter().map(|e| FieldError::invalid(&at, key.as_str(), e)));
            if field == "data" && entries(object, "binaryData").any(|(k, _)| k == key) {
                errors.push(FieldError::invalid(&at, key.as_str(), "duplicate of key present in binaryData"));
            }
            let text = value.as_str().unwrap_or_default();
            size += if secret || field == "binaryData" { decoded_length(text) } else { text.len() };
        }
    }
    if size > DATA_MAX {
        // An empty path prints so.
        errors.push(FieldError::too_long(if secret { "data" } else { "[]" }, DATA_MAX));
    }
    errors
}

/// An `immutable: true` that was stored cannot be taken back, nor the data changed.
fn immutable_data(new: &Value, old: &Value, fields: &[&str], mut errors: Vec<FieldError>) -> Vec<FieldError> {
    let immutable = |o: &Value| o.get("immutable").and_then(Value::as_bool) == Some(true);
    if immutable(old) {
        let why = "field is immutable when `immutable` is set";
        if !immutable(new) {
            errors.push(FieldError::forbidden("immutable", why));
        }
        for field in fields {
            let data = |o: &Value| o.get(*field).cloned().unwrap_or(json!({}));
            if data(new) != data(old) {
                errors.push(FieldError::forbidden(*field, why));
            }
        }
    }
    errors
}

/// `stringData` goes into `data`.
fn default_secret(object: &mut Value, settled: Option<&Value>) {
    defaults::apply(object, settled);
    let Some(members) = object.as_object_mut() else { return };
    if let Some(Value::Object(plain)) = members.remove("stringData") {
        let data = members.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if let Some(data) = data.as_object_mut() {
            for (key, value) in plain {
                let encoded = BASE64_STANDARD.encode(value.as_str().unwrap_or_default());
                data.insert(key, Value::String(encoded));
            }
        }
    }
}

fn validate_secret(object: &Value) -> Vec<FieldError> {
    let mut errors = config_data(object, true);
    let text = |key: &str| entries(object, "data").find(|(k, _)| *k == key).and_then(|(_, v)| v.as_str());
    let required = |errors: &mut Vec<FieldError>, key: &str| {
        if text(key).is_none() {
            errors.push(FieldError::required(format!("data[{key}]"), ""));
        }
    };
    match object.get("type").and_then(Value::as_str).unwrap_or_default() {
        "kubernetes.io/service-account-token" => {
            let annotation = "kubernetes.io/service-account.name";
            let named = meta::of(object).and_then(|m| m.get("annotations")).and_then(|a| a.get(annotation));
            if named.and_then(Value::as_str).unwrap_or_default().is_empty() {
                errors.push(FieldError::required(format!("metadata.annotations[{annotation}]"), ""));
            }
        }
        "kubernetes.io/dockercfg" => docker_config(text(".dockercfg"), ".dockercfg", &mut errors),
        "kubernetes.io/dockerconfigjson" => docker_config(text(".dockerconfigjson"), ".dockerconfigjson", &mut errors),
        "kubernetes.io/basic-auth" if text("username").is_none() && text("password").is_none() => {
            required(&mut errors, "username");
            required(&mut errors, "password");
        }
        "kubernetes.io/ssh-auth" if text("ssh-privatekey").is_none_or(str::is_empty) => {
            errors.push(FieldError::required("data[ssh-privatekey]", ""));
        }
        "kubernetes.io/tls" => {
            required(&mut errors, "tls.crt");
            required(&mut errors, "tls.key");
        }
        _ => {}
    }
    errors
}

/// A registry's credentials are JSON; what is wrong with them is told without showing them.
fn docker_config(text: Option<&str>, key: &str, errors: &mut Vec<FieldError>) {
    let at = format!("data[{key}]");
    let Some(text) = text else {
        errors.push(FieldError::required(at, ""));
        return;
    };
    let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
    if let Some(problem) = proofmark_text::go_json::problem(&bytes) {
        errors.push(FieldError::invalid(at, "<secret contents redacted>", problem));
    }
}

/// Why the certificate and the key of a secret for TLS are no pair, in the words of Go's `crypto/tls`, as far as their blocks tell: what is in the
/// blocks is not looked at.
fn key_pair_warning(secret: &Value) -> Option<String> {
    if secret.get("type").and_then(Value::as_str) != Some("kubernetes.io/tls") {
        return None;
    }
    let blocks = |key: &str| -> Vec<String> {
        let text = entries(secret, "data").find(|(name, _)| *name == key).and_then(|(_, text)| text.as_str());
        let text = BASE64_STANDARD.decode(text.unwrap_or_default()).unwrap_or_default();
        pem::parse_many(text).unwrap_or_default().iter().map(|block| block.tag().to_owned()).collect()
    };
    let is_key = |tag: &str| tag == "PRIVATE KEY" || tag.ends_with(" PRIVATE KEY");
    let skipped =
        |blocks: &[String]| format!("after skipping PEM blocks of the following types: [{}]", blocks.join(" "));
    let certificates = blocks("tls.crt");
    match certificates.as_slice() {
        [] => return Some("tls: failed to find any PEM data in certificate input".to_owned()),
        all if all.iter().any(|tag| tag == "CERTIFICATE") => {}
        [key] if is_key(key) => {
            let why = "but did find a private key; PEM inputs may have been switched";
            return Some(format!("tls: failed to find certificate PEM data in certificate input, {why}"));
        }
        all => {
            let what = "tls: failed to find \"CERTIFICATE\" PEM block in certificate input";
            return Some(format!("{what} {}", skipped(all)));
        }
    }
    match blocks("tls.key").as_slice() {
        [] => Some("tls: failed to find any PEM data in key input".to_owned()),
        all if all.iter().any(|tag| is_key(tag)) => None,
        [only] if only == "CERTIFICATE" => {
            Some("tls: found a certificate rather than a key in the PEM for the private key".to_owned())
        }
        all => {
            let what = "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input";
            Some(format!("{what} {}", skipped(all)))
        }
    }
}

fn validate_secret_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let kind = |o: &Value| o.get("type").cloned().unwrap_or(Value::Null);
    if kind(new) != kind(old) {
        errors.push(FieldError::invalid("type", kind(new), "field is immutable"));
    }
    let mut errors = immutable_data(new, old, &["data"], errors);
    errors.extend(validate_secret(new));
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_gets_its_type_and_its_text() {
        let mut secret = json!({"kind": "Secret", "apiVersion": "v1", "stringData": {"a": "b"}});
        default_secret(&mut secret, None);
        assert_eq!((&secret["type"], &secret["data"]), (&json!("Opaque"), &json!({"a": "Yg=="})));
    }

    #[test]
    fn immutable_stays_immutable() {
        let old = json!({"immutable": true, "data": {"a": "1"}});
        let new = json!({"immutable": true, "data": {"a": "2"}});
        let errors = immutable_data(&new, &old, &["data"], Vec::new());
        assert_eq!(proofmark_status::aggregate(&errors), "data: Forbidden: field is immutable when `immutable` is set");
    }
}
