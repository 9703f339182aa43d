//! Tests of other tools, as scenario files.
//!
//! - [`chainsaw`]: a `Test` of `chainsaw.kyverno.io`.
//! - [`kuttl`]: a folder of numbered steps with their `-assert` and `-errors` files.
//!
//! - [`kubectl`]: the calls of kubectl in either, and [`until`] what they wait for.
//!
//! Both apply objects and assert what becomes of them, step by step. What is applied goes into `arrange`, together with the assertions on the
//! way; the assertions after the last change are what the test is about, and go into `reproduce`. Other commands, expressions, templates and
//! the like have no counterpart: each is named in [`Imported::left_out`] with its place, and never dropped in silence.

mod chainsaw;
mod kubectl;
mod kuttl;
mod until;

use std::path::Path;

use proofmark_json::{Map, Value, json};
use proofmark_manifests::{Diagnostic, Object, Position, Source, to_yaml};

use crate::kinds::Kinds;
use crate::{API_VERSION, Problem};
use until::Until;

/// What became of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The scenario file.
    pub text: String,
    /// What has no counterpart, each with its place.
    pub left_out: Vec<Problem>,
}

/// Reads a test: a file with a chainsaw `Test`, a folder that holds `chainsaw-test.yaml`, or a folder of kuttl's steps.
///
/// # Errors
/// It cannot be read, or is no test of either tool.
pub fn import(path: &Path) -> Result<Imported, Problem> {
    let test = path.join("chainsaw-test.yaml");
    let mut draft = if path.is_file() {
        chainsaw::read(path)?
    } else if test.is_file() {
        chainsaw::read(&test)?
    } else {
        kuttl::read(path)?
    };
    if draft.steps.is_empty() {
        return Err(Problem::whole(path, "nothing of this test can be imported"));
    }
    draft.settle();
    // The assertions at the end.
    let changes = draft.steps.iter().rposition(|step| !step.asserts).map_or(0, |last| last + 1);
    let reproduced = draft.steps.split_off(changes);
    let written = |steps: Vec<Draft>| steps.into_iter().map(|step| step.written).collect::<Vec<_>>();
    let document = json!({
        "apiVersion": API_VERSION,
        "kind": "Scenario",
        "metadata": {"name": name(&draft.name)},
        "title": draft.title,
        "universe": {"controlPlane": true, "nodes": 1},
        "arrange": written(draft.steps),
        "reproduce": written(reproduced),
    });
    let mut text = to_yaml(&document);
    if !draft.left_out.is_empty() {
        text.push_str("# Not imported:\n");
        draft.left_out.iter().for_each(|problem| text.push_str(&format!("# - {problem}\n")));
    }
    Ok(Imported { text, left_out: draft.left_out })
}

/// The actions that hold an object.
const OBJECTS: [&str; 3] = ["apply", "create", "update"];

/// A test on its way to a scenario.
#[derive(Default)]
struct Test {
    name: String,
    title: String,
    /// The namespace that the tool runs the test in, where it is not made for the test.
    namespace: Option<String>,
    steps: Vec<Draft>,
    left_out: Vec<Problem>,
}

/// A step as it will be written.
struct Draft {
    written: Value,
    /// Whether it only looks.
    asserts: bool,
}

impl Test {
    fn left_out(&mut self, at: &Position, what: impl Into<String>) {
        self.left_out.push(at_place(at, what));
    }

    /// Both tools give a test a namespace of its own, where what names none is meant. Here it is named like the scenario.
    fn settle(&mut self) {
        let own = self.namespace.clone().unwrap_or_else(|| name(&self.name));
        let objects = self.steps.iter().flat_map(|step| OBJECTS.map(|action| &step.written[action]));
        let kinds = Kinds::with(objects);
        let mut homeless = false;
        for step in &mut self.steps {
            for (action, at) in OBJECTS
                .map(|action| (format!("/{action}"), "metadata"))
                .into_iter()
                .chain(["/get", "/delete", "/patch/of"].map(|place| (place.to_owned(), "")))
            {
                let Some(object) = step.written.pointer_mut(&action) else { continue };
                let text = |name: &str| object[name].as_str().unwrap_or_default();
                if !kinds.is_namespaced(text("apiVersion"), text("kind")) {
                    continue;
                }
                let holder = if at.is_empty() { object } else { &mut object[at] };
                if holder.get("namespace").is_none_or(|namespace| *namespace == own) {
                    holder["namespace"] = json!(own);
                    homeless = true;
                }
            }
        }
        if homeless {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": own}});
            let written = json!({"step": "the namespace of the test", "create": namespace});
            self.steps.insert(0, Draft { written, asserts: false });
        }
    }

    fn does(&mut self, title: &str, action: &str, of: Value) {
        self.steps.push(Draft { written: json!({"step": title, action: of}), asserts: false });
    }

    /// A deletion, of what may be gone already or not.
    fn deletes(&mut self, title: &str, place: Value, may_be_missing: bool) {
        self.does(title, "delete", place);
        if let Some(step) = self.steps.last_mut().filter(|_| may_be_missing) {
            step.written["expect"] = json!({"holds": ["status == 200 || status == 202 || status == 404"]});
        }
    }

    /// Something that an object must come to within a time.
    fn finds(&mut self, title: &str, place: Value, expect: Value, within: &str) {
        let written = json!({"step": title, "get": place, "expect": expect, "within": within});
        self.steps.push(Draft { written, asserts: true });
    }

    fn waits(&mut self, title: &str, place: Value, until: &Until, within: &str) {
        self.finds(title, place, until.expected(), within);
    }

    /// The objects that a test expects to find: those with a name. Of each its content must come to be within the time.
    fn asserts(&mut self, path: &Position, title: &str, object: &Value, within: &str) {
        let Some(place) = place_of(object) else {
            return self.left_out(path, format!("{title}: an assertion on objects without a name"));
        };
        if let Some(found) = expression_in(object) {
            return self.left_out(path, format!("{title}: an assertion with the expression {found}"));
        }
        let members = content(object);
        let expect = if members.is_empty() { json!({"succeeds": true}) } else { json!({"shows": members}) };
        self.finds(title, place, expect, within);
    }

    /// The objects that a test expects not to find. Only absence as a whole has a counterpart.
    fn refutes(&mut self, path: &Position, title: &str, object: &Value) {
        match place_of(object) {
            Some(place) if content(object).is_empty() => {
                let written = json!({"step": title, "get": place, "expect": {"code": 404}, "stays": true});
                self.steps.push(Draft { written, asserts: true });
            }
            _ => self.left_out(path, format!("{title}: an error assertion on more than an object's existence")),
        }
    }
}

/// `apiVersion`, `kind`, `namespace` and `name` of an object that has a name.
fn place_of(object: &Value) -> Option<Value> {
    place(object, &object["metadata"])
}

/// The same of what says `apiVersion`, `kind`, `name` and perhaps `namespace` side by side.
fn by_name(said: &Value) -> Option<Value> {
    place(said, said)
}

fn place(of: &Value, named: &Value) -> Option<Value> {
    let mut place = json!({
        "apiVersion": of["apiVersion"].as_str()?, "kind": of["kind"].as_str()?, "name": named["name"].as_str()?,
    });
    if let Some(namespace) = named["namespace"].as_str() {
        place["namespace"] = json!(namespace);
    }
    Some(place)
}

/// What an assertion says of an object beyond its identity.
fn content(object: &Value) -> Map {
    let mut members = object.as_object().cloned().unwrap_or_default();
    members.retain(|name, _| !matches!(name.as_str(), "apiVersion" | "kind"));
    if let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| !matches!(name.as_str(), "name" | "namespace"));
        if metadata.is_empty() {
            members.shift_remove("metadata");
        }
    }
    members
}

/// The first expression of chainsaw's assertion language within a value: a key or a text in parentheses.
fn expression_in(value: &Value) -> Option<String> {
    let is_expression = |text: &str| text.starts_with('(') && text.ends_with(')') || text.starts_with('~');
    match value {
        Value::String(text) => is_expression(text).then(|| text.clone()),
        Value::Array(items) => items.iter().find_map(expression_in),
        Value::Object(members) => members
            .iter()
            .find_map(|(name, value)| if is_expression(name) { Some(name.to_string()) } else { expression_in(value) }),
        _ => None,
    }
}

/// The documents of a YAML file as they stand, objects or not.
fn documents(path: &Path) -> Result<Vec<Object>, Problem> {
    let broken = |error: Box<Diagnostic>| match &error.position {
        Some(at) => at_place(at, error.message),
        None => Problem::whole(path, error.message),
    };
    proofmark_manifests::written(path).map_err(broken)
}

fn at_place(at: &Position, message: impl Into<String>) -> Problem {
    let place = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Problem { file: at.file.clone(), at: Some((place(at.line), place(at.column))), message: message.into() }
}

/// The objects of a file, a folder or a pattern's first match.
fn objects(path: &Path) -> Result<Vec<Value>, Problem> {
    let read = proofmark_manifests::load(&[Source::Path(path.to_owned())]);
    let read = read.map_err(|errors| {
        Problem::whole(path, errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })?;
    Ok(read.objects.iter().map(|object| object.value.clone()).collect())
}

/// A name as scenarios have them.
fn name(given: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    given.chars().map(plain).collect::<String>().trim_matches('-').to_owned()
}
