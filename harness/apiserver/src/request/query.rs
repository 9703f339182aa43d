//! The query string.

use std::num::{IntErrorKind, ParseIntError};
use std::time::Duration;

/// Decoded pairs of a query string, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a raw query string; `+` is a space, as in Go's `url.ParseQuery`. Pairs that Go refuses (a bad escape) are dropped.
    pub(crate) fn parse(raw: &str) -> Self {
        let pairs = raw.split('&').filter(|p| !p.is_empty() && !p.contains(';')).filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(&key.replace('+', " "))?, decode(&value.replace('+', " "))?))
        });
        Self(pairs.collect())
    }

    /// The first value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// All values of a key.
    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

/// Percent-decodes; none for a bad escape or bytes that are not UTF-8.
fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = bytes.get(at + 1..at + 3).and_then(|d| std::str::from_utf8(d).ok())?;
            if !digits.bytes().all(|d| d.is_ascii_hexdigit()) {
                return None;
            }
            out.push(u8::from_str_radix(digits, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

/// Percent-decodes a path; one that cannot be decoded stays as it is.
pub(crate) fn decode_path(raw: &str) -> String {
    decode(raw).unwrap_or_else(|| raw.to_owned())
}

/// A boolean as `runtime.Convert_Slice_string_To_bool` reads it: everything but `false` and `0` is true, the empty string too.
pub(crate) fn parse_bool(text: &str) -> bool {
    !(text == "0" || text.eq_ignore_ascii_case("false"))
}

/// A whole number as `strconv.ParseInt` reads it; the error is Go's text.
pub(crate) fn parse_int(text: &str) -> Result<i64, String> {
    text.parse().map_err(|error: ParseIntError| number_error("ParseInt", text, &error))
}

/// A whole number without sign as `strconv.ParseUint` reads it; the error is Go's text.
pub(crate) fn parse_uint(text: &str) -> Result<u64, String> {
    // Rust takes a plus sign, Go does not: what is left of the text makes Rust refuse it, too.
    let digits = text.strip_prefix('+').map_or(text, |_| "+");
    digits.parse().map_err(|error: ParseIntError| number_error("ParseUint", text, &error))
}

fn number_error(function: &str, text: &str, error: &ParseIntError) -> String {
    let why = match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
        _ => "invalid syntax",
    };
    format!("strconv.{function}: parsing {}: {why}", proofmark_status::quote(text))
}

/// A Go duration (`1h15m30.5s`); the error is Go's text.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("time: invalid duration {}", proofmark_status::quote(text));
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    if body == "0" {
        return Ok(Duration::ZERO);
    }
    if body.is_empty() {
        return Err(bad());
    }
    let mut rest = body;
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = &rest[digits..];
        let unit_len = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = &rest[..unit_len];
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "" => {
                return Err(format!("time: missing unit in duration {}", proofmark_status::quote(text)));
            }
            _ => {
                let (unit, text) = (proofmark_status::quote(unit), proofmark_status::quote(text));
                return Err(format!("time: unknown unit {unit} in duration {text}"));
            }
        };
        total += number * seconds;
        rest = &rest[unit_len..];
    }
    Duration::try_from_secs_f64(total).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs() {
        let query = Query::parse("a=1&b=x%3Dy&a=2&c&d=%zz");
        assert_eq!(query.get("a"), Some("1"));
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.get("b"), Some("x=y"));
        assert_eq!(query.get("c"), Some(""));
        assert_eq!(query.get("d"), None);
    }

    #[test]
    fn reads_durations_as_go_does() {
        assert_eq!(parse_duration("1m30s").unwrap(), Duration::from_secs(90));
        assert_eq!(parse_duration("1.5h").unwrap(), Duration::from_secs(5400));
        assert_eq!(parse_duration("bad").unwrap_err(), "time: invalid duration \"bad\"");
        assert_eq!(parse_duration("5").unwrap_err(), "time: missing unit in duration \"5\"");
        assert_eq!(parse_duration("5x").unwrap_err(), "time: unknown unit \"x\" in duration \"5x\"");
    }
}
