//! Definitions and objects as the recorded steps leave them, and what this crate says of each step.

use std::collections::BTreeMap;
use std::rc::Rc;

use proofmark_json::{Map, Value, json};
use proofmark_schema::{Rules, Schema, crd, rules_not_checked, stops_rules};
use proofmark_status::FieldError;

/// What came of comparing a step.
pub(crate) enum Verdict {
    NotOurs,
    Agreed,
    Differs(String),
}

/// What exists.
#[derive(Default)]
pub(crate) struct World {
    definitions: BTreeMap<String, Value>,
    objects: BTreeMap<String, Value>,
    /// Versions by their path.
    versions: BTreeMap<String, Rc<Version>>,
}

/// One version of a resource.
struct Version {
    schema: Schema,
    has_status: bool,
    rules: Option<Rules>,
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

impl World {
    /// Plays a step. Steps that hold what only a referee fills in leave their mark, and are not judged.
    pub(crate) fn play(&mut self, step: &Value) -> Verdict {
        let verdict = self.play_as_given(step);
        let filled_in = step["body"].to_string().contains("${");
        let causes = step["expect"]["body"]["details"]["causes"].as_array().into_iter().flatten();
        let elsewhere = |c: &Value| {
            matches!(c["field"].as_str(), Some("patch" | "kind" | "fieldValidation" | "metadata.annotations"))
        };
        if filled_in || causes.into_iter().any(elsewhere) { Verdict::NotOurs } else { verdict }
    }

    fn play_as_given(&mut self, step: &Value) -> Verdict {
        let (method, path) = (step["method"].as_str().unwrap_or_default(), step["path"].as_str().unwrap_or_default());
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let status = step["expect"]["status"].as_u64().unwrap_or_default();
        let body = match (&step["body"], step["raw"].as_str()) {
            (Value::Null, Some(raw)) => proofmark_json::from_str(raw).unwrap_or_default(),
            (body, _) => body.clone(),
        };
        let merges = step["type"] == "application/merge-patch+json";
        if !body.is_object() || !matches!(status, 200 | 201 | 422) || step["as"].is_string() {
            return Verdict::NotOurs;
        }
        let dry = query.contains("dryRun");
        match (method, path.strip_prefix(DEFINITIONS)) {
            ("POST", Some("")) => self.define(body, step, dry),
            ("PATCH", Some(name)) if merges => self.redefine(name.trim_start_matches('/'), &body, step),
            ("POST", None) => self.create(path, body, step, dry),
            ("PATCH", None) if merges => self.patch(path, &body, step, dry),
            _ => {
                // Changed in a way that is not followed here.
                self.objects.remove(path.strip_suffix("/status").unwrap_or(path));
                Verdict::NotOurs
            }
        }
    }

    fn define(&mut self, mut body: Value, step: &Value, dry: bool) -> Verdict {
        crd::default(&mut body);
        crd::prepare_create(&mut body);
        let verdict = compare(&crd::validate(&body), step);
        if step["expect"]["status"] == 201 && !dry {
            body["status"]["conditions"] = json!([{"type": "Established", "status": "True"}]);
            self.definitions.insert(body["metadata"]["name"].as_str().unwrap_or_default().to_owned(), body);
        }
        verdict
    }

    fn redefine(&mut self, name: &str, patch: &Value, step: &Value) -> Verdict {
        if let Some(definition) = name.strip_suffix("/status").and_then(|name| self.definitions.get_mut(name)) {
            merge(&mut definition["status"], &patch["status"]);
            return compare(&crd::validate_status(definition), step);
        }
        let Some(old) = self.definitions.get(name) else {
            return Verdict::NotOurs;
        };
        let mut new = old.clone();
        merge(&mut new, patch);
        crd::default(&mut new);
        crd::prepare_update(&mut new, old);
        let verdict = compare(&crd::validate_update(&new, old), step);
        if step["expect"]["status"] == 200 {
            self.definitions.insert(name.to_owned(), new);
            self.versions.clear();
        }
        verdict
    }

    /// The version that a path names, and whether it goes to the status subresource.
    fn version(&mut self, path: &str) -> Option<(Rc<Version>, bool)> {
        let mut parts = path.strip_prefix("/apis/")?.split('/');
        let (group, version) = (parts.next()?, parts.next()?);
        let mut rest: Vec<&str> = parts.collect();
        if rest.first() == Some(&"namespaces") {
            rest.drain(..2.min(rest.len()));
        }
        let of_status = match rest.get(2) {
            None => false,
            Some(&"status") => true,
            Some(_) => return None,
        };
        let name = format!("{}.{group}", rest.first()?);
        if let Some(found) = self.versions.get(&format!("{name}/{version}")) {
            return Some((Rc::clone(found), of_status));
        }
        let versions = self.definitions.get(&name)?["spec"]["versions"].as_array()?;
        let found = versions.iter().find(|v| v["name"] == version)?;
        let schema = Schema::parse(&found["schema"]["openAPIV3Schema"]).ok()?;
        let rules = Rules::of(&schema);
        let has_status = found["subresources"]["status"].is_object();
        let found = Rc::new(Version { schema, has_status, rules });
        self.versions.insert(format!("{name}/{version}"), Rc::clone(&found));
        Some((found, of_status))
    }

    fn create(&mut self, path: &str, mut object: Value, step: &Value, dry: bool) -> Verdict {
        let Some((version, false)) = self.version(path) else {
            return Verdict::NotOurs;
        };
        let Some(unknown) = version.take_in(&mut object) else {
            return Verdict::NotOurs;
        };
        if version.has_status {
            set_status(&mut object, None);
        }
        let mut errors = version.schema.validate(&object, "");
        version.apply_rules(&object, None, &mut errors);
        let verdict = version.judge(&object, &errors, &unknown, step);
        if step["expect"]["status"] == 201 && !dry {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            self.objects.insert(format!("{path}/{name}"), object);
        }
        verdict
    }

    fn patch(&mut self, path: &str, patch: &Value, step: &Value, dry: bool) -> Verdict {
        let Some((version, of_status)) = self.version(path) else {
            return Verdict::NotOurs;
        };
        let at = path.strip_suffix("/status").unwrap_or(path);
        let Some(old) = self.objects.get(at) else {
            return Verdict::NotOurs;
        };
        let mut old = old.clone();
        version.schema.prune(&mut old);
        version.schema.default(&mut old);
        let mut new = old.clone();
        merge(&mut new, patch);
        let Some(unknown) = version.take_in(&mut new) else {
            return Verdict::NotOurs;
        };
        let mut errors = if of_status {
            let status = new.get("status").cloned();
            new = old.clone();
            set_status(&mut new, status.as_ref());
            let Some(schema) = version.schema.properties.get("status") else {
                return Verdict::NotOurs;
            };
            let old = old.get("status").unwrap_or(&Value::Null);
            status.map(|status| schema.validate_update(&status, old, "status")).unwrap_or_default()
        } else {
            if version.has_status {
                set_status(&mut new, old.get("status"));
            }
            version.schema.validate_update(&new, &old, "")
        };
        version.apply_rules(&new, Some(&old), &mut errors);
        let verdict = version.judge(&new, &errors, &unknown, step);
        if step["expect"]["status"] == 200 && !dry {
            self.objects.insert(at.to_owned(), new);
        }
        verdict
    }
}

impl Version {
    /// What happens to an object on its way in; the unknown fields. None when it is refused as undecodable.
    fn take_in(&self, object: &mut Value) -> Option<Vec<String>> {
        let mut unknown = self.schema.prune(object);
        unknown.extend(self.schema.coerce(object, false).ok()?);
        self.schema.default(object);
        Some(unknown)
    }

    /// What CEL rules add to the complaints.
    fn apply_rules(&self, new: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
        let Some(rules) = &self.rules else { return };
        if stops_rules(errors) {
            errors.push(rules_not_checked());
            return;
        }
        let verdict = match old {
            None => rules.validate(new, ""),
            Some(old) => rules.validate_update(&self.schema, new, old, ""),
        };
        errors.extend(verdict.errors);
    }

    fn judge(&self, object: &Value, errors: &[FieldError], unknown: &[String], step: &Value) -> Verdict {
        let verdict = compare(errors, step);
        if !matches!(verdict, Verdict::Agreed) || step["expect"]["status"] == 422 {
            return verdict;
        }
        let body = &step["expect"]["body"];
        let strip = |value: &Value| {
            let mut fields = plain(value).as_object().cloned().unwrap_or_default();
            fields.shift_remove("metadata");
            Value::Object(fields)
        };
        if body["kind"] != object["kind"] {
            return Verdict::Agreed;
        }
        let whole = body.as_object().is_some_and(|b| b.keys().all(|key| !key.starts_with('/')));
        if whole && strip(object) != strip(body) {
            return Verdict::Differs(format!("object: {} instead of {}", strip(object), strip(body)));
        }
        let warned = step["expect"]["warning"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let warned: Vec<&str> = warned.filter(|w| w.contains("unknown field") && !w.contains("\\\"metadata")).collect();
        let ours: Vec<String> = unknown.iter().map(|path| format!("299 - \"unknown field \\\"{path}\\\"\"")).collect();
        if !step["path"].as_str().unwrap_or_default().contains("fieldValidation") && warned != ours {
            return Verdict::Differs(format!("warnings: {ours:?} instead of {warned:?}"));
        }
        Verdict::Agreed
    }
}

/// Sets the status of an object, or takes it away.
fn set_status(object: &mut Value, status: Option<&Value>) {
    let Some(fields) = object.as_object_mut() else { return };
    match status {
        Some(status) => fields.insert("status", status.clone()),
        None => fields.shift_remove("status"),
    };
}

/// Compares causes as sets.
fn compare(errors: &[FieldError], step: &Value) -> Verdict {
    if let Some(message) = step["expect"]["body"]["/message"]
        .as_str()
        .filter(|m| m.contains(" is invalid: ") && !m.contains(": metadata."))
    {
        let ours = proofmark_status::aggregate(errors);
        return if message.ends_with(&ours) && !errors.is_empty() {
            Verdict::Agreed
        } else {
            Verdict::Differs(format!("{ours} instead of {message}"))
        };
    }
    if step["only"].is_array() && step["expect"]["status"] == 422 {
        return Verdict::NotOurs;
    }
    let cause = |reason: &str, field: &str, message: &str| timeless(&format!("{reason} {field} {message}"));
    let mut ours: Vec<String> = errors.iter().map(|e| cause(e.kind.reason(), &e.field, &e.body())).collect();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let causes = step["expect"]["body"]["details"]["causes"].as_array().into_iter().flatten();
    let mut theirs: Vec<String> =
        causes.map(|c| cause(&text(c, "reason"), &text(c, "field"), &text(c, "message"))).collect();
    // Metadata as such is validated elsewhere.
    let generic =
        |text: &&String| text.contains(" metadata.") && !text.contains(" in body ") && !text.contains("Too long");
    theirs.retain(|t| !generic(&t) || ours.contains(t));
    ours.retain(|t| !generic(&t) || theirs.contains(t));
    ours.sort();
    theirs.sort();
    ours.dedup();
    theirs.dedup();
    if ours == theirs { Verdict::Agreed } else { Verdict::Differs(format!("causes: {ours:#?} instead of {theirs:#?}")) }
}

/// JSON merge patch (RFC 7386).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (name, change) in changes {
        if change.is_null() {
            fields.shift_remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// The same value with whole floats as integers, as Go writes them.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.iter().map(|(k, v)| (k.clone(), plain(v))).collect()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Number(n) => match n.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "small whole numbers of the recordings")]
            Some(f) if n.as_i64().is_none() && f.trunc() == f && f.abs() < 1e15 => json!(f as i64),
            _ => value.clone(),
        },
        Value::String(text) => timeless(text).into(),
        other => other.clone(),
    }
}

/// Times are blotted out in the recordings.
fn timeless(text: &str) -> String {
    static TIME: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
        regex::Regex::new(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
            .expect("well formed")
    });
    TIME.replace_all(text, "<time>").into_owned()
}
