//! Whether a rule matches a request: any of its sources, any of its operations, all of its conditions.

use std::fmt;

use proofmark_controllers::kit::object;
use proofmark_json::Value;

use super::Access;

/// A condition on what is not known of requests here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "conditions on {} are not looked at here", self.0)
    }
}

pub(super) fn matches(rule: &Value, access: &Access<'_>) -> Result<bool, Unsupported> {
    let (from, to) = (object::list(rule, "/from"), object::list(rule, "/to"));
    let source = any(from, |one| all(one.get("source"), |field| source(field, access)))?;
    let operation = any(to, |one| all(one.get("operation"), |field| operation(field, access)))?;
    let mut conditions = true;
    for condition in object::list(rule, "/when") {
        let key = object::text(condition, "/key");
        let value = attribute(key, access)?;
        conditions &= fits(condition.get("values"), value) && !fits_some(condition.get("notValues"), value);
    }
    Ok(source && operation && conditions)
}

/// Whether one of several fits; of none everything does.
fn any(items: &[Value], mut fits: impl FnMut(&Value) -> Result<bool, Unsupported>) -> Result<bool, Unsupported> {
    let mut found = items.is_empty();
    for item in items {
        found |= fits(item)?;
    }
    Ok(found)
}

/// Whether every list of an object fits; those that begin with `not` must not.
fn all<'a>(
    object: Option<&Value>,
    value_of: impl Fn(&str) -> Result<Known<'a>, Unsupported>,
) -> Result<bool, Unsupported> {
    for (field, wanted) in object.and_then(Value::as_object).into_iter().flatten() {
        let (positive, negated) = match field.strip_prefix("not") {
            Some(rest) if rest.starts_with(char::is_uppercase) => (rest[..1].to_lowercase() + &rest[1..], true),
            _ => (field.to_string(), false),
        };
        let known = value_of(&positive)?;
        if match known {
            Known::Text(text) => fits_some(Some(wanted), text),
            Known::Host(host) => fits_some(Some(wanted), host.to_ascii_lowercase().as_str()),
            Known::Number(number) => fits_some(Some(wanted), number.to_string().as_str()),
        } == negated
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a request has.
enum Known<'a> {
    Text(&'a str),
    Host(&'a str),
    Number(u16),
}

fn source<'a>(field: &str, access: &Access<'a>) -> Result<Known<'a>, Unsupported> {
    match field {
        "principals" => Ok(Known::Text(access.principal)),
        "requestPrincipals" => Ok(Known::Text(access.request_principal)),
        "namespaces" => Ok(Known::Text(namespace(access.principal))),
        other => Err(Unsupported(format!("source.{other}"))),
    }
}

fn operation<'a>(field: &str, access: &Access<'a>) -> Result<Known<'a>, Unsupported> {
    match field {
        "hosts" => Ok(Known::Host(access.host)),
        "ports" => Ok(Known::Number(access.port)),
        "methods" => Ok(Known::Text(access.method)),
        "paths" => Ok(Known::Text(access.path)),
        other => Err(Unsupported(format!("operation.{other}"))),
    }
}

/// What a condition's key means.
fn attribute<'a>(key: &str, access: &Access<'a>) -> Result<&'a str, Unsupported> {
    if let Some(header) = key.strip_prefix("request.headers[").and_then(|rest| rest.strip_suffix(']')) {
        return Ok(access.headers.get(header).and_then(|value| value.to_str().ok()).unwrap_or_default());
    }
    match key {
        "source.namespace" => Ok(namespace(access.principal)),
        "source.principal" => Ok(access.principal),
        "request.auth.principal" => Ok(access.request_principal),
        other => Err(Unsupported(other.to_owned())),
    }
}

/// The namespace in `cluster.local/ns/NAMESPACE/sa/ACCOUNT`.
fn namespace(principal: &str) -> &str {
    let mut parts = principal.split('/').skip_while(|part| *part != "ns");
    parts.nth(1).unwrap_or_default()
}

/// As [`fits_some`]; without values everything fits.
fn fits(values: Option<&Value>, text: &str) -> bool {
    values.is_none() || fits_some(values, text)
}

/// Whether a text is among values: exact, `prefix*`, `*suffix`, or `*` for anything that is there.
fn fits_some(values: Option<&Value>, text: &str) -> bool {
    values.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).any(|wanted| {
        match (wanted, wanted.strip_suffix('*'), wanted.strip_prefix('*')) {
            ("*", ..) => !text.is_empty(),
            (_, Some(prefix), _) => text.starts_with(prefix),
            (_, _, Some(suffix)) => text.ends_with(suffix),
            (wanted, None, None) => wanted == text,
        }
    })
}
