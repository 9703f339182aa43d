//! What is checked of a value without looking into it: its type, limits, pattern, format and `enum`.

use proofmark_json::{Number, Value};
use proofmark_status::{FieldErrorKind, quote};

use super::outcome::{Outcome, Problem};
use crate::json::sorted;
use crate::number::{Num, is_whole};
use crate::schema::{Schema, Type};
use proofmark_text::Format;

/// The types that a schema takes.
pub(super) struct Types<'a> {
    schema: &'a Schema,
    int_or_string: bool,
    /// Empty for formats that are not enforced, except in defaults.
    format: &'a str,
}

impl<'a> Types<'a> {
    pub(super) fn of(schema: &'a Schema, of_default: bool) -> Self {
        let checks = &schema.checks;
        let format = if of_default || checks.known_format.is_some() { checks.format.as_str() } else { "" };
        Self { schema, int_or_string: schema.int_or_string && !of_default, format }
    }

    /// Whether there is anything to check.
    pub(super) fn apply(&self) -> bool {
        self.int_or_string || self.schema.ty.is_some() || !self.format.is_empty()
    }

    fn takes(&self, ty: &Type) -> bool {
        if self.int_or_string {
            matches!(ty, Type::Integer | Type::String)
        } else {
            self.schema.ty.as_ref() == Some(ty)
        }
    }

    fn names(&self) -> &str {
        if self.int_or_string {
            "integer,string"
        } else {
            self.schema.ty.as_ref().map(Type::as_str).unwrap_or_default()
        }
    }

    pub(super) fn check(&self, value: &Value, path: &str) -> Outcome {
        let problem = self.problem(value, path);
        let passed = usize::from(problem.is_none());
        Outcome { passed, ..Outcome::from(problem) }
    }

    fn problem(&self, value: &Value, path: &str) -> Option<Problem> {
        // The value's type, and what Go calls the format of numbers.
        let (ty, format) = match value {
            Value::Null => {
                let refused = (self.int_or_string || self.schema.ty.is_some()) && !self.schema.nullable;
                return refused.then(|| wrong_type(path, self.names(), "null"));
            }
            Value::Bool(_) => (Type::Boolean, ""),
            Value::String(_) => (Type::String, ""),
            Value::Array(_) => (Type::Array, ""),
            Value::Object(_) => (Type::Object, ""),
            Value::Number(n) => match Num::of(n) {
                Num::Int(_) => (Type::Integer, "int64"),
                Num::Float(_) => (Type::Number, "float64"),
            },
        };
        let whole = matches!(value, Value::Number(n) if Num::of(n).is_integer());
        let fits = self.takes(&ty) || (whole && (self.takes(&Type::Integer) || self.takes(&Type::Number)));
        let texts = matches!(ty, Type::String | Type::Array);
        if !self.format.is_empty() {
            if !texts && !fits && format != self.format {
                return Some(wrong_type(path, self.format, format));
            }
            // A format on anything but numbers lets every text and list pass for the type.
            if texts && !self.takes(&Type::Number) && !self.takes(&Type::Integer) {
                return None;
            }
        }
        (!fits).then(|| wrong_type(path, self.names(), ty.as_str()))
    }
}

fn wrong_type(path: &str, wanted: &str, found: &str) -> Problem {
    Problem {
        text: format!("{path} in body must be of type {wanted}: {}", quote(found)),
        path: Some(path.to_owned()),
        kind: FieldErrorKind::TypeInvalid,
        value: found.into(),
        detail: None,
    }
}

/// `format`.
pub(super) fn format(schema: &Schema, format: Format, text: &str, path: &str) -> Option<Problem> {
    (!format.accepts(text)).then(|| wrong_type(path, &schema.checks.format, text))
}

/// Lengths and pattern; only the first that fails is reported.
pub(super) fn text(schema: &Schema, text: &str, path: &str) -> Option<Problem> {
    let checks = &schema.checks;
    let length = || i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if let Some(max) = checks.max_length.filter(|max| length() > *max) {
        let unit = if max == 1 { "byte" } else { "bytes" };
        let detail =
            if max < 0 { "value is too long".to_owned() } else { format!("may not be more than {max} {unit}") };
        return Some(Problem {
            text: format!("{path} in body should be at most {max} chars long"),
            path: Some(path.to_owned()),
            kind: FieldErrorKind::TooLong,
            value: Value::Null,
            detail: Some(detail),
        });
    }
    if let Some(min) = checks.min_length.filter(|min| length() < *min) {
        return Some(Problem::invalid(path, text, format!("{path} in body should be at least {min} chars long")));
    }
    let pattern = checks.pattern.as_ref().filter(|p| !p.is_match(text))?;
    let why = pattern.mistake().map(|m| format!(", but pattern is invalid: {m}")).unwrap_or_default();
    Some(Problem::invalid(path, text, format!("{path} in body should match '{}{why}'", pattern.source())))
}

/// `multipleOf`, `minimum` and `maximum`. Limits of integers are cut to integers first, as Go converts them.
pub(super) fn number(schema: &Schema, value: &Number, path: &str) -> Outcome {
    let checks = &schema.checks;
    let number = Num::of(value);
    let mut all = Outcome::default();
    if let Some(factor) = checks.multiple_of {
        all.merge(multiple(number, factor, value, path).into());
    }
    if let Some(min) = checks.minimum {
        let (cut, strict) = (Limit::of(number, min), checks.exclusive_minimum);
        if cut.is_above(number) || (strict && cut.is_equal(number)) {
            let relation = if strict { "greater than" } else { "greater than or equal to" };
            all.add(Problem::invalid(
                path,
                value.clone(),
                format!("{path} in body should be {relation} {}", cut.text()),
            ));
        }
    }
    if let Some(max) = checks.maximum {
        let (cut, strict) = (Limit::of(number, max), checks.exclusive_maximum);
        if cut.is_below(number) || (strict && cut.is_equal(number)) {
            let relation = if strict { "less than" } else { "less than or equal to" };
            all.add(Problem::invalid(
                path,
                value.clone(),
                format!("{path} in body should be {relation} {}", cut.text()),
            ));
        }
    }
    all.passed += 1;
    all
}

fn multiple(number: Num, factor: f64, value: &Number, path: &str) -> Option<Problem> {
    let cut = Limit::of(number, factor);
    if !cut.is_above(match cut.0 {
        Num::Int(_) => Num::Int(0),
        Num::Float(_) => Num::Float(0.0),
    }) {
        let shown = cut.value();
        return Some(Problem::invalid(
            path,
            shown,
            format!("factor MultipleOf declared for {path} must be positive: {}", cut.text()),
        ));
    }
    let fits = match (number, cut.0) {
        (Num::Int(n), Num::Int(factor)) => n % factor == 0,
        (Num::Float(f), _) if factor < 1.0 => is_whole(1.0 / factor * f),
        (Num::Float(f), _) => is_whole(f / factor),
        (Num::Int(_), Num::Float(_)) => false,
    };
    (!fits).then(|| {
        Problem::invalid(path, value.clone(), format!("{path} in body should be a multiple of {}", cut.text()))
    })
}

/// A limit, of the same kind as the number that is held against it.
#[derive(Clone, Copy)]
struct Limit(Num);

impl Limit {
    fn of(number: Num, limit: f64) -> Self {
        match number {
            Num::Int(_) => Self(Num::Int(go_int(limit))),
            Num::Float(_) => Self(Num::Float(limit)),
        }
    }

    fn is_above(self, number: Num) -> bool {
        match (self.0, number) {
            (Num::Int(limit), Num::Int(n)) => limit > n,
            (Num::Float(limit), Num::Float(f)) => limit > f,
            _ => false,
        }
    }

    fn is_below(self, number: Num) -> bool {
        match (self.0, number) {
            (Num::Int(limit), Num::Int(n)) => limit < n,
            (Num::Float(limit), Num::Float(f)) => limit < f,
            _ => false,
        }
    }

    fn is_equal(self, number: Num) -> bool {
        self.0 == number
    }

    fn text(self) -> String {
        match self.0 {
            Num::Int(n) => n.to_string(),
            Num::Float(f) => proofmark_status::float(f),
        }
    }

    fn value(self) -> Value {
        match self.0 {
            Num::Int(n) => n.into(),
            Num::Float(f) => f.into(),
        }
    }
}

/// Go's conversion to `int64` on amd64: toward zero, and the smallest integer for what does not fit.
fn go_int(f: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "cutting is the point; the range is checked")]
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f) { f as i64 } else { i64::MIN }
}

/// `enum`.
pub(super) fn allowed(schema: &Schema, value: &Value, path: &str) -> Option<Problem> {
    let allowed = &schema.checks.allowed;
    if allowed.is_empty() || allowed.iter().any(|one| is_one(value, one)) {
        return None;
    }
    let texts: Vec<String> =
        allowed.iter().map(|one| one.as_str().map_or_else(|| sorted(one).to_string(), str::to_owned)).collect();
    let quoted: Vec<String> = texts.iter().map(|t| quote(t)).collect();
    Some(Problem {
        text: format!("{path} in body should be one of [{}]", texts.join(" ")),
        path: Some(path.to_owned()),
        kind: FieldErrorKind::NotSupported,
        value: value.clone(),
        detail: Some(format!("supported values: {}", quoted.join(", "))),
    })
}

/// Whether a value, converted to the type of an allowed one as Go converts, equals it.
fn is_one(value: &Value, one: &Value) -> bool {
    match (value, one) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Number(value), Value::Number(one)) => match (Num::of(value), Num::of(one)) {
            (Num::Int(value), Num::Float(one)) => {
                #[expect(clippy::cast_precision_loss, reason = "Go loses it too")]
                let converted = value as f64;
                converted == one
            }
            (Num::Float(value), Num::Int(one)) => go_int(value) == one,
            (value, one) => value == one,
        },
        // An integer converts to the text of that code point.
        (Value::Number(value), Value::String(one)) => {
            let c = value.as_i64().map(|n| u32::try_from(n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
            c.is_some_and(|c| one.chars().eq([c]))
        }
        (value, one) => value == one,
    }
}
