//! Scalars: what Go makes of a JSON literal for a field of that type.
//!
//! The built-in API has neither durations nor unsigned integers (the generator refuses them), so these count as plain strings and
//! integers.

use proofmark_json::{Number, Value};
use proofmark_types::{Scalar, TypeId};

use super::base64;
use super::error::DecodeError;
use super::node::{Node, View};
use super::reader::Reader;
use crate::quantity::Quantity;
use crate::time::Moment;

impl Reader<'_> {
    /// The canonical value; none where null or a misfit (which is saved) leaves the zero value.
    ///
    /// Errors here are those of Go's custom decoders, which end the decoding at once.
    pub(super) fn scalar<N: Node>(
        &mut self,
        node: &N,
        scalar: Scalar,
        ty: TypeId,
    ) -> Result<Option<Value>, Box<DecodeError>> {
        let view = node.view();
        let found = match (scalar, view) {
            (_, View::Null) => None,
            (Scalar::Quantity, view) => Some(quantity(&view)?),
            (Scalar::Time, View::String(text)) => {
                Moment::parse(text).map_err(DecodeError::Value)?.format().map(Value::String)
            }
            (Scalar::MicroTime, View::String(text)) => {
                Moment::parse_micro(text).map_err(DecodeError::Value)?.format_micro().map(Value::String)
            }
            (Scalar::Time | Scalar::MicroTime, view) => return Err(Box::new(misfit(&view, "string"))),
            (Scalar::String | Scalar::Duration | Scalar::IntOrString, View::String(text)) => {
                Some(Value::String(text.to_owned()))
            }
            (Scalar::IntOrString, view) => match int32(&view) {
                Some(int) => Some(int),
                None => return Err(Box::new(numeric_misfit(&view, "int32"))),
            },
            (Scalar::Bool, View::Bool(b)) => Some(Value::Bool(b)),
            (Scalar::Int32, ref view) if int32(view).is_some() => int32(view),
            (Scalar::Int64 | Scalar::Uint32, View::Int(int)) => Some(int.into()),
            (Scalar::Int64, View::Number(text)) if text == "-0" => Some(0.into()),
            (Scalar::Float, View::Int(int)) => Some(int.into()),
            (Scalar::Float, View::Number(ref text)) if float(text).is_some() => float(text),
            (Scalar::Bytes, View::String(text)) => match base64::read(text) {
                Ok(bytes) => Some(Value::String(base64::write(&bytes))),
                Err(text) => {
                    self.save(DecodeError::Value(text));
                    None
                }
            },
            (Scalar::Bytes, View::Array(items)) => {
                let bytes: Vec<u8> = items.iter().map(|item| self.byte(item)).collect();
                Some(Value::String(base64::write(&bytes)))
            }
            (Scalar::Int32 | Scalar::Int64 | Scalar::Uint32 | Scalar::Float, view) => {
                self.save(numeric_misfit(&view, self.go_name(ty)));
                None
            }
            (Scalar::Bool | Scalar::String | Scalar::Duration | Scalar::Bytes, view) => {
                self.save(misfit(&view, self.go_name(ty)));
                None
            }
        };
        Ok(found)
    }

    /// A byte of `[]byte` that is given as a list of numbers.
    fn byte<N: Node>(&mut self, node: &N) -> u8 {
        let view = node.view();
        match &view {
            View::Null => return 0,
            View::Int(int) => {
                if let Ok(byte) = u8::try_from(*int) {
                    return byte;
                }
            }
            _ => {}
        }
        self.save(numeric_misfit(&view, "uint8"));
        0
    }
}

/// The error of a custom decoder.
fn unreadable(text: String) -> Box<DecodeError> {
    Box::new(DecodeError::Value(text))
}

/// The error about a value of the wrong type.
pub(super) fn misfit<N: Node>(view: &View<'_, N>, go_type: &str) -> DecodeError {
    let value = match view {
        View::Null => "null",
        View::Bool(_) => "bool",
        View::Int(_) | View::Number(_) => "number",
        View::String(_) => "string",
        View::Array(_) => "array",
        View::Object(_) => "object",
    };
    DecodeError::Type {
        value: value.to_owned(),
        outer: String::new(),
        field: String::new(),
        go_type: go_type.to_owned(),
    }
}

/// The same for a field that takes numbers, where Go also shows the number that does not fit.
fn numeric_misfit<N: Node>(view: &View<'_, N>, go_type: &str) -> DecodeError {
    let value = match view {
        View::Int(int) => format!("number {int}"),
        View::Number(text) => format!("number {text}"),
        _ => return misfit(view, go_type),
    };
    DecodeError::Type { value, outer: String::new(), field: String::new(), go_type: go_type.to_owned() }
}

fn int32<N: Node>(view: &View<'_, N>) -> Option<Value> {
    match view {
        View::Int(int) => i32::try_from(*int).ok().map(Value::from),
        View::Number(text) if text == "-0" => Some(0.into()),
        _ => None,
    }
}

/// Go writes whole floats without a point.
pub(crate) fn float(text: &str) -> Option<Value> {
    text.parse().ok().and_then(float_value)
}

/// A float as Go writes it: a whole one without a point, and its digits beyond the precision are zeros. None for what JSON cannot say.
pub(crate) fn float_value(float: f64) -> Option<Value> {
    if float.fract() == 0.0 {
        let digits = format!("{float}");
        let whole = digits.parse::<i64>().map(Value::from).or_else(|_| digits.parse::<u64>().map(Value::from));
        if let Ok(whole) = whole {
            return Some(whole);
        }
    }
    Number::from_f64(float).map(Value::Number)
}

/// Quantities are read from the JSON text itself: numbers count as their digits, and nothing else looks like a quantity.
fn quantity<N: Node>(view: &View<'_, N>) -> Result<Value, Box<DecodeError>> {
    let parsed = match view {
        View::String(text) => Quantity::parse(text.trim()),
        View::Int(int) => Quantity::parse(&int.to_string()),
        View::Number(text) => Quantity::parse(text),
        _ => Quantity::parse("{"),
    };
    parsed.map(|quantity| Value::String(quantity.to_string())).map_err(|error| unreadable(error.to_string()))
}
