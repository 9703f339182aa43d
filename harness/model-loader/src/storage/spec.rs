//! `storage-config`: the JSON of a secret, with overrides, into environment variables.

use crate::environment::Environment;
use crate::exception::{Exception, Result};
use crate::python;
use crate::release::Behaviour;
use proofmark_json::Value;

/// The variables that the keys of an S3 entry become; `bundle` is the key of the CA bundle.
fn s3_variables(bundle: &'static str) -> [(&'static str, &'static str); 7] {
    [
        ("AWS_ENDPOINT_URL", "endpoint_url"),
        ("AWS_ACCESS_KEY_ID", "access_key_id"),
        ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
        ("AWS_DEFAULT_REGION", "region"),
        ("AWS_CA_BUNDLE", bundle),
        ("S3_VERIFY_SSL", "verify_ssl"),
        ("awsAnonymousCredential", "anonymous"),
    ]
}

/// Keys of an HDFS entry that hold files.
const HDFS_FILES: [&str; 4] = ["KERBEROS_KEYTAB", "TLS_CERT", "TLS_KEY", "TLS_CA"];

fn type_error(message: impl Into<String>) -> Exception {
    Exception::new("TypeError", message)
}

/// Python's name for the type of a JSON value.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Whether Python takes a value for false.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Reads `STORAGE_CONFIG` and `STORAGE_OVERRIDE_CONFIG`.
pub(super) fn apply(environment: &mut Environment, is: &Behaviour) -> Result<()> {
    let mut config = python::loads(environment.get("STORAGE_CONFIG").unwrap_or("{}"))?;
    let overrides = python::loads(environment.get("STORAGE_OVERRIDE_CONFIG").unwrap_or("{}"))?;
    if !is_empty(&overrides) {
        let Value::Object(overrides) = overrides else {
            return Err(no_attribute(&overrides, "items"));
        };
        let Value::Object(members) = &mut config else {
            return Err(type_error(match &config {
                Value::Array(_) => "list indices must be integers or slices, not str".to_owned(),
                other => format!("'{}' object does not support item assignment", type_name(other)),
            }));
        };
        members.extend(overrides);
    }
    let Value::Object(config) = config else {
        return Err(no_attribute(&config, "get"));
    };
    match config.get("type").and_then(Value::as_str) {
        Some("s3") => {
            let absent = Value::String(String::new());
            for (variable, key) in s3_variables(is.config_bundle) {
                match config.get(key) {
                    // The release that sets everything does not know this one.
                    _ if is.config_sets_all && variable == "S3_VERIFY_SSL" => {}
                    Some(value) => set(environment, variable, value)?,
                    None if is.config_sets_all => set(environment, variable, &absent)?,
                    None => {}
                }
            }
            Ok(())
        }
        Some("hdfs" | "webhdfs") => config.iter().try_for_each(|(key, value)| check_hdfs(key, value)),
        _ => Ok(()),
    }
}

pub(super) fn no_attribute(value: &Value, attribute: &str) -> Exception {
    Exception::new("AttributeError", format!("'{}' object has no attribute '{attribute}'", type_name(value)))
}

fn set(environment: &mut Environment, variable: &str, value: &Value) -> Result<()> {
    let text = value.as_str().ok_or_else(|| type_error(format!("str expected, not {}", type_name(value))))?;
    environment.set(variable, text);
    Ok(())
}

/// HDFS itself is refused, but its settings are looked at for every URI.
fn check_hdfs(key: &str, value: &Value) -> Result<()> {
    let is_file = HDFS_FILES.contains(&key);
    match value {
        Value::String(_) => Ok(()),
        other if is_file => Err(type_error(format!(
            "argument should be a bytes-like object or ASCII string, not '{}'",
            type_name(other)
        ))),
        other => Err(type_error(format!("write() argument must be str, not {}", type_name(other)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    fn applied(release: Release, config: &str, overrides: &str) -> Result<Environment> {
        let variables = [("STORAGE_CONFIG", config), ("STORAGE_OVERRIDE_CONFIG", overrides)];
        let mut environment =
            Environment::from_iter(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        apply(&mut environment, &release.behaviour()).map(|()| environment)
    }

    #[test]
    fn what_is_no_object_fails_as_in_python() {
        for (config, overrides, message) in [
            ("[1]", "{}", "'list' object has no attribute 'get'"),
            ("null", "{}", "'NoneType' object has no attribute 'get'"),
            ("null", "{\"a\": 1}", "'NoneType' object does not support item assignment"),
            ("[]", "{\"a\": 1}", "list indices must be integers or slices, not str"),
            ("{}", "[1]", "'list' object has no attribute 'items'"),
            ("{\"type\": \"s3\", \"region\": 1.5}", "{}", "str expected, not float"),
        ] {
            assert_eq!(applied(Release::V0_15, config, overrides).unwrap_err().message, message);
        }
    }

    #[rstest::rstest]
    #[case(Release::V0_11, Some("text"))]
    #[case(Release::V0_12Rc0, Some("text"))]
    #[case(Release::V0_12Rc1, Some("text"))]
    #[case(Release::V0_12, None)]
    #[case(Release::V0_21, None)]
    fn a_certificate_was_the_path_of_a_bundle(#[case] release: Release, #[case] bundle: Option<&str>) {
        let config = "{\"type\": \"s3\", \"certificate\": \"text\"}";
        assert_eq!(applied(release, config, "{}").unwrap().get("AWS_CA_BUNDLE"), bundle);
    }

    #[test]
    fn the_oldest_release_empties_what_it_does_not_have() {
        let config = "{\"type\": \"s3\", \"region\": \"eu-west-1\"}";
        assert_eq!(applied(Release::V0_11, config, "{}").unwrap().get("AWS_CA_BUNDLE"), Some(""));
        assert_eq!(applied(Release::V0_12, config, "{}").unwrap().get("AWS_CA_BUNDLE"), None);
    }
}
