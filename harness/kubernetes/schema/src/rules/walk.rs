//! The walk over an object: every rule at every value, within one budget.

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::evaluate::{OUT_OF_BUDGET, Outcome, Scope, evaluate};
use super::tree::{Node, Rules};
use crate::path::{child, entry, item, printed};
use crate::schema::Schema;
use crate::validate::Old;

/// What all rules of an object may cost together.
const BUDGET: u64 = 10_000_000;

/// What the rules say of an object.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What is wrong.
    pub errors: Vec<FieldError>,
    /// What is wrong, but was so before: the object is accepted, and the client warned.
    pub warnings: Vec<String>,
}

impl Rules {
    /// What the rules say of a new object. `at` is its path: empty for a whole resource.
    pub fn validate(&self, new: &Value, at: &str) -> Verdict {
        self.walk(new, None, at, Ratchet::default())
    }

    /// What the rules say of the new state of an object. `schema` is that of the rules.
    pub fn validate_update(&self, schema: &Schema, new: &Value, old: &Value, at: &str) -> Verdict {
        let ratchet = Ratchet { current: Some(Old::new(schema, new, old)), parent: None };
        self.walk(new, Some(old), at, ratchet)
    }

    /// What the rules say of a default, which both replaces nothing and stays what it was.
    pub(crate) fn validate_default(&self, default: &Value, at: &str) -> Vec<FieldError> {
        let errors = self.walk(default, Some(default), at, Ratchet::default()).errors;
        if errors.is_empty() { self.validate(default, at).errors } else { errors }
    }

    fn walk(&self, new: &Value, old: Option<&Value>, at: &str, ratchet: Ratchet<'_>) -> Verdict {
        let mut walk = Walk { budget: BUDGET, is_over: false, verdict: Verdict::default() };
        walk.node(&self.root, at, new, old, ratchet);
        walk.verdict
    }
}

/// The value beside its old state, as far as they correspond, for errors that are let pass.
#[derive(Clone, Copy, Default)]
struct Ratchet<'v> {
    current: Option<Old<'v>>,
    parent: Option<Old<'v>>,
}

impl<'v> Ratchet<'v> {
    fn lets_pass(self) -> bool {
        self.current.or(self.parent).is_some_and(Old::is_unchanged)
    }

    fn field(self, name: &str) -> Self {
        match self.current {
            None => self,
            // Kind and version of a resource are never let pass.
            Some(_) if self.parent.is_none() && matches!(name, "apiVersion" | "kind") => Self::default(),
            Some(current) => Self { current: current.field(name), parent: Some(current) },
        }
    }

    fn item(self, index: usize) -> Self {
        match self.current {
            None => self,
            Some(current) => Self { current: current.item(index), parent: Some(current) },
        }
    }
}

struct Walk {
    budget: u64,
    /// No further rule is evaluated.
    is_over: bool,
    verdict: Verdict,
}

impl Walk {
    fn node(&mut self, node: &Node, at: &str, new: &Value, old: Option<&Value>, ratchet: Ratchet<'_>) {
        if new.is_null() || self.is_over {
            return;
        }
        let old = old.filter(|old| !old.is_null());
        self.rules(node, at, new, old, ratchet);
        for part in &node.all_of {
            self.node(part, at, new, old, Ratchet { current: None, ..ratchet });
        }
        match new {
            Value::Array(items) => {
                let Some(each) = &node.items else { return };
                for (i, value) in items.iter().enumerate() {
                    self.node(each, &item(at, i), value, node.old_item(old, value), ratchet.item(i));
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    let (old, ratchet) = (node.old_field(old, name), ratchet.field(name));
                    if let Some(each) = &node.additional {
                        self.node(each, &entry(at, name), value, old, ratchet);
                    }
                    if let Some(below) = node.properties.get(name) {
                        self.node(below, &child(at, name), value, old, ratchet);
                    }
                }
            }
            _ => {}
        }
    }

    fn rules(&mut self, node: &Node, at: &str, new: &Value, old: Option<&Value>, ratchet: Ratchet<'_>) {
        let complain = |detail: String| FieldError::invalid(printed(at), node.ty.as_str(), detail);
        for compiled in &node.rules {
            if self.budget == 0 {
                self.is_over = true;
                self.verdict.errors.push(complain(OUT_OF_BUDGET.to_owned()));
                return;
            }
            if let Some(mistake) = &compiled.mistake {
                self.verdict.errors.push(complain(format!("rule compile error: {mistake}")));
                continue;
            }
            let Some(program) = &compiled.program else { continue };
            let is_optional = compiled.rule.optional_old_self == Some(true);
            if compiled.uses_old_self && old.is_none() && !is_optional {
                continue;
            }
            let scope = Scope { shape: &node.shape, new, old, is_optional };
            let path = if compiled.path.is_empty() { at.to_owned() } else { child(at, &compiled.path) };
            match evaluate(compiled, program, &scope, &mut self.budget) {
                Outcome::Holds => {}
                Outcome::Broken(detail) => self.verdict.errors.push(complain(detail)),
                Outcome::Over(detail) => {
                    self.is_over = true;
                    self.verdict.errors.push(complain(detail));
                    return;
                }
                Outcome::Fails(detail) => {
                    let error = failure(node, compiled.rule.reason.as_deref(), printed(&path), new, detail);
                    if !compiled.uses_old_self && ratchet.lets_pass() {
                        self.verdict.warnings.push(error.to_string());
                    } else {
                        self.verdict.errors.push(error);
                    }
                }
            }
        }
    }
}

/// The error of a rule, by its reason. Objects and lists are not printed.
fn failure(node: &Node, reason: Option<&str>, path: String, value: &Value, detail: String) -> FieldError {
    let is_whole = matches!(node.ty.as_str(), "object" | "array");
    let shown = |error: FieldError| if is_whole { error.without_value() } else { error };
    match reason {
        Some("FieldValueForbidden") => FieldError::forbidden(path, detail),
        Some("FieldValueRequired") => FieldError::required(path, detail),
        Some("FieldValueDuplicate") => shown(FieldError::duplicate(path, value.clone())),
        _ => shown(FieldError::invalid(path, value.clone(), detail)),
    }
}
