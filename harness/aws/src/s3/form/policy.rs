//! The policy of a form: until when it is good, and what its fields may say.
//!
//! Source: Amazon S3 API Reference, "POST Policy".

use crate::Fault;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use proofmark_json::{Map, Value};
use std::ops::RangeInclusive;

/// What a form's signer allows.
#[derive(Debug)]
pub(super) struct Policy {
    ends: Timestamp,
    conditions: Vec<Condition>,
}

#[derive(Debug)]
enum Condition {
    /// A field, in lower case, and its value.
    Equals(String, String),
    /// A field, in lower case, and how its value begins.
    Begins(String, String),
    /// How long the file is, in bytes.
    Length(RangeInclusive<u64>),
}

/// Fields that no condition needs to allow.
const FREE: [&str; 5] = ["awsaccesskeyid", "file", "policy", "signature", "x-amz-signature"];

impl Policy {
    /// Reads a policy as it stands in its field.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let json = BASE64_STANDARD.decode(text).ok().and_then(|bytes| proofmark_json::from_slice::<Value>(&bytes).ok());
        let json = json.ok_or_else(|| invalid("Invalid JSON."))?;
        let ends = json.get("expiration").ok_or_else(|| invalid("Policy missing expiration."))?;
        let ends = ends.as_str().unwrap_or_default();
        let ends = ends.parse().map_err(|_| invalid(&format!("Invalid 'expiration' value: '{ends}'")))?;
        let conditions = json.get("conditions").ok_or_else(|| invalid("Policy missing conditions."))?;
        let conditions = conditions.as_array().ok_or_else(|| invalid("Invalid 'conditions' value: must be a List."))?;
        Ok(Self { ends, conditions: conditions.iter().map(Condition::parse).collect::<Result<_, _>>()? })
    }

    /// Whether a form that is sent now may say what it says. The bucket is the one that is addressed.
    pub(super) fn check<'f>(
        &self,
        fields: &(impl Iterator<Item = (&'f str, &'f str)> + Clone),
        bucket: &'f str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if now >= self.ends {
            return Err(denied("Policy expired."));
        }
        for condition in &self.conditions {
            let holds = match condition {
                Condition::Length(_) => true,
                Condition::Equals(name, value) => find(fields, bucket, name) == Some(value),
                Condition::Begins(name, start) => find(fields, bucket, name).is_some_and(|value| {
                    // A list of types is allowed if each of them is.
                    let list = name == "content-type" && value.contains(',');
                    value.starts_with(start) && (!list || value.split(',').all(|one| one.trim().starts_with(start)))
                }),
            };
            if !holds {
                return Err(denied(&format!("Policy Condition failed: {}", condition.shown())));
            }
        }
        let extra: Vec<&str> = fields.clone().map(|(name, _)| name).filter(|name| !self.allows(name)).collect();
        if extra.is_empty() { Ok(()) } else { Err(denied(&format!("Extra input fields: {}", extra.join(", ")))) }
    }

    fn allows(&self, field: &str) -> bool {
        let named = self.conditions.iter().any(|condition| match condition {
            Condition::Equals(name, _) | Condition::Begins(name, _) => name == field,
            Condition::Length(_) => false,
        });
        named || FREE.contains(&field) || field.starts_with("x-ignore-")
    }

    /// How long the file may be, in bytes.
    pub(super) fn length(&self) -> Option<RangeInclusive<u64>> {
        self.conditions.iter().find_map(|condition| match condition {
            Condition::Length(range) => Some(range.clone()),
            Condition::Equals(..) | Condition::Begins(..) => None,
        })
    }
}

fn find<'f>(
    fields: &(impl Iterator<Item = (&'f str, &'f str)> + Clone),
    bucket: &'f str,
    name: &str,
) -> Option<&'f str> {
    if name == "bucket" {
        return Some(bucket);
    }
    fields.clone().find(|(known, _)| *known == name).map(|(_, value)| value)
}

impl Condition {
    /// `{"acl": "private"}`, `["eq", "$acl", "private"]`, `["starts-with", "$key", "user/"]`, `["content-length-range", 1, 10]`
    fn parse(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::Object(simple) => Self::parse_simple(simple),
            Value::Array(parts) => Self::parse_list(parts),
            _ => Err(invalid("Invalid Condition: must be a List or Object.")),
        }
    }

    fn parse_simple(simple: &Map) -> Result<Self, Fault> {
        match simple.iter().next() {
            Some((name, Value::String(value))) if simple.len() == 1 => {
                Ok(Self::Equals(name.to_ascii_lowercase(), value.clone()))
            }
            _ => Err(invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")),
        }
    }

    fn parse_list(parts: &[Value]) -> Result<Self, Fault> {
        let [operator, left, right] = parts else {
            return Err(invalid("Invalid Condition: wrong number of arguments."));
        };
        let operator = operator.as_str().unwrap_or_default().to_ascii_lowercase();
        if operator == "content-length-range" {
            let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
            let (Some(least), Some(most)) = (number(left), number(right)) else {
                return Err(invalid("Invalid content-length-range: arguments must be whole numbers."));
            };
            return Ok(Self::Length(least..=most));
        }
        let field = left.as_str().and_then(|field| field.strip_prefix('$')).map(str::to_ascii_lowercase);
        match (operator.as_str(), field, right.as_str()) {
            ("eq", Some(field), Some(value)) => Ok(Self::Equals(field, value.to_owned())),
            ("starts-with", Some(field), Some(start)) => Ok(Self::Begins(field, start.to_owned())),
            ("eq" | "starts-with", _, _) => Err(invalid("Invalid Condition: fields are named with a dollar sign.")),
            _ => Err(invalid(&format!("Invalid Condition: unknown operation '{operator}'."))),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Equals(name, value) => format!("[\"eq\", \"${name}\", \"{value}\"]"),
            Self::Begins(name, start) => format!("[\"starts-with\", \"${name}\", \"{start}\"]"),
            Self::Length(range) => format!("[\"content-length-range\", {}, {}]", range.start(), range.end()),
        }
    }
}

fn invalid(why: &str) -> Fault {
    Fault::new(400, "InvalidPolicyDocument", format!("Invalid Policy: {why}"))
}

fn denied(why: &str) -> Fault {
    Fault::new(403, "AccessDenied", format!("Invalid according to Policy: {why}"))
}

#[cfg(test)]
mod tests {
    use super::Policy;
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use rstest::rstest;

    const FIELDS: [(&str, &str); 4] =
        [("key", "user/a.png"), ("content-type", "image/png,image/gif"), ("x-ignore-me", "1"), ("policy", "...")];

    fn judged(conditions: &str) -> String {
        let text = format!(r#"{{"expiration": "2030-01-01T00:00:00.000Z", "conditions": {conditions}}}"#);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let policy = Policy::parse(&BASE64_STANDARD.encode(text));
        policy
            .and_then(|policy| policy.check(&FIELDS.into_iter(), "models", now))
            .map_or_else(|fault| format!("{}: {}", fault.code, fault.message), |()| "ok".to_owned())
    }

    #[rstest]
    #[case(r#"[{"key": "user/a.png"}, ["starts-with", "$Content-Type", "image/"], {"bucket": "models"}]"#, "ok")]
    #[case(r#"[["eq", "$key", "user/a.png"], ["starts-with", "$content-type", ""]]"#, "ok")]
    #[case(r#"[["starts-with", "$key", "user/"], ["starts-with", "$Content-Type", "image/p"]]"#, r#"AccessDenied: Invalid according to Policy: Policy Condition failed: ["starts-with", "$content-type", "image/p"]"#)]
    #[case(
        r#"[["starts-with", "$key", ""]]"#,
        "AccessDenied: Invalid according to Policy: Extra input fields: content-type"
    )]
    #[case(
        r#"[{"key": "user/b.png"}]"#,
        r#"AccessDenied: Invalid according to Policy: Policy Condition failed: ["eq", "$key", "user/b.png"]"#
    )]
    #[case(
        r#"[["starts-with", "$acl", ""]]"#,
        r#"AccessDenied: Invalid according to Policy: Policy Condition failed: ["starts-with", "$acl", ""]"#
    )]
    #[case(
        r#"[{"bucket": "others"}]"#,
        r#"AccessDenied: Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "others"]"#
    )]
    #[case(
        r#"[{"a": "b", "c": "d"}]"#,
        "InvalidPolicyDocument: Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
    )]
    #[case(
        r#"[["content-length-range", 1]]"#,
        "InvalidPolicyDocument: Invalid Policy: Invalid Condition: wrong number of arguments."
    )]
    #[case(r#"{}"#, "InvalidPolicyDocument: Invalid Policy: Invalid 'conditions' value: must be a List.")]
    #[case(r#"["#, "InvalidPolicyDocument: Invalid Policy: Invalid JSON.")]
    fn conditions_hold_or_are_named(#[case] conditions: &str, #[case] expected: &str) {
        assert_eq!(judged(conditions), expected);
    }
}
