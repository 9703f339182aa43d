//! Takes out what cannot repeat, as the recordings do.

use crate::network::{PLAIN, TLS};
use proofmark_json::Value;
use regex::Regex;
use std::sync::LazyLock;

/// Where runs have their destination, and the files they are given.
pub(crate) const DEST: &str = "/run/o/dest";
pub(crate) const DIR: &str = "/run/d";

/// A PEM text that stands where a path should.
pub(crate) const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nMIIBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nMIIBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nMIIBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END CERTIFICATE-----\n";

static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"0x[0-9a-f]{6,}", "<ptr>"),
        (r"host='127\.0\.0\.1', port=\d+", "host='127.0.0.1', port=<port>"),
        (r"(<dest>[^' ]*)\.[0-9a-f]{8}'", "$1.<random>'"),
        (r"Signature=[0-9a-f]{64}", "Signature=<signature>"),
        (r"/\d{8}/([a-z0-9-]*)/(s3|sts)/", "/<date>/$1/$2/"),
        (r"botocore-session-\d{8,}", "botocore-session-<time>"),
        (r"ttl=\d{8}T\d{6}Z", "ttl=<time>"),
    ]
    .map(|(pattern, replacement)| (Regex::new(pattern).unwrap(), replacement))
    .into()
});

/// A text of our loader, as a recording would have it.
pub(crate) fn text(text: &str) -> String {
    let mut text = text
        .replace(PEM, "<PEM text>\n")
        .replace(DEST, "<dest>")
        .replace("/run/o/", "<dest>/../")
        .replace(DIR, "<dir>")
        .replace(&format!("127.0.0.1:{PLAIN}"), "<addr>")
        .replace(&format!("127.0.0.1:{TLS}"), "<addr>")
        .replace(&format!("localhost:{PLAIN}"), "localhost:<port>")
        .replace("a service account token", "<token>");
    for (pattern, replacement) in RULES.iter() {
        text = pattern.replace_all(&text, *replacement).into_owned();
    }
    text
}

/// Every text in a value.
pub(crate) fn value(value: &Value) -> Value {
    match value {
        Value::String(inner) => text(inner).into(),
        Value::Array(values) => values.iter().map(self::value).collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), self::value(member))).collect(),
        other => other.clone(),
    }
}
