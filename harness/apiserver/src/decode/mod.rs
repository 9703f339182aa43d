//! Request bodies: JSON, YAML and Kubernetes protobuf, to one JSON value.

mod yaml;

use proofmark_json::Value;
use proofmark_status::{Reason, Status};

pub(crate) use yaml::{repeated_keys, yaml};

/// Bodies larger than this are refused (`limitedReadBody`), in bytes.
pub(crate) const BODY_MAX: usize = 3 * 1024 * 1024;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `application/json`, and bodies without a type.
    Json,
    /// `application/yaml`
    Yaml,
    /// `application/vnd.kubernetes.protobuf`
    Protobuf,
}

impl Format {
    /// The format that a Content-Type names; none for types that are not served.
    pub(crate) fn of(content_type: Option<&str>) -> Option<Self> {
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        match essence {
            "" | "application/json" => Some(Self::Json),
            "application/yaml" => Some(Self::Yaml),
            "application/vnd.kubernetes.protobuf" => Some(Self::Protobuf),
            _ => None,
        }
    }
}

/// 415 for a Content-Type that is not served; custom resources have no protobuf form.
pub(crate) fn unsupported(custom: bool) -> Status {
    let mut accepted = "application/json, application/yaml".to_owned();
    if !custom {
        accepted.push_str(", application/vnd.kubernetes.protobuf");
    }
    let message =
        format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
    Status::new(415, Reason::UnsupportedMediaType, message)
}

/// Whether a value is what reading its JSON makes of it: no number beyond an `int64`, which would be read as a float.
pub(crate) fn is_as_read(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_i64() || number.is_f64(),
        Value::Array(items) => items.iter().all(is_as_read),
        Value::Object(members) => members.values().all(is_as_read),
        _ => true,
    }
}

/// JSON as it stands. The error is Go's text.
pub(crate) fn json(body: &[u8]) -> Result<Value, String> {
    proofmark_builtin::decode::parse(body).map_err(|e| e.to_string())
}
