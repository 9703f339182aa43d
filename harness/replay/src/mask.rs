//! Takes secrets out of what a report shows.
//!
//! Evidence goes into public reports, so everything in it passes here first, and what is masked cannot be got back. Masked are the contents of
//! Secrets (also in lists, and as remembered by kubectl in an annotation), members and headers and environment variables and XML elements whose
//! name says that they hold a credential, and anything that looks like a JWT wherever it stands. Names, sizes and types stay, so that the evidence still reads.

use proofmark_json::{Map, Value};

/// What stands in a secret's place.
pub const MASK: &str = "<masked>";

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Words that make a name a credential's name, in lower case and without separators.
const CREDENTIALS: [&str; 10] = [
    "authorization",
    "cookie",
    "password",
    "token",
    "clientsecret",
    "secretaccesskey",
    "sessiontoken",
    "privatekey",
    "clientkeydata",
    "secretkey",
];

/// Names that end like a credential's but hold none.
const HARMLESS: [&str; 2] = ["continuetoken", "automountserviceaccounttoken"];

/// Masks a JSON document.
pub(crate) fn json(value: &Value) -> Value {
    match value {
        Value::Object(members) => object(members),
        Value::Array(elements) => Value::Array(elements.iter().map(json).collect()),
        Value::String(text) => Value::String(self::text(text)),
        other => other.clone(),
    }
}

/// Masks whatever looks like a JWT in a text, and the content of XML elements whose names say that they hold a credential.
pub(crate) fn text(text: &str) -> String {
    elements(&tokens(text))
}

fn elements(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        out.push('<');
        rest = after;
        let Some((name, content)) = after.split_once('>') else { continue };
        if is_credential(name)
            && !name.contains(|c: char| !c.is_ascii_alphanumeric())
            && let Some((_, end)) = content.split_once(&format!("</{name}>"))
        {
            out.push_str(&format!("{name}>{MASK}</{name}>"));
            rest = end;
        }
    }
    out.push_str(rest);
    out
}

fn tokens(text: &str) -> String {
    let is_token_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("eyJ") {
        let (before, candidate) = rest.split_at(start);
        let end = candidate.find(|c| !is_token_char(c)).unwrap_or(candidate.len());
        let (candidate, after) = candidate.split_at(end);
        out.push_str(before);
        out.push_str(if is_jwt(candidate) { MASK } else { candidate });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Masks a header's value if its name says that it is a credential.
pub(crate) fn header(name: &str, value: &str) -> String {
    if is_credential(name) { MASK.to_owned() } else { text(value) }
}

/// Masks the values of a path's query whose names say that they are credentials.
pub(crate) fn path(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return text(path);
    };
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_credential(name) => format!("{name}={MASK}"),
        _ => text(pair),
    };
    format!("{}?{}", text(path), query.split('&').map(pair).collect::<Vec<_>>().join("&"))
}

/// Masks one value at a path of a document, as [`json`] would have within the document.
pub(crate) fn at(document: &Value, path: &str, value: &Value) -> Value {
    let in_secret = document["kind"] == "Secret" && (path.starts_with("data") || path.starts_with("stringData"));
    let last = path.rsplit(['.', '[']).next().unwrap_or(path);
    if value.is_string() && (in_secret || is_credential(last)) { MASK.into() } else { json(value) }
}

fn object(members: &Map) -> Value {
    let is_secret = members.get("kind").is_some_and(|kind| kind == "Secret");
    let is_secret_list = members.get("kind").is_some_and(|kind| kind == "SecretList");
    let names_credential = members.get("name").and_then(Value::as_str).is_some_and(is_credential);
    let masked = members.iter().map(|(name, value)| {
        let value = match (name.as_str(), value) {
            ("data" | "stringData", Value::Object(entries)) if is_secret => all_masked(entries),
            ("items", Value::Array(items)) if is_secret_list => items.iter().map(secret).collect(),
            ("value", Value::String(_)) if names_credential => MASK.into(),
            (LAST_APPLIED, Value::String(text)) => remembered(text),
            (name, Value::String(_)) if is_credential(name) => MASK.into(),
            (_, value) => json(value),
        };
        (name.clone(), value)
    });
    Value::Object(masked.collect())
}

/// An element of a SecretList, which does not say its kind.
fn secret(item: &Value) -> Value {
    let mut masked = json(item);
    for part in ["data", "stringData"] {
        if let Some(entries) = masked.get_mut(part) {
            *entries = entries.as_object().map_or_else(|| MASK.into(), all_masked);
        }
    }
    masked
}

fn all_masked(entries: &Map) -> Value {
    Value::Object(entries.keys().map(|name| (name.clone(), MASK.into())).collect())
}

fn remembered(text: &str) -> Value {
    match proofmark_json::from_str::<Value>(text) {
        Ok(object) => format!("{}\n", json(&object)).into(),
        Err(_) => MASK.into(),
    }
}

fn is_credential(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    CREDENTIALS.iter().any(|word| name.ends_with(word)) && !HARMLESS.contains(&name.as_str())
}

/// Three base64url parts, the first of which begins a JSON object.
fn is_jwt(text: &str) -> bool {
    let parts: Vec<_> = text.trim_end_matches('.').split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.len() >= 4)
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";

    #[rstest::rstest]
    #[case::secret(json!({"kind": "Secret", "data": {"k": "djE="}, "type": "Opaque"}), json!({"kind": "Secret", "data": {"k": MASK}, "type": "Opaque"}))]
    #[case::secret_list(json!({"kind": "SecretList", "items": [{"data": {"k": "v"}}]}), json!({"kind": "SecretList", "items": [{"data": {"k": MASK}}]}))]
    #[case::config_maps_are_shown(json!({"kind": "ConfigMap", "data": {"k": "v"}}), json!({"kind": "ConfigMap", "data": {"k": "v"}}))]
    #[case::token_request(json!({"kind": "TokenRequest", "status": {"token": "abc"}}), json!({"kind": "TokenRequest", "status": {"token": MASK}}))]
    #[case::environment(json!([{"name": "AWS_SECRET_ACCESS_KEY", "value": "s"}, {"name": "A", "value": "b"}]), json!([{"name": "AWS_SECRET_ACCESS_KEY", "value": MASK}, {"name": "A", "value": "b"}]))]
    #[case::references_are_shown(json!({"secretKeyRef": {"name": "x", "key": "y"}}), json!({"secretKeyRef": {"name": "x", "key": "y"}}))]
    #[case::no_credential(json!({"automountServiceAccountToken": "no", "metadata": {"continue": "x"}}), json!({"automountServiceAccountToken": "no", "metadata": {"continue": "x"}}))]
    #[case::jwt_anywhere(json!({"message": format!("bad {JWT}!")}), json!({"message": "bad <masked>!"}))]
    fn documents_lose_their_secrets_and_nothing_else(#[case] document: Value, #[case] masked: Value) {
        assert_eq!(super::json(&document), masked);
    }

    #[test]
    fn what_kubectl_remembers_of_a_secret_is_masked_too() {
        let applied = json!({"kind": "Secret", "stringData": {"k": "hidden"}}).to_string();
        let masked = super::json(&json!({"kind": "Secret", "metadata": {"annotations": {LAST_APPLIED: applied}}}));
        assert!(!masked.to_string().contains("hidden"), "{masked}");
    }

    #[test]
    fn texts_headers_and_paths() {
        assert_eq!(text("eyJ is no token, nor is eyJhbGci.x"), "eyJ is no token, nor is eyJhbGci.x");
        assert_eq!(text(&format!("a {JWT} b {JWT}")), "a <masked> b <masked>");
        let xml = "<C><SessionToken>a+/=</SessionToken><SecretAccessKey>b</SecretAccessKey><Key>c</Key><SessionToken>";
        let masked = "<C><SessionToken><masked></SessionToken><SecretAccessKey><masked></SecretAccessKey><Key>c</Key><SessionToken>";
        assert_eq!(text(xml), masked);
        assert_eq!(header("Authorization", "Bearer abc"), MASK);
        assert_eq!(header("accept", "application/json"), "application/json");
        assert_eq!(path("/a?x=1&X-Amz-Security-Token=abc"), "/a?x=1&X-Amz-Security-Token=<masked>");
    }

    #[test]
    fn differences_are_masked_by_their_place() {
        let secret = json!({"kind": "Secret"});
        assert_eq!(at(&secret, "data.k", &json!("v")), MASK);
        assert_eq!(at(&secret, "metadata.name", &json!("v")), "v");
        assert_eq!(at(&json!({"kind": "TokenRequest"}), "status.token", &json!("v")), MASK);
    }
}
