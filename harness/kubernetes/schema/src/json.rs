//! Values as Go marshals them.

use proofmark_json::{Map, Value};

use crate::number::Num;

/// The same value with the keys of objects sorted, as Go prints maps, and whole floats without a fraction.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(k, v)| (k.clone(), within(v))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect::<Map>())
        }
        Value::Array(items) => items.iter().map(within).collect(),
        scalar => scalar.clone(),
    }
}

fn within(value: &Value) -> Value {
    match value {
        Value::Number(_) => whole(value),
        other => sorted(other),
    }
}

/// A number without its fraction, if that is zero.
pub(crate) fn whole(value: &Value) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(n) => match Num::of(n) {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and in the range in which floats are exact")]
            Num::Float(f) if f.trunc() == f && f.abs() <= EXACT => Value::from(f as i64),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}
