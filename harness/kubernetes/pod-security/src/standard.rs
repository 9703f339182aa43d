//! Levels, versions, and the labels that name them.

use std::fmt;

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;

/// What begins the labels.
const PREFIX: &str = "pod-security.kubernetes.io/";

/// How much a standard asks, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Privileged,
    /// No known way to escalate privileges.
    Baseline,
    /// What hardening recommends.
    Restricted,
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        [Self::Privileged, Self::Baseline, Self::Restricted].into_iter().find(|level| level.as_str() == text)
    }

    /// As labels write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// The release whose standard counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// `v1.{minor}`
    Minor(u64),
    /// `latest`
    Latest,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        if text == "latest" {
            return Some(Self::Latest);
        }
        let digits = text.strip_prefix("v1.")?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        // Go's int.
        digits.parse().ok().filter(|minor| plain && *minor <= i64::MAX.unsigned_abs()).map(Self::Minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minor(minor) => write!(f, "v1.{minor}"),
            Self::Latest => f.write_str("latest"),
        }
    }
}

/// A level as of a release; prints as `restricted:latest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standard {
    /// How much it asks.
    pub level: Level,
    /// As of when.
    pub version: Version,
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level.as_str(), self.version)
    }
}

/// What a namespace asks of its pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Pods that do not meet it are refused.
    pub enforce: Standard,
    /// Pods that do not meet it are noted in the audit log.
    pub audit: Standard,
    /// Who sends pods that do not meet it is warned.
    pub warn: Standard,
}

impl Policy {
    /// The policy of a namespace without labels.
    pub const NONE: Self = {
        let standard = Standard { level: Level::Privileged, version: Version::Latest };
        Self { enforce: standard, audit: standard, warn: standard }
    };

    /// Reads the labels of a namespace; also what is wrong with them. A wrong level is enforced as `restricted`, and neither
    /// audited nor warned of. Who enforces something is warned of at least that.
    pub fn of(labels: Option<&Map>) -> (Self, Vec<FieldError>) {
        let mut errors = Vec::new();
        let label = |name: &str| labels.and_then(|l| l.get(format!("{PREFIX}{name}"))).and_then(Value::as_str);
        let mut read = |mode: &str, fallback: Level| {
            let mut complain = |name: &str, value: &str, why: &str| {
                errors.push(FieldError::invalid(format!("metadata.labels[{PREFIX}{name}]"), value, why));
            };
            let given = label(mode);
            let level = given.map_or(Level::Privileged, |text| {
                Level::parse(text).unwrap_or_else(|| {
                    complain(mode, text, "must be one of privileged, baseline, restricted");
                    fallback
                })
            });
            let version = format!("{mode}-version");
            let of_release = label(&version).map_or(Version::Latest, |text| {
                Version::parse(text).unwrap_or_else(|| {
                    complain(&version, text, "must be \"latest\" or \"v1.x\"");
                    Version::Latest
                })
            });
            Standard { level, version: of_release }
        };
        let enforce = read("enforce", Level::Restricted);
        let audit = read("audit", Level::Privileged);
        let mut warn = read("warn", Level::Privileged);
        let enforced = label("enforce").and_then(Level::parse);
        if label("warn").is_none()
            && let Some(level) = enforced.filter(|level| *level > warn.level)
        {
            warn.level = level;
            if label("warn-version").is_none() {
                warn.version = enforce.version;
            }
        }
        (Self { enforce, audit, warn }, errors)
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    fn policy(labels: Value) -> (String, Vec<String>) {
        let prefixed = labels.as_object().unwrap().iter().map(|(k, v)| (format!("{PREFIX}{k}"), v.clone())).collect();
        let (policy, errors) = Policy::of(Some(&prefixed));
        let shown = format!("{} {} {}", policy.enforce, policy.audit, policy.warn);
        (shown, errors.iter().map(ToString::to_string).collect())
    }

    #[rstest]
    #[case(json!({}), "privileged:latest privileged:latest privileged:latest")]
    #[case(json!({"enforce": "baseline"}), "baseline:latest privileged:latest baseline:latest")]
    #[case(json!({"enforce": "baseline", "enforce-version": "v1.20"}), "baseline:v1.20 privileged:latest baseline:v1.20")]
    #[case(json!({"enforce": "baseline", "warn": "privileged"}), "baseline:latest privileged:latest privileged:latest")]
    #[case(json!({"warn": "restricted", "warn-version": "v1.0"}), "privileged:latest privileged:latest restricted:v1.0")]
    fn valid_labels(#[case] labels: Value, #[case] shown: &str) {
        assert_eq!(policy(labels), (shown.to_owned(), Vec::new()));
    }

    #[rstest]
    #[case("v1", false)]
    #[case("v1.01", false)]
    #[case("v2.1", false)]
    #[case("1.2", false)]
    #[case("v1.0", true)]
    #[case("v1.99", true)]
    fn versions(#[case] text: &str, #[case] good: bool) {
        assert_eq!(Version::parse(text).is_some(), good);
    }

    #[test]
    fn wrong_labels() {
        let (shown, errors) = policy(json!({"enforce": "strict", "audit": "x", "warn-version": "v1"}));
        assert_eq!(shown, "restricted:latest privileged:latest privileged:latest");
        assert_eq!(errors.len(), 3);
        let words = "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be one of privileged, baseline, restricted";
        assert_eq!(errors[0], words);
    }
}
