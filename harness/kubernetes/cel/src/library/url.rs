//! URLs: `url(text).getHost()`.

use std::sync::Arc;

use indexmap::IndexMap;
use proofmark_text::Url;

use super::mismatch;
use crate::types::Functions;
use crate::value::{EvalError, Evaluated, Key, Map, Opaque, Text, Value};

pub(super) fn declare(functions: &mut Functions) {
    functions.global("url", "string_to_url", "string -> kubernetes.URL", |args| {
        let [Value::String(text)] = args else { return mismatch() };
        let failed = |why| EvalError::other(format!("URL parse error during conversion from string: {why}"));
        Url::parse_request(text).map_err(failed)?;
        let url = Url::parse(text).map_err(failed)?;
        Ok(Value::Opaque(Opaque::Url(Arc::new(url))))
    });
    functions.global("isURL", "is_url_string", "string -> bool", |args| match args {
        [Value::String(text)] => Ok(Value::Bool(Url::parse_request(text).is_ok())),
        _ => mismatch(),
    });
    let mut getter = |name, id, body| functions.method(name, id, "kubernetes.URL -> string", body);
    getter("getScheme", "url_get_scheme", |args| part(args, |url| url.scheme.clone()));
    getter("getHost", "url_get_host", |args| part(args, |url| url.host.clone()));
    getter("getHostname", "url_get_hostname", |args| part(args, |url| host_and_port(&url.host).0.to_owned()));
    getter("getPort", "url_get_port", |args| part(args, |url| host_and_port(&url.host).1.to_owned()));
    getter("getEscapedPath", "url_get_escaped_path", |args| part(args, |url| escaped(&url.path)));
    functions.method("getQuery", "url_get_query", "kubernetes.URL -> map(string, list(string))", query);
}

fn part<'v>(args: &[Value<'v>], part: fn(&Url) -> String) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Url(url))] = args else { return mismatch() };
    Ok(Value::string(part(url)))
}

/// Without the brackets of addresses.
fn host_and_port(host: &str) -> (&str, &str) {
    let (name, port) = match host.rfind(':') {
        Some(colon) if host[colon + 1..].bytes().all(|b| b.is_ascii_digit()) => (&host[..colon], &host[colon + 1..]),
        _ => (host, ""),
    };
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    (inner.unwrap_or(name), port)
}

/// What is no character of paths is escaped; what is written properly stays.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@[]/%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn query<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Url(url))] = args else { return mismatch() };
    let mut found: IndexMap<String, Vec<Value<'v>>> = IndexMap::new();
    for pair in url.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(key), Some(value)) = (decoded(key), decoded(value)) {
            found.entry(key).or_default().push(Value::string(value));
        }
    }
    let entries = found.into_iter().map(|(key, values)| (Key::String(Text::from(key)), Value::list(values)));
    Ok(Value::Map(Map::built(entries.collect())))
}

/// A part of a query; none if it is not well escaped.
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}
