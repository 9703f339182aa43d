//! Values that Go moves into a typed object without JSON (`runtime.DefaultUnstructuredConverter`): the result of a strategic merge patch.
//!
//! The rules differ from those of a decoder: a whole float fits an integer, integers wrap, and the complaints have other words.
//! Whatever decodes itself (times, quantities, `IntOrString`, raw JSON) is read as JSON after all.
//! Source: k8s.io/apimachinery `pkg/runtime/converter.go`, release 1.35.

use proofmark_json::{Key, Value};
use proofmark_types::{Scalar, Type, TypeId};

use crate::decode::{base64, decode};
use crate::table::{Codec, TABLES, types};

/// Gives the numbers of a changed copy of a value the types that Go gives them, and tells what of the value a type does not know: `unknown field "spec.foo"`,
/// sorted, as a strict conversion complains. Keys of maps do not show in the paths. What both values still share was of the type before.
///
/// # Errors
/// The converter's text for the first value that does not fit, in the order of Go's structs.
pub fn convert(value: &mut Value, settled: Option<&Value>, ty: TypeId) -> Result<Vec<String>, String> {
    if fits(value, settled, ty) {
        return Ok(Vec::new());
    }
    let mut walk = Walk { path: String::new(), unknown: Vec::new() };
    walk.value(value, ty)?;
    walk.unknown.sort_unstable();
    Ok(walk.unknown)
}

/// Whether there is nothing to complain of nor to change, as mostly. What this cannot say in few words it leaves to the [`Walk`].
fn fits(value: &Value, settled: Option<&Value>, ty: TypeId) -> bool {
    if value.is_null() || settled.is_some_and(|settled| value.is_shared_with(settled)) {
        return true;
    }
    match types().get(ty) {
        Type::Struct(of) => {
            let known = |(name, value): (&Key, &Value)| {
                of.fields.get(name).is_some_and(|field| fits(value, settled.and_then(|of| of.get(name)), field.ty))
            };
            value.as_object().is_some_and(|fields| fields.iter().all(known)) && TABLES.details(ty).codec.is_none()
        }
        Type::Map(of) => value.as_object().is_some_and(|entries| {
            entries.iter().all(|(name, value)| fits(value, settled.and_then(|of| of.get(name)), of.value))
        }),
        Type::List(of) => value.as_array().is_some_and(|items| {
            items.iter().enumerate().all(|(at, item)| fits(item, settled.and_then(|of| of.get(at)), of.item))
        }),
        Type::Any => TABLES.details(ty).codec.is_none_or(|codec| codec == Codec::Raw),
        Type::Scalar(scalar) => match (scalar, value) {
            (Scalar::Bool, Value::Bool(_)) | (Scalar::String, Value::String(_)) => true,
            (Scalar::Int32, Value::Number(number)) => number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
            (Scalar::Int64, Value::Number(number)) => number.as_i64().is_some(),
            _ => decode(value, ty, false).is_ok() && !matches!(scalar, Scalar::Bytes | Scalar::Uint32),
        },
    }
}

struct Walk {
    path: String,
    unknown: Vec<String>,
}

impl Walk {
    fn value(&mut self, value: &mut Value, ty: TypeId) -> Result<(), String> {
        if value.is_null() {
            return Ok(());
        }
        if TABLES.details(ty).codec.is_some() {
            return decode(value, ty, false).map(drop).map_err(|error| error.to_string());
        }
        match types().get(ty) {
            Type::Scalar(scalar) => {
                scalar_fits(value, *scalar, ty)?;
                narrow(value, *scalar);
                Ok(())
            }
            Type::Any => decode(value, ty, false).map(drop).map_err(|error| error.to_string()),
            Type::Struct(of) => {
                let wrong = kind(value);
                let fields = value.as_object_mut().ok_or_else(|| format!("cannot restore struct from: {wrong}"))?;
                for (name, field) in &of.fields {
                    if let Some(value) = fields.get_mut(name) {
                        self.below(name, |walk| walk.value(value, field.ty))?;
                    }
                }
                if of.rest.is_none() {
                    for name in fields.keys().filter(|name| !of.fields.contains_key(*name)) {
                        self.below(name, |walk| {
                            walk.unknown.push(format!("unknown field \"{}\"", walk.path));
                            Ok(())
                        })?;
                    }
                }
                Ok(())
            }
            Type::Map(of) => {
                let wrong = kind(value);
                let entries = value.as_object_mut().ok_or_else(|| format!("cannot restore map from {wrong}"))?;
                entries.values_mut().try_for_each(|value| self.value(value, of.value))
            }
            Type::List(of) => {
                let wrong = kind(value);
                let items = value.as_array_mut().ok_or_else(|| format!("cannot restore slice from {wrong}"))?;
                for (index, item) in items.iter_mut().enumerate() {
                    let length = self.path.len();
                    self.path.push_str(&format!("[{index}]"));
                    self.value(item, of.item)?;
                    self.path.truncate(length);
                }
                Ok(())
            }
        }
    }

    fn below(&mut self, name: &str, then: impl FnOnce(&mut Self) -> Result<(), String>) -> Result<(), String> {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        then(self)?;
        self.path.truncate(length);
        Ok(())
    }
}

fn scalar_fits(value: &Value, scalar: Scalar, ty: TypeId) -> Result<(), String> {
    let name = |kind: &str| match TABLES.details(ty).go_name {
        "" => kind.to_owned(),
        name => name.to_owned(),
    };
    let target = match scalar {
        Scalar::Bool => "bool",
        Scalar::Int32 => "int32",
        Scalar::Int64 => "int64",
        Scalar::Uint32 => "uint32",
        Scalar::Float => "float64",
        Scalar::String => "string",
        Scalar::Bytes => return bytes_fit(value),
        Scalar::Quantity | Scalar::IntOrString | Scalar::Time | Scalar::MicroTime | Scalar::Duration => {
            return decode(value, ty, false).map(drop).map_err(|error| error.to_string());
        }
    };
    let is_integer = matches!(scalar, Scalar::Int32 | Scalar::Int64 | Scalar::Uint32);
    match value {
        Value::Bool(_) if scalar == Scalar::Bool => Ok(()),
        Value::String(_) if scalar == Scalar::String => Ok(()),
        Value::Number(_) if scalar == Scalar::Float => Ok(()),
        Value::Number(number) if is_integer && number.as_f64().is_some_and(|float| float.fract() == 0.0) => Ok(()),
        Value::Number(_) if is_integer => Err(format!("cannot convert float64 to {}", name(target))),
        // Go converts an integer to a string of one character, and therefore refuses it by name.
        Value::Number(number) if scalar == Scalar::String && !number.is_f64() => {
            Err(format!("cannot convert int64 to {}", name(target)))
        }
        _ => Err(format!("unrecognized type: {target}")),
    }
}

/// A whole float becomes an integer, and an integer keeps the bits that its type has.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Go's conversions cut off in the same way")]
fn narrow(value: &mut Value, scalar: Scalar) {
    let Value::Number(number) = &*value else { return };
    let Some(whole) = number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)) else { return };
    match scalar {
        Scalar::Int32 => *value = (whole as i32).into(),
        Scalar::Uint32 => *value = (whole as u32).into(),
        Scalar::Int64 => *value = whole.into(),
        _ => {}
    }
}

fn bytes_fit(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => base64::read(text).map(drop).map_err(|why| format!("error decoding from json: {why}")),
        Value::Array(items) => match items.iter().find(|item| !item.is_number() && !item.is_null()) {
            Some(_) => Err("unrecognized type: uint8".to_owned()),
            None => Ok(()),
        },
        other => Err(format!("cannot restore slice from {}", kind(other))),
    }
}

/// Go's kind of what JSON was parsed into.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    fn outcome(kind: &str, value: &Value) -> Result<Vec<String>, String> {
        convert(&mut value.clone(), None, crate::type_of("", "v1", kind).unwrap())
    }

    #[rstest]
    #[case("ConfigMap", json!({"data": {"n": 1}}), "cannot convert int64 to string")]
    #[case("ConfigMap", json!({"data": {"n": 1.5}}), "unrecognized type: string")]
    #[case("ConfigMap", json!({"data": {"n": true}}), "unrecognized type: string")]
    #[case("ConfigMap", json!({"data": []}), "cannot restore map from slice")]
    #[case("Secret", json!({"data": {"x": "!!"}}), "error decoding from json: illegal base64 data at input byte 0")]
    #[case("ServiceAccount", json!({"automountServiceAccountToken": "no"}), "unrecognized type: bool")]
    #[case("Service", json!({"spec": "x"}), "cannot restore struct from: string")]
    #[case("Service", json!({"spec": {"ports": {"port": 80}}}), "cannot restore slice from map")]
    #[case("Service", json!({"spec": {"ports": [{"port": 80.5}]}}), "cannot convert float64 to int32")]
    #[case("Service", json!({"spec": {"ports": [{"port": "80"}]}}), "unrecognized type: int32")]
    fn what_does_not_fit(#[case] kind: &str, #[case] value: Value, #[case] words: &str) {
        assert_eq!(outcome(kind, &value), Err(words.to_owned()));
    }

    #[test]
    fn numbers_get_the_types_of_their_fields() {
        let mut value = json!({"spec": {"ports": [{"port": 80.0}, {"port": 2_147_483_648_i64}]}});
        assert_eq!(convert(&mut value, None, crate::type_of("", "v1", "Service").unwrap()), Ok(Vec::new()));
        assert_eq!(value, json!({"spec": {"ports": [{"port": 80}, {"port": -2_147_483_648_i64}]}}));
    }

    #[test]
    fn unknown_fields_are_sorted() {
        let value = json!({"metadata": {"lables": {}}, "dta": {}, "spec": null});
        let unknown = ["unknown field \"dta\"", "unknown field \"metadata.lables\"", "unknown field \"spec\""];
        assert_eq!(outcome("ConfigMap", &value), Ok(unknown.map(str::to_owned).to_vec()));
    }
}
