//! A fault as a line of text: `key=value` pairs with commas between them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Failure, Fault, Moment, StatusCode};
use crate::request::parse_duration;

/// A line that describes no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// A part that is no pair.
    #[error("`{0}` is not of the form key=value")]
    NoPair(String),
    /// No such key.
    #[error("unknown key `{key}`; there are {}", KEYS.join(", "))]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A key that is there twice.
    #[error("{key}: given twice")]
    Twice {
        /// The key.
        key: String,
    },
    /// A value that makes no sense.
    #[error("{key}: {why}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing would happen.
    #[error("nothing goes wrong: give one of status, latency, watch-events, reset")]
    Harmless,
}

/// The keys, in the order in which a fault is written.
const KEYS: [&str; 15] = [
    "verb",
    "group",
    "resource",
    "subresource",
    "namespace",
    "name",
    "user",
    "after",
    "times",
    "probability",
    "latency",
    "status",
    "retry-after",
    "watch-events",
    "reset",
];

const VERBS: [&str; 12] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "head",
    "options",
    "post",
    "put",
];

impl FromStr for Fault {
    type Err = FaultError;

    /// Reads pairs such as `verb=update,resource=pods,status=409,times=2`. `resource` may name a subresource (`pods/status`) and a group
    /// (`deployments.apps`), as in `kubectl auth can-i`. `latency` is a duration (`250ms`), `retry-after` a number of seconds, `reset` is
    /// `request` or `answer`. `status=410` beside `watch-events` ends the watch with an event that says so.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let pairs = Pairs::read(text)?;
        let mut fault = Self {
            after: pairs.number("after")?.unwrap_or(0),
            times: pairs.number("times")?,
            probability: pairs.parsed("probability", probability)?,
            latency: pairs.parsed("latency", parse_duration)?.unwrap_or(Duration::ZERO),
            failure: failure(&pairs)?,
            ..Self::default()
        };
        let requests = &mut fault.requests;
        let places = [
            ("verb", &mut requests.verb),
            ("group", &mut requests.group),
            ("resource", &mut requests.resource),
            ("subresource", &mut requests.subresource),
            ("namespace", &mut requests.namespace),
            ("name", &mut requests.name),
            ("user", &mut requests.user),
        ];
        for (key, place) in places {
            *place = pairs.get(key).map(str::to_owned);
        }
        if let Some((resource, part)) = pairs.get("resource").and_then(|r| r.split_once('/')) {
            unset("subresource", requests.subresource.replace(part.to_owned()))?;
            requests.resource = Some(resource.to_owned());
        }
        if let Some((resource, group)) = requests.resource.clone().as_deref().and_then(|r| r.split_once('.')) {
            unset("group", requests.group.replace(group.to_owned()))?;
            requests.resource = Some(resource.to_owned());
        }
        if fault.failure.is_none() && fault.latency.is_zero() {
            return Err(FaultError::Harmless);
        }
        check_verb(&fault)?;
        Ok(fault)
    }
}

/// A part of the resource that is also given by itself.
fn unset(key: &'static str, before: Option<String>) -> Result<(), FaultError> {
    before.map_or(Ok(()), |_| Err(FaultError::Value { key, why: "also given with the resource".to_owned() }))
}

fn check_verb(fault: &Fault) -> Result<(), FaultError> {
    let Some(verb) = fault.requests.verb.as_deref() else { return Ok(()) };
    if !VERBS.contains(&verb) {
        let why = format!("`{verb}` is none; there are {}", VERBS.join(", "));
        return Err(FaultError::Value { key: "verb", why });
    }
    match fault.failure {
        Some(failure @ Failure::Status { code, .. }) if !failure.ends(verb) => {
            Err(FaultError::Value { key: "status", why: format!("a `{verb}` never ends with {}", code.code()) })
        }
        Some(failure @ Failure::EndWatch { .. }) if !failure.ends(verb) => {
            Err(FaultError::Value { key: "watch-events", why: format!("a `{verb}` has no events") })
        }
        _ => Ok(()),
    }
}

fn failure(pairs: &Pairs<'_>) -> Result<Option<Failure>, FaultError> {
    let retry_after = pairs.parsed("retry-after", |text| text.parse::<u32>().map_err(|_| no_number(text)))?;
    let events = pairs.number("watch-events")?;
    let status = pairs.parsed("status", status)?;
    let reset = pairs.parsed("reset", moment)?;
    let wrong = |key, why: &str| Err(FaultError::Value { key, why: why.to_owned() });
    if retry_after.is_some() && !status.is_some_and(StatusCode::can_wait) {
        return wrong("retry-after", "comes with the statuses 429 and 503 only");
    }
    if reset.is_some() && (status.is_some() || events.is_some()) {
        return wrong("reset", "a connection that is reset neither answers nor ends a watch");
    }
    Ok(match (status, events, reset) {
        (None, None, None) => None,
        (_, _, Some(moment)) => Some(Failure::Reset(moment)),
        (Some(code), None, None) => Some(Failure::Status { code, retry_after }),
        (None, Some(events), None) => Some(Failure::EndWatch { events, expired: false }),
        (Some(StatusCode::Expired), Some(events), None) => Some(Failure::EndWatch { events, expired: true }),
        (Some(_), Some(_), None) => return wrong("status", "only 410 can end a watch that has begun"),
    })
}

fn status(text: &str) -> Result<StatusCode, String> {
    let known = StatusCode::ALL.into_iter().find(|s| s.code().to_string() == text);
    let all = || StatusCode::ALL.map(|s| s.code().to_string()).join(", ");
    known.ok_or_else(|| format!("`{text}` cannot be injected; there are {}", all()))
}

fn moment(text: &str) -> Result<Moment, String> {
    match text {
        "request" => Ok(Moment::Request),
        "answer" => Ok(Moment::Answer),
        _ => Err(format!("`{text}` is neither `request` (before anything is done) nor `answer` (after all is done)")),
    }
}

fn probability(text: &str) -> Result<f64, String> {
    let given = text.parse::<f64>().ok().filter(|p| (0.0..=1.0).contains(p));
    given.ok_or_else(|| format!("`{text}` is not between 0 and 1"))
}

fn no_number(text: &str) -> String {
    format!("`{text}` is no whole number")
}

/// The pairs of a line.
struct Pairs<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Pairs<'a> {
    fn read(text: &'a str) -> Result<Self, FaultError> {
        let mut pairs: Vec<(&'static str, &str)> = Vec::new();
        for part in text.split(',') {
            let (key, value) = part.split_once('=').ok_or_else(|| FaultError::NoPair(part.to_owned()))?;
            let (key, value) = (key.trim(), value.trim());
            let known = KEYS.into_iter().find(|k| *k == key);
            let known = known.ok_or_else(|| FaultError::UnknownKey { key: key.to_owned() })?;
            if pairs.iter().any(|(k, _)| *k == known) {
                return Err(FaultError::Twice { key: key.to_owned() });
            }
            pairs.push((known, value));
        }
        Ok(Self(pairs))
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, value)| *value)
    }

    fn parsed<T>(&self, key: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, FaultError> {
        let parsed = self.get(key).map(read).transpose();
        parsed.map_err(|why| FaultError::Value { key, why })
    }

    fn number(&self, key: &'static str) -> Result<Option<u64>, FaultError> {
        self.parsed(key, |text| text.parse().map_err(|_| no_number(text)))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = &self.requests;
        let mut pairs: Vec<(&str, String)> = Vec::new();
        let places = [
            ("verb", &requests.verb),
            ("group", &requests.group),
            ("resource", &requests.resource),
            ("subresource", &requests.subresource),
            ("namespace", &requests.namespace),
            ("name", &requests.name),
            ("user", &requests.user),
        ];
        pairs.extend(places.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))));
        pairs.extend((self.after > 0).then(|| ("after", self.after.to_string())));
        pairs.extend(self.times.map(|times| ("times", times.to_string())));
        pairs.extend(self.probability.map(|p| ("probability", p.to_string())));
        pairs.extend((!self.latency.is_zero()).then(|| ("latency", format!("{:?}", self.latency))));
        match self.failure {
            None => {}
            Some(Failure::Status { code, retry_after }) => {
                pairs.push(("status", code.code().to_string()));
                pairs.extend(retry_after.map(|seconds| ("retry-after", seconds.to_string())));
            }
            Some(Failure::EndWatch { events, expired }) => {
                pairs.extend(expired.then(|| ("status", StatusCode::Expired.code().to_string())));
                pairs.push(("watch-events", events.to_string()));
            }
            Some(Failure::Reset(Moment::Request)) => pairs.push(("reset", "request".to_owned())),
            Some(Failure::Reset(Moment::Answer)) => pairs.push(("reset", "answer".to_owned())),
        }
        let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        f.write_str(&pairs.join(","))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("verb=update,resource=pods,status=409,times=2", "verb=update,resource=pods,times=2,status=409")]
    #[case(
        "resource=deployments.apps/status, latency=1.5s",
        "group=apps,resource=deployments,subresource=status,latency=1.5s"
    )]
    #[case("status=429,retry-after=5,probability=0.25", "probability=0.25,status=429,retry-after=5")]
    #[case("watch-events=3,status=410", "status=410,watch-events=3")]
    #[case(
        "user=system:serviceaccount:a:b,reset=answer,after=1",
        "user=system:serviceaccount:a:b,after=1,reset=answer"
    )]
    fn a_line_can_be_written_again(#[case] line: &str, #[case] written: &str) {
        let fault: Fault = line.parse().unwrap();
        assert_eq!(fault.to_string(), written);
        assert_eq!(written.parse::<Fault>().unwrap(), fault);
    }

    #[rstest]
    #[case("", "`` is not of the form key=value")]
    #[case("status", "`status` is not of the form key=value")]
    #[case(
        "stats=500",
        "unknown key `stats`; there are verb, group, resource, subresource, namespace, name, user, after, times, probability, latency, status, retry-after, watch-events, reset"
    )]
    #[case("status=500,status=503", "status: given twice")]
    #[case("status=418", "status: `418` cannot be injected; there are 409, 410, 429, 500, 503, 504")]
    #[case("status=500,times=two", "times: `two` is no whole number")]
    #[case("status=500,probability=2", "probability: `2` is not between 0 and 1")]
    #[case("latency=5", "latency: time: missing unit in duration \"5\"")]
    #[case("verb=get,resource=pods", "nothing goes wrong: give one of status, latency, watch-events, reset")]
    #[case(
        "verb=fetch,status=500",
        "verb: `fetch` is none; there are get, list, watch, create, update, patch, delete, deletecollection, head, options, post, put"
    )]
    #[case("verb=get,status=409", "status: a `get` never ends with 409")]
    #[case("verb=list,watch-events=1", "watch-events: a `list` has no events")]
    #[case("watch-events=1,status=500", "status: only 410 can end a watch that has begun")]
    #[case("reset=now", "reset: `now` is neither `request` (before anything is done) nor `answer` (after all is done)")]
    #[case("reset=answer,status=500", "reset: a connection that is reset neither answers nor ends a watch")]
    #[case("status=500,retry-after=1", "retry-after: comes with the statuses 429 and 503 only")]
    #[case("resource=pods/log,subresource=log,status=500", "subresource: also given with the resource")]
    #[case("resource=deployments.apps,group=apps,status=500", "group: also given with the resource")]
    fn errors_name_the_key(#[case] line: &str, #[case] error: &str) {
        assert_eq!(line.parse::<Fault>().unwrap_err().to_string(), error);
    }
}
