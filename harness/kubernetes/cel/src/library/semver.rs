//! Semantic versions: `semver('1.2.3').isGreaterThan(semver('1.2.0'))`.
//!
//! Versions are read as `github.com/blang/semver/v4` reads them, whose complaints are the messages.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use proofmark_status::quote;

use super::mismatch;
use crate::types::Functions;
use crate::value::{EvalError, Evaluated, Opaque, Value};

/// A semantic version. Build metadata is kept, but does not count.
#[derive(Debug, Clone)]
pub struct Version {
    numbers: [u64; 3],
    pre: Vec<Pre>,
    build: Vec<String>,
}

/// One part of a pre-release; numbers come before words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    Number(u64),
    Word(String),
}

impl Version {
    pub(crate) fn cmp(&self, other: &Self) -> Ordering {
        let released = self.pre.is_empty().cmp(&other.pre.is_empty());
        self.numbers.cmp(&other.numbers).then(released).then_with(|| self.pre.cmp(&other.pre))
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("Version string empty".to_owned());
        }
        let parts: Vec<&str> = text.splitn(3, '.').collect();
        let [major, minor, patch] = parts.as_slice() else {
            return Err("No Major.Minor.Patch elements found".to_owned());
        };
        let (major, minor) = (number("Major", major)?, number("Minor", minor)?);
        let (patch, build) = patch.split_once('+').map_or((*patch, None), |(patch, build)| (patch, Some(build)));
        let (patch, pre) = patch.split_once('-').map_or((patch, None), |(patch, pre)| (patch, Some(pre)));
        let numbers = [major, minor, number("Patch", patch)?];
        let pre: Result<Vec<Pre>, String> = pre.into_iter().flat_map(|pre| pre.split('.')).map(pre_release).collect();
        let pre = pre?;
        let build: Vec<String> = build.into_iter().flat_map(|build| build.split('.')).map(str::to_owned).collect();
        for part in &build {
            if part.is_empty() {
                return Err("Build meta data is empty".to_owned());
            }
            if !is_word(part) {
                return Err(format!("Invalid character(s) found in build meta data {}", quote(part)));
            }
        }
        Ok(Self { numbers, pre, build })
    }

    /// Also without patch or minor number, with a `v` before it, and with leading zeros.
    fn parse_normalized(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts: Vec<String> = text.splitn(3, '.').map(without_zeros).collect();
        if parts.len() < 3 {
            if parts.last().is_some_and(|last| last.contains(['+', '-'])) {
                return Err("short version cannot contain PreRelease/Build meta data".to_owned());
            }
            parts.resize(3, "0".to_owned());
        }
        Self::parse(&parts.join("."))
    }
}

fn without_zeros(part: &str) -> String {
    if part.len() < 2 {
        return part.to_owned();
    }
    let rest = part.trim_start_matches('0');
    let zero = if rest.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "0" };
    format!("{zero}{rest}")
}

fn number(name: &str, text: &str) -> Result<u64, String> {
    let shown = quote(text);
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("Invalid character(s) found in {} number {shown}", name.to_lowercase()));
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(format!("{name} number must not contain leading zeroes {shown}"));
    }
    let why = if text.is_empty() { "invalid syntax" } else { "value out of range" };
    text.parse().map_err(|_| format!("strconv.ParseUint: parsing {shown}: {why}"))
}

fn pre_release(text: &str) -> Result<Pre, String> {
    let shown = quote(text);
    if text.is_empty() {
        return Err("Prerelease is empty".to_owned());
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        let invalid = || format!("Invalid character(s) found in prerelease {shown}");
        return is_word(text).then(|| Pre::Word(text.to_owned())).ok_or_else(invalid);
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(format!("Numeric PreRelease version must not contain leading zeroes {shown}"));
    }
    text.parse().map(Pre::Number).map_err(|_| format!("strconv.ParseUint: parsing {shown}: value out of range"))
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        for (i, part) in self.pre.iter().enumerate() {
            f.write_str(if i == 0 { "-" } else { "." })?;
            match part {
                Pre::Number(n) => write!(f, "{n}")?,
                Pre::Word(word) => f.write_str(word)?,
            }
        }
        for (i, part) in self.build.iter().enumerate() {
            write!(f, "{}{part}", if i == 0 { '+' } else { '.' })?;
        }
        Ok(())
    }
}

pub(super) fn declare(functions: &mut Functions) {
    functions.global("semver", "string_to_semver", "string -> kubernetes.Semver", make);
    functions.global("semver", "string_bool_to_semver", "string, bool -> kubernetes.Semver", make);
    functions.global("isSemver", "is_semver_string", "string -> bool", is_semver);
    functions.global("isSemver", "is_semver_string_bool", "string, bool -> bool", is_semver);
    const TWO: &str = "kubernetes.Semver, kubernetes.Semver -> bool";
    functions.method("isGreaterThan", "semver_is_greater_than", TWO, |args| two(args, |order| order.is_gt().into()));
    functions.method("isLessThan", "semver_is_less_than", TWO, |args| two(args, |order| order.is_lt().into()));
    functions.method("compareTo", "semver_compare_to", "kubernetes.Semver, kubernetes.Semver -> int", |args| {
        two(args, |order| Value::Int(order as i64))
    });
    functions.method("major", "semver_major", "kubernetes.Semver -> int", |args| numbered(args, |[major, _, _]| major));
    functions.method("minor", "semver_minor", "kubernetes.Semver -> int", |args| numbered(args, |[_, minor, _]| minor));
    functions.method("patch", "semver_patch", "kubernetes.Semver -> int", |args| numbered(args, |[_, _, patch]| patch));
}

fn read(args: &[Value<'_>]) -> Result<Result<Version, String>, EvalError> {
    match args {
        [Value::String(text)] | [Value::String(text), Value::Bool(false)] => Ok(Version::parse(text)),
        [Value::String(text), Value::Bool(true)] => Ok(Version::parse_normalized(text)),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn make<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let version = read(args)?.map_err(EvalError::other)?;
    Ok(Value::Opaque(Opaque::Semver(Arc::new(version))))
}

fn is_semver<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    Ok(Value::Bool(read(args)?.is_ok()))
}

fn two<'v>(args: &[Value<'v>], body: fn(Ordering) -> Value<'v>) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Semver(a)), Value::Opaque(Opaque::Semver(b))] = args else { return mismatch() };
    Ok(body(a.cmp(b)))
}

fn numbered<'v>(args: &[Value<'v>], pick: fn([u64; 3]) -> u64) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Semver(version))] = args else { return mismatch() };
    Ok(Value::Int(i64::try_from(pick(version.numbers)).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_complaints() {
        let cases = [
            ("1.2.3-alpha.1+b.2", Ok("1.2.3-alpha.1+b.2")),
            ("1.2", Err("No Major.Minor.Patch elements found")),
            ("", Err("Version string empty")),
            ("v1.2.3", Err("Invalid character(s) found in major number \"v1\"")),
            ("1.02.3", Err("Minor number must not contain leading zeroes \"02\"")),
            ("1.2.3-", Err("Prerelease is empty")),
            ("1.2.3-01", Err("Numeric PreRelease version must not contain leading zeroes \"01\"")),
            ("1.2.3+", Err("Build meta data is empty")),
            ("1.2.", Err("strconv.ParseUint: parsing \"\": invalid syntax")),
        ];
        for (text, want) in cases {
            let got = Version::parse(text).map(|v| v.to_string());
            assert_eq!(got, want.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
        for (text, want) in [("v1.02", "1.2.0"), ("01", "1.0.0"), ("v0.00.1", "0.0.1")] {
            assert_eq!(Version::parse_normalized(text).map(|v| v.to_string()).as_deref(), Ok(want), "{text}");
        }
    }
}
