//! The schema proper: types, limits, junctors, properties and items.

use std::fmt::Write as _;

use proofmark_json::{Map, Value};
use proofmark_status::{FieldError, FieldErrorKind};

use super::old::Old;
use super::outcome::{Outcome, Problem};
use super::scalar;
use crate::schema::{Additional, Schema};

/// Walks a value along its schema, with the path in hand.
pub(super) struct Walker {
    /// As validators write it: `spec.list[0].map.key`; below `additionalProperties` of the root with a dot in front.
    path: String,
    /// Whether a default is validated.
    of_default: bool,
}

impl Walker {
    pub(super) fn new(of_default: bool) -> Self {
        Self { path: String::new(), of_default }
    }

    pub(super) fn run(mut self, schema: &Schema, value: &Value, old: Option<Old<'_>>, at: &str) -> Vec<FieldError> {
        self.node(schema, value, old).problems.into_iter().map(|p| p.into_error(at)).collect()
    }

    /// One value; its problems are forgiven when it is what it was.
    fn node(&mut self, schema: &Schema, value: &Value, old: Option<Old<'_>>) -> Outcome {
        let mut outcome = self.check(schema, value, old);
        if !outcome.is_valid() && old.is_some_and(|o| o.is_unchanged()) {
            outcome.problems.clear();
        }
        outcome
    }

    /// The checks in their order. Each that applies counts as passed once more than it says itself.
    fn check(&mut self, schema: &Schema, value: &Value, old: Option<Old<'_>>) -> Outcome {
        let mut all = Outcome::default();
        let types = scalar::Types::of(schema, self.of_default);
        if value.is_null() {
            all.merge(types.check(value, &self.path));
            all.merge(scalar::allowed(schema, value, &self.path).into());
            return all;
        }
        if types.apply() {
            all.merge(types.check(value, &self.path));
            all.passed += 1;
        }
        all.merge(self.junctors(schema, value, old));
        all.passed += 1;
        match value {
            Value::String(text) => {
                all.merge(scalar::text(schema, text, &self.path).into());
                all.passed += 1;
                if let Some(format) = schema.checks.known_format {
                    all.merge(scalar::format(schema, format, text, &self.path).into());
                    all.passed += 1;
                }
            }
            Value::Number(number) => {
                all.merge(scalar::number(schema, number, &self.path));
                all.passed += 1;
            }
            Value::Array(items) => {
                all.merge(self.items(schema, items, old));
                all.passed += 1;
            }
            _ => {}
        }
        all.merge(scalar::allowed(schema, value, &self.path).into());
        all.passed += 1;
        if let Value::Object(fields) = value {
            all.merge(self.fields(schema, fields, old));
            all.passed += 1;
        }
        all.passed += 1;
        all
    }

    fn junctors(&mut self, schema: &Schema, value: &Value, old: Option<Old<'_>>) -> Outcome {
        let mut all = Outcome::default();
        self.any_of(&schema.checks.any_of, value, old, &mut all);
        self.one_of(&schema.checks.one_of, value, old, &mut all);
        self.all_of(&schema.checks.all_of, value, old, &mut all);
        if let Some(not) = &schema.checks.not
            && self.check(not, value, old).is_valid()
        {
            all.add(Problem::junctor(&self.path, "must not validate the schema (not)"));
        }
        all.passed += 1;
        all
    }

    fn any_of(&mut self, alternatives: &[Schema], value: &Value, old: Option<Old<'_>>, all: &mut Outcome) {
        let mut closest: Option<Outcome> = None;
        for alternative in alternatives {
            let outcome = self.check(alternative, value, old);
            if outcome.is_valid() {
                return all.merge(outcome);
            }
            if closest.as_ref().is_none_or(|c| outcome.passed > c.passed) {
                closest = Some(outcome);
            }
        }
        if let Some(closest) = closest {
            all.add(Problem::junctor(&self.path, "must validate at least one schema (anyOf)"));
            all.merge(closest);
        }
    }

    fn one_of(&mut self, alternatives: &[Schema], value: &Value, old: Option<Old<'_>>, all: &mut Outcome) {
        if alternatives.is_empty() {
            return;
        }
        let (mut valid, mut first, mut closest) = (0_usize, None, None::<Outcome>);
        for alternative in alternatives {
            let outcome = self.check(alternative, value, old);
            if outcome.is_valid() {
                valid += 1;
                closest = None;
                first.get_or_insert(outcome);
            } else if valid == 0 && closest.as_ref().is_none_or(|c| outcome.passed > c.passed) {
                closest = Some(outcome);
            }
        }
        if valid == 1 {
            return first.into_iter().for_each(|outcome| all.merge(outcome));
        }
        let found =
            if valid == 0 { "Found none valid".to_owned() } else { format!("Found {valid} valid alternatives") };
        all.add(Problem::junctor(&self.path, &format!("must validate one and only one schema (oneOf). {found}")));
        closest.into_iter().for_each(|outcome| all.merge(outcome));
    }

    fn all_of(&mut self, parts: &[Schema], value: &Value, old: Option<Old<'_>>, all: &mut Outcome) {
        let mut valid = 0_usize;
        for part in parts {
            let outcome = self.check(part, value, old);
            valid += usize::from(outcome.is_valid());
            all.merge(outcome);
        }
        if valid != parts.len() {
            let none = if valid == 0 { ". None validated" } else { "" };
            all.add(Problem::junctor(&self.path, &format!("must validate all the schemas (allOf){none}")));
        }
    }

    fn items(&mut self, schema: &Schema, items: &[Value], old: Option<Old<'_>>) -> Outcome {
        let mut all = Outcome::default();
        if let Some(each) = schema.items.as_deref() {
            for (i, item) in items.iter().enumerate() {
                let end = self.path.len();
                let _ = write!(self.path, "[{i}]");
                all.merge(self.node(each, item, old.and_then(|o| o.item(i))));
                self.path.truncate(end);
            }
        }
        let (path, size) = (&self.path, size_of(items.len()));
        if let Some(min) = schema.checks.min_items.filter(|min| size < *min) {
            all.add(Problem::invalid(path, size, format!("{path} in body should have at least {min} items")));
        }
        if let Some(max) = schema.checks.max_items.filter(|max| size > *max) {
            all.add(too_many(path, size, max, "items"));
        }
        if schema.checks.unique_items && items.iter().enumerate().any(|(i, item)| items[..i].contains(item)) {
            all.add(Problem::invalid(path, "", format!("{path} in body shouldn't contain duplicates")));
        }
        all.passed += 1;
        all
    }

    fn fields(&mut self, schema: &Schema, fields: &Map, old: Option<Old<'_>>) -> Outcome {
        let mut all = Outcome::default();
        let (path, size) = (&self.path, size_of(fields.len()));
        if let Some(min) = schema.checks.min_properties.filter(|min| size < *min) {
            all.add(Problem::invalid(path, size, format!("{path} in body should have at least {min} properties")));
        }
        if let Some(max) = schema.checks.max_properties.filter(|max| size > *max) {
            all.add(too_many(path, size, max, "properties"));
        }
        let further = fields.iter().filter(|(name, _)| !schema.properties.contains_key(*name));
        match &schema.additional {
            Some(Additional::Allowed(false)) => {
                for (name, _) in further {
                    let text = format!("{path}.{name} in body is a forbidden property");
                    all.add(Problem::invalid(path, name.as_str(), text));
                }
            }
            Some(Additional::Schema(each)) => {
                for (name, value) in further {
                    all.merge(self.field(each, name, value, old, true));
                }
            }
            _ => {}
        }
        for (name, property) in &schema.properties {
            if let Some(value) = fields.get(name) {
                all.merge(self.field(property, name, value, old, false));
            }
        }
        for name in schema.checks.required.iter().filter(|name| !fields.contains_key(*name)) {
            let path = format!("{}.{name}", self.path);
            let text = format!("{path} in body is required");
            let detail = Some(String::new());
            all.add(Problem { text, path: Some(path), kind: FieldErrorKind::Required, value: "".into(), detail });
        }
        all
    }

    fn field(&mut self, schema: &Schema, name: &str, value: &Value, old: Option<Old<'_>>, further: bool) -> Outcome {
        let end = self.path.len();
        // apiVersion and kind of the object itself never count as unchanged: both states were converted to the same.
        let old = old.filter(|_| end > 0 || !matches!(name, "apiVersion" | "kind")).and_then(|o| o.field(name));
        if end > 0 || further {
            self.path.push('.');
        }
        self.path.push_str(name);
        let outcome = self.node(schema, value, old);
        self.path.truncate(end);
        outcome
    }
}

fn size_of(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

fn too_many(path: &str, size: i64, max: i64, what: &str) -> Problem {
    let item = if max == 1 { "item" } else { "items" };
    let detail = if max < 0 { "has too many items".to_owned() } else { format!("must have at most {max} {item}") };
    Problem {
        text: format!("{path} in body should have at most {max} {what}"),
        path: Some(path.to_owned()),
        kind: FieldErrorKind::TooMany,
        value: size.into(),
        detail: Some(detail),
    }
}
