//! The format of recordings: a list of cases, each a list of steps with the answer that a real server gave.
//!
//! A step's texts may hold `${name}`, a value that an earlier step saved, and `${repeat.N}`, N times `x`. So a step stays raw JSON until
//! it is played.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use proofmark_json::{Map, Value};
use serde::{Deserialize, Deserializer};

/// Steps that pin one behaviour. Their names of objects are fixed, so a case is played once on a server.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    #[serde(rename = "case")]
    pub(crate) name: String,
    pub(crate) steps: Vec<Map>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Act {
    /// Sends a request, and again while the answer is not the one waited for.
    #[default]
    Request,
    /// Opens a watch and leaves it open.
    Watch,
    /// Reads the events that came on an open watch.
    Events,
    /// Serves a webhook, or gives the one that is served other answers.
    Serve,
    /// Reads what the webhook was asked since the last time.
    Seen,
}

/// A step, its names filled in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    #[serde(default, rename = "do")]
    pub(crate) act: Act,
    #[serde(default = "get")]
    pub(crate) method: String,
    #[serde(default)]
    pub(crate) path: String,
    /// The user to impersonate, with `groups` and `extra`.
    #[serde(default, rename = "as")]
    pub(crate) user: Option<String>,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    #[serde(default)]
    pub(crate) extra: BTreeMap<String, String>,
    /// A bearer token instead of the administrator's; an empty one stands for no credential.
    #[serde(default)]
    pub(crate) token: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// A body of JSON.
    #[serde(default, deserialize_with = "present")]
    pub(crate) body: Option<Value>,
    /// A body as it is.
    #[serde(default)]
    pub(crate) raw: Option<String>,
    /// The content type of the body, unless a header says it.
    #[serde(default = "json", rename = "type")]
    pub(crate) content_type: String,
    /// What the answer has to satisfy: its `status`, or what is at a JSON pointer (`?`: anything, `!`: nothing).
    #[serde(default)]
    pub(crate) wait: Map,
    /// Names for values of the answer, by JSON pointer.
    #[serde(default)]
    pub(crate) save: BTreeMap<String, String>,
    /// The watch that is opened or read.
    #[serde(default)]
    pub(crate) id: String,
    /// How many events are waited for.
    #[serde(default)]
    pub(crate) count: usize,
    /// Seconds that have to pass without an event after those.
    #[serde(default = "half")]
    pub(crate) quiet: f64,
    /// What the webhook answers, by path.
    #[serde(default)]
    pub(crate) answers: BTreeMap<String, Value>,
    #[serde(flatten)]
    pub(crate) compared: Compared,
    #[serde(default)]
    pub(crate) expect: Value,
}

/// What of an answer's body is compared, by JSON pointers.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Compared {
    /// Nothing but this.
    #[serde(default)]
    pub(crate) only: Option<Vec<String>>,
    /// Not this. `*` stands for every key or element.
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
    /// Lists whose order says nothing.
    #[serde(default)]
    pub(crate) unordered: Vec<String>,
}

fn get() -> String {
    "GET".to_owned()
}

fn json() -> String {
    "application/json".to_owned()
}

fn half() -> f64 {
    0.5
}

/// A body of `null` is a body.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// What `${name}` stands for.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// The name of the case itself is known from the start.
    pub(crate) fn of(case: &Case) -> Self {
        Self(BTreeMap::from([("case".to_owned(), case.name.clone())]))
    }

    /// Remembers a value under a name.
    pub(crate) fn save(&mut self, name: &str, value: &Value) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.0.insert(name.to_owned(), text);
    }

    /// Gives a name a meaning.
    pub(crate) fn set(&mut self, name: &str, meaning: &str) {
        self.0.insert(name.to_owned(), meaning.to_owned());
    }

    /// A step with its names filled in. What it expects has none.
    pub(crate) fn read(&self, step: &Map) -> proofmark_json::Result<Step> {
        let filled = step
            .iter()
            .map(|(key, value)| (key.clone(), if key == "expect" { value.clone() } else { self.fill(value) }));
        proofmark_json::from_value(Value::Object(filled.collect()))
    }

    fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(fields) => fields.iter().map(|(key, field)| (self.text(key), self.fill(field))).collect(),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            match after.split_once('}').and_then(|(name, after)| Some((self.meaning(name)?, after))) {
                Some((meaning, after)) => {
                    filled.push_str(&meaning);
                    rest = after;
                }
                None => {
                    filled.push_str("${");
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    fn meaning(&self, name: &str) -> Option<String> {
        match name.strip_prefix("repeat.").and_then(|count| count.parse().ok()) {
            Some(count) => Some("x".repeat(count)),
            None => self.0.get(name).cloned(),
        }
    }
}

/// The cases of a recording: one that is kept here, or one that lies beside the repository; `None` if that is absent.
pub(crate) fn load(recording: &str) -> Option<Vec<Case>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    let kept = here.join(format!("tests/data/oracle/{recording}.json.gz"));
    if let Ok(file) = std::fs::File::open(&kept) {
        GzDecoder::new(file).read_to_string(&mut text).expect("a recording is text under gzip");
    } else {
        let shared = std::env::var_os("PROOFMARK_SHARED").map_or_else(|| here.join("../../../shared"), PathBuf::from);
        let beside = shared.join(format!("oracle/cases/{recording}.json"));
        let Ok(read) = std::fs::read_to_string(&beside) else {
            let ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
            assert!(!ci, "no recording at {}", beside.display());
            return None;
        };
        text = read;
    }
    Some(proofmark_json::from_str(&text).expect("a recording is a list of cases"))
}
