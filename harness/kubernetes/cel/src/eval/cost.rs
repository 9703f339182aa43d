//! What evaluation costs, in CEL's units.
//!
//! Most steps cost one unit; texts cost a tenth of a unit for each character that is looked at. The figures are those of cel-go's
//! tracker (`interpreter/runtimecost.go`) and of Kubernetes' libraries (`k8s.io/apiserver/pkg/cel/library/cost.go`).

use crate::value::{List, Opaque, Value};

/// A list literal.
pub(super) const LIST: u64 = 10;
/// A map literal.
pub(super) const MAP: u64 = 30;
/// For each character of a text.
pub(crate) const TRAVERSAL: f64 = 0.1;
/// For each character of a pattern.
pub(crate) const PATTERN: f64 = 0.25;

/// A size times a factor, rounded up.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as in Go")]
fn scaled(size: u64, factor: f64) -> u64 {
    (size as f64 * factor).ceil() as u64
}

fn traversal(value: &Value<'_>) -> u64 {
    scaled(value.size(), TRAVERSAL)
}

pub(super) fn equality(a: &Value<'_>, b: &Value<'_>) -> u64 {
    match a {
        Value::Opaque(_) => 1,
        _ => scaled(a.size().min(b.size()), TRAVERSAL),
    }
}

/// A text searched for a pattern.
pub(super) fn pattern(args: &[Value<'_>]) -> u64 {
    let [text, pattern, ..] = args else { return 1 };
    scaled(text.size() + 1, TRAVERSAL) * scaled(pattern.size(), PATTERN)
}

/// A call of a function.
pub(super) fn call(function: &str, overload: &str, args: &[Value<'_>], result: &Value<'_>) -> u64 {
    let first = args.first();
    let size = first.map_or(0, Value::size);
    let own = || first.map_or(1, traversal);
    match (function, overload) {
        ("check", _) => 350_000,
        ("fieldSelector" | "labelSelector", _) => {
            let length = args.get(1).map_or(0, Value::size);
            10 + scaled(length, TRAVERSAL) + scaled(length, 0.5) * (10 + 40)
        }
        ("isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf", _) => first.map_or(0, deep),
        ("url" | "lowerAscii" | "upperAscii" | "substring" | "trim" | "jsonpatch.escapeKey", _)
        | ("cidr" | "isIP" | "isCIDR" | "quantity" | "isQuantity" | "semver" | "isSemver", _) => own(),
        ("ip", "string_to_ip") => own(),
        ("replace" | "split" | "ip.isCanonical", _) => scaled(size, 2.0 * TRAVERSAL),
        ("join", _) => scaled(result.size(), 2.0 * TRAVERSAL),
        ("find" | "findAll" | "matches", _) => pattern(args),
        ("containsIP", _) => {
            let other = args.get(1).filter(|_| overload == "cidr_contains_ip_string").map_or(0, traversal);
            scaled(2 * size, TRAVERSAL) + other
        }
        ("containsCIDR", _) => {
            let other = args.get(1).filter(|_| overload == "cidr_contains_cidr_string").map_or(0, traversal);
            scaled(2 * size, TRAVERSAL) + scaled(size, TRAVERSAL) + 1 + other
        }
        ("validate", _) => {
            let regex = match first {
                Some(Value::Opaque(Opaque::Format(format))) => format.pattern_size,
                _ => 1,
            };
            scaled(args.get(1).map_or(0, Value::size) + 1, TRAVERSAL) * scaled(regex, PATTERN)
        }
        (_, "list_slice" | "lists_range" | "list_reverse") => result.size() + 1 + LIST,
        (_, "list_flatten" | "list_flatten_int") => {
            let depth = match args.get(1) {
                Some(Value::Int(depth)) => u64::try_from(*depth).unwrap_or_default(),
                _ => 1,
            };
            size.saturating_mul(depth).saturating_add(1 + LIST)
        }
        ("distinct" | "sort", _) => first.map_or(1, pairwise),
        ("@sortByAssociatedKeys", _) => args.get(1).map_or(1, pairwise),
        ("startsWith" | "endsWith" | "strings.quote" | "format", _) => own(),
        (_, "string_to_bytes" | "bytes_to_string") => own(),
        (_, "in_list") => args.get(1).map_or(0, Value::size),
        ("_<_" | "_<=_" | "_>_" | "_>=_", _) if overload.ends_with("_string") || overload.ends_with("_bytes") => {
            args.get(1).map_or(0, |b| scaled(size.min(b.size()), TRAVERSAL))
        }
        (_, "add_string" | "add_bytes") => scaled(size + args.get(1).map_or(0, Value::size), TRAVERSAL),
        ("contains", _) => own() * args.get(1).map_or(1, traversal),
        _ => 1,
    }
}

/// Every element of a list compared with every other.
fn pairwise(list: &Value<'_>) -> u64 {
    let Value::List(list) = list else { return 1 };
    let size = list.len() as u64;
    let is_text = matches!(list.get(0), Some(Ok(Value::String(_) | Value::Bytes(_))));
    let factor = if is_text { 2.0 + TRAVERSAL } else { 2.0 };
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as in Go"
    )]
    let compared = (size.saturating_mul(size) as f64 * factor) as u64;
    compared + 1 + LIST
}

/// Everything looked at once. Rounded down for each text.
fn deep(value: &Value<'_>) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as in Go"
    )]
    let text = |bytes: usize| (bytes as f64 * TRAVERSAL) as u64;
    let all = |list: &List<'_>| list.iter().filter_map(Result::ok).map(|item| deep(&item)).sum();
    match value {
        Value::String(s) => text(s.len()),
        Value::Bytes(b) => text(b.len()),
        Value::List(list) => all(list),
        Value::Map(map) => map.entries().filter_map(Result::ok).map(|(key, value)| deep(&key) + deep(&value)).sum(),
        _ => 1,
    }
}
