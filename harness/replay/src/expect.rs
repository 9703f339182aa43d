//! What a step expects of its outcome.

use proofmark_status::Status;
use serde_json::{Value, json};

use crate::diff::{Difference, exact, partial};
use crate::permission::{Permission, grouped};
use crate::{Expression, Outcome};

/// One expectation. A step may have several; all must hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expect {
    /// Any status code of the 200s.
    Succeeds,
    /// This status code.
    Code(u16),
    /// An API error to the letter; a missing message is not looked at.
    Refused { code: u16, reason: Option<String>, message: Option<String> },
    /// These members of the body.
    Shows(Value),
    /// This text, as a command prints it.
    Prints(String),
    /// A list of exactly these names, in any order.
    Lists(Vec<String>),
    /// Exactly these permissions are new since an earlier survey, and none is gone.
    Opens(Vec<Permission>),
    /// A condition in CEL.
    Holds(Expression),
}

impl Expect {
    /// An API error to the letter.
    pub(crate) fn refused(status: &Status) -> Self {
        Self::Refused {
            code: status.code,
            reason: status.reason.map(|reason| reason.as_str().to_owned()),
            message: Some(status.message.clone()),
        }
    }

    /// The expectation in words, to be read after "it" ("is refused: ...").
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Succeeds => "succeeds".to_owned(),
            Self::Code(code) => format!("is answered with {code}"),
            Self::Refused { code, reason, message } => {
                let mut words = format!("is refused: {code}");
                for (before, part) in [(" ", reason), (": ", message)] {
                    if let Some(part) = part {
                        words.push_str(before);
                        words.push_str(part);
                    }
                }
                words
            }
            Self::Shows(value) => format!("shows {value}"),
            Self::Prints(text) => format!("prints {text:?}"),
            Self::Lists(names) if names.is_empty() => "lists nothing".to_owned(),
            Self::Lists(names) => format!("lists {}", names.join(", ")),
            Self::Opens(opened) if opened.is_empty() => "leaves every permission as it was".to_owned(),
            Self::Opens(opened) => format!("opens exactly {}", grouped(opened)),
            Self::Holds(expression) => format!("is such that {}", expression.source()),
        }
    }

    /// Where the outcome is not what is expected; empty when it is.
    pub(crate) fn check(&self, outcome: &Outcome) -> Vec<Difference> {
        match self {
            Self::Succeeds if outcome.succeeded() => Vec::new(),
            Self::Succeeds => vec![Difference::new("status", json!("success"), outcome.status.map(Value::from))],
            Self::Code(code) => scalar("status", json!(code), json!(outcome.status)),
            Self::Refused { code, reason, message } => {
                let mut differences = scalar("status", json!(code), json!(outcome.status));
                differences.extend(scalar("kind", json!("Status"), outcome.body["kind"].clone()));
                for (path, expected) in [("reason", reason), ("message", message)] {
                    if let Some(expected) = expected {
                        differences.extend(scalar(path, json!(expected), outcome.body[path].clone()));
                    }
                }
                differences
            }
            Self::Shows(expected) => partial(expected, &outcome.body),
            Self::Prints(expected) => scalar("output", json!(expected), json!(outcome.text)),
            Self::Lists(expected) => lists(expected, outcome),
            Self::Holds(expression) => expression.check(outcome).into_iter().collect(),
            Self::Opens(opened) => exact(&json!({"gained": grouped(opened), "lost": {}}), &outcome.body),
        }
    }
}

fn scalar(path: &str, expected: Value, found: Value) -> Vec<Difference> {
    if expected == found {
        return Vec::new();
    }
    vec![Difference::new(path, expected, (!found.is_null()).then_some(found))]
}

fn lists(expected: &[String], outcome: &Outcome) -> Vec<Difference> {
    let Some(items) = outcome.body["items"].as_array() else {
        let found = outcome.body.get("items").cloned().or_else(|| Some(json!(outcome.in_words())));
        return vec![Difference::new("items", json!(expected), found)];
    };
    let mut found: Vec<&str> = items.iter().filter_map(|item| item["metadata"]["name"].as_str()).collect();
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    found.sort_unstable();
    expected.sort_unstable();
    scalar("items", json!(expected), json!(found))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn outcome(status: u16, body: Value) -> Outcome {
        Outcome { at: Duration::ZERO, status: Some(status), body, text: Some("said".into()) }
    }

    fn refusal() -> Outcome {
        outcome(403, json!({"kind": "Status", "reason": "Forbidden", "message": "no", "code": 403}))
    }

    #[rstest::rstest]
    #[case::success(Expect::Succeeds, outcome(201, json!({})), &[])]
    #[case::no_success(Expect::Succeeds, refusal(), &["status"])]
    #[case::code(Expect::Code(404), refusal(), &["status"])]
    #[case::refusal(Expect::Refused { code: 403, reason: Some("Forbidden".into()), message: Some("no".into()) }, refusal(), &[])]
    #[case::other_words(Expect::Refused { code: 403, reason: Some("Forbidden".into()), message: Some("No".into()) }, refusal(), &["message"])]
    #[case::any_words(Expect::Refused { code: 403, reason: Some("Forbidden".into()), message: None }, refusal(), &[])]
    #[case::not_refused(
        Expect::Refused { code: 403, reason: None, message: None }, outcome(200, json!({"kind": "Pod"})), &["status", "kind"]
    )]
    #[case::object(Expect::Shows(json!({"a": {"b": 1}})), outcome(200, json!({"a": {"b": 2}})), &["a.b"])]
    #[case::text(Expect::Prints("said".into()), refusal(), &[])]
    #[case::other_text(Expect::Prints("says".into()), refusal(), &["output"])]
    #[case::list(
        Expect::Lists(vec!["a".into(), "b".into()]),
        outcome(200, json!({"items": [{"metadata": {"name": "b"}}, {"metadata": {"name": "a"}}]})), &[]
    )]
    #[case::list_with_more(
        Expect::Lists(vec![]), outcome(200, json!({"items": [{"metadata": {"name": "b"}}]})), &["items"]
    )]
    #[case::no_list(Expect::Lists(vec![]), refusal(), &["items"])]
    #[case::nothing_opened(Expect::Opens(vec![]), outcome(200, json!({"gained": {}, "lost": {}})), &[])]
    #[case::something_opened(Expect::Opens(vec![]), outcome(200, json!({"gained": {"u in a": {}}, "lost": {}})), &["gained[\"u in a\"]"])]
    fn expectations_hold_or_say_where_not(#[case] expect: Expect, #[case] outcome: Outcome, #[case] paths: &[&str]) {
        let got: Vec<_> = expect.check(&outcome).into_iter().map(|d| d.path).collect();
        assert_eq!(got, paths, "{}", expect.in_words());
    }
}
