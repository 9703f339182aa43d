//! What a step expects of its outcome.

use std::collections::BTreeMap;

use proofmark_json::{Value, json};
use proofmark_status::Status;

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
    /// An error of Kubernetes or AWS to the letter; a missing message is not looked at.
    Refused { code: u16, reason: Option<String>, message: Option<String> },
    /// These members of the body.
    Shows(Value),
    /// This text, as a command prints it.
    Prints(String),
    /// A list of exactly these names, in any order.
    Lists(Vec<String>),
    /// Exactly these permissions are new since an earlier survey, and none is gone.
    Opens(Vec<Permission>),
    /// A header of the answer, by its name in lower case.
    Header { name: String, value: String },
    /// A condition in CEL.
    Holds(Expression),
    /// This decision behind the answer, to the letter.
    Explained(String),
    /// These words in the decision behind the answer.
    DecidedBy(String),
    /// A process that ends well and leaves exactly these files, by path.
    Leaves(BTreeMap<String, String>),
    /// A process that ends with exit code 1 and these last words.
    GivesUp(String),
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
            Self::Header { name, value } => format!("is answered with {name}: {value}"),
            Self::Lists(names) if names.is_empty() => "lists nothing".to_owned(),
            Self::Lists(names) => format!("lists {}", names.join(", ")),
            Self::Opens(opened) if opened.is_empty() => "leaves every permission as it was".to_owned(),
            Self::Opens(opened) => format!("opens exactly {}", grouped(opened)),
            Self::Holds(expression) => format!("is such that {}", expression.source()),
            Self::Explained(words) => format!("is decided so: {words}"),
            Self::DecidedBy(words) => format!("is decided because {words}"),
            Self::Leaves(files) => {
                let files: Vec<_> = files.keys().map(String::as_str).collect();
                format!("leaves the files {}", files.join(", "))
            }
            Self::GivesUp(words) => format!("gives up: {words}"),
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
                let (found_reason, found_message) = outcome.refusal().unzip();
                for (path, expected, found) in [("reason", reason, found_reason), ("message", message, found_message)] {
                    if let Some(expected) = expected {
                        differences.extend(scalar(path, json!(expected), json!(found)));
                    }
                }
                differences
            }
            Self::Shows(expected) => partial(expected, &outcome.body),
            Self::Prints(expected) => scalar("output", json!(expected), json!(outcome.text)),
            Self::Header { name, value } => scalar(name, json!(value), json!(outcome.header(name))),
            Self::Lists(expected) => lists(expected, outcome),
            Self::Holds(expression) => expression.check(outcome).into_iter().collect(),
            Self::Explained(expected) => scalar("decision", json!(expected), json!(outcome.decision)),
            Self::DecidedBy(words) => match &outcome.decision {
                Some(decision) if decision.contains(words.as_str()) => Vec::new(),
                other => vec![Difference::new("decision", json!(words), other.as_deref().map(Value::from))],
            },
            Self::Leaves(files) => {
                let mut differences = scalar("exit", json!(0), json!(outcome.exit));
                differences.extend(exact(&json!({"files": files}), &json!({"files": outcome.body["files"]})));
                differences
            }
            Self::GivesUp(words) => {
                let mut differences = scalar("exit", json!(1), json!(outcome.exit));
                differences.extend(scalar("words", json!(words), outcome.body["words"].clone()));
                differences
            }
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
    let Some(mut found) = listed(&outcome.body) else {
        let found = outcome.body.get("items").cloned().or_else(|| Some(json!(outcome.in_words())));
        return vec![Difference::new("items", json!(expected), found)];
    };
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    found.sort_unstable();
    expected.sort_unstable();
    scalar("items", json!(expected), json!(found))
}

/// The names in a list of Kubernetes, or the keys in one of S3.
fn listed(body: &Value) -> Option<Vec<&str>> {
    if let Some(items) = body["items"].as_array() {
        return Some(items.iter().filter_map(|item| item["metadata"]["name"].as_str()).collect());
    }
    let found = &body.get("ListBucketResult")?["Contents"];
    let objects = found.as_array().map_or(std::slice::from_ref(found), Vec::as_slice);
    Some(objects.iter().filter_map(|object| object["Key"].as_str()).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn outcome(status: u16, body: Value) -> Outcome {
        let text = Some("said".into());
        let headers = vec![("location".into(), "/a".into())];
        Outcome {
            at: Duration::ZERO,
            status: Some(status),
            headers,
            body,
            text,
            exit: None,
            decision: Some("because".into()),
            summary: None,
        }
    }

    fn process(exit: i32, body: Value) -> Outcome {
        Outcome { exit: Some(exit), status: None, ..outcome(0, body) }
    }

    fn leaves(path: &str) -> Expect {
        Expect::Leaves([(path.to_owned(), "x".to_owned())].into())
    }

    fn denied(message: &str) -> Expect {
        Expect::Refused { code: 403, reason: Some("AccessDenied".into()), message: Some(message.into()) }
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
        Expect::Refused { code: 403, reason: Some("Forbidden".into()), message: None }, outcome(200, json!({"kind": "Pod"})), &["status", "reason"]
    )]
    #[case::refused_by_s3(denied("no"), outcome(403, json!({"Error": {"Code": "AccessDenied", "Message": "no"}})), &[])]
    #[case::refused_by_sts(
        denied("no"), outcome(403, json!({"ErrorResponse": {"Error": {"Code": "AccessDenied", "Message": "No"}}})), &["message"]
    )]
    #[case::refused_by_kms(denied("no"), outcome(400, json!({"__type": "AccessDenied", "message": "no"})), &["status"])]
    #[case::keys(
        Expect::Lists(vec!["a".into()]), outcome(200, json!({"ListBucketResult": {"Contents": {"Key": "a"}}})), &[]
    )]
    #[case::more_keys(
        Expect::Lists(vec!["a".into()]), outcome(200, json!({"ListBucketResult": {"Contents": [{"Key": "a"}, {"Key": "b"}]}})), &["items"]
    )]
    #[case::no_keys(Expect::Lists(vec![]), outcome(200, json!({"ListBucketResult": {"KeyCount": "0"}})), &[])]
    #[case::decided(Expect::Explained("because".into()), refusal(), &[])]
    #[case::decided_otherwise(Expect::Explained("so".into()), refusal(), &["decision"])]
    #[case::decided_by(Expect::DecidedBy("cause".into()), refusal(), &[])]
    #[case::decided_by_another(Expect::DecidedBy("course".into()), refusal(), &["decision"])]
    #[case::files(leaves("f"), process(0, json!({"files": {"f": "x"}})), &[])]
    #[case::other_files(leaves("f"), process(0, json!({"files": {"/g": "x"}})), &["files.f", "files[\"/g\"]"])]
    #[case::no_files(leaves("f"), process(1, json!({"files": {}, "words": "no"})), &["exit", "files.f"])]
    #[case::gave_up(Expect::GivesUp("no".into()), process(1, json!({"words": "no"})), &[])]
    #[case::did_not_give_up(Expect::GivesUp("no".into()), process(0, json!({"words": null})), &["exit", "words"])]
    #[case::object(Expect::Shows(json!({"a": {"b": 1}})), outcome(200, json!({"a": {"b": 2}})), &["a.b"])]
    #[case::text(Expect::Prints("said".into()), refusal(), &[])]
    #[case::other_text(Expect::Prints("says".into()), refusal(), &["output"])]
    #[case::header(Expect::Header { name: "location".into(), value: "/a".into() }, refusal(), &[])]
    #[case::other_header(Expect::Header { name: "server".into(), value: "a".into() }, refusal(), &["server"])]
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
