//! The shapes that names have, with the complaints that Kubernetes makes.
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation`, release 1.35.

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Complaints about a text that may be `max` bytes long and must have a shape.
fn shaped(text: &str, max: usize, fits: bool, shape: &str) -> Vec<String> {
    let long = (text.len() > max).then(|| format!("must be no more than {max} characters"));
    long.into_iter().chain((!fits).then(|| shape.to_owned())).collect()
}

fn is_label(text: &str) -> bool {
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = text.bytes().next().is_some_and(edge) && text.bytes().next_back().is_some_and(edge);
    ends && text.bytes().all(|b| edge(b) || b == b'-')
}

fn is_qualified_part(text: &str) -> bool {
    let edge = |b: u8| b.is_ascii_alphanumeric();
    let ends = text.bytes().next().is_some_and(edge) && text.bytes().next_back().is_some_and(edge);
    ends && text.bytes().all(|b| edge(b) || matches!(b, b'-' | b'_' | b'.'))
}

/// A DNS subdomain, as in `example.com`.
pub(crate) fn subdomain(text: &str) -> Vec<String> {
    shaped(text, 253, text.split('.').all(is_label), SUBDOMAIN)
}

/// A DNS label, as in `my-name`.
pub(crate) fn label(text: &str) -> Vec<String> {
    shaped(text, 63, is_label(text), LABEL)
}

/// A DNS label that begins with a letter.
pub(crate) fn label_1035(text: &str) -> Vec<String> {
    shaped(text, 63, is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase()), LABEL_1035)
}

/// A name with an optional domain before it, as in `example.com/my-name`.
pub(crate) fn qualified(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let name = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            } else {
                errors.extend(subdomain(prefix).into_iter().map(|e| format!("prefix part {e}")));
            }
            *name
        }
        _ => {
            let optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {QUALIFIED} {optional}")];
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        errors.push("name part must be no more than 63 characters".to_owned());
    }
    if !is_qualified_part(name) {
        errors.push(format!("name part {QUALIFIED}"));
    }
    errors
}

/// The value of a label.
pub(crate) fn label_value(text: &str) -> Vec<String> {
    shaped(text, 63, text.is_empty() || is_qualified_part(text), LABEL_VALUE)
}

/// A text that stands as one segment in a path.
pub(crate) fn path_segment(text: &str) -> Vec<String> {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    ["/", "%"].into_iter().filter(|bad| text.contains(bad)).map(|bad| format!("may not contain '{bad}'")).collect()
}
