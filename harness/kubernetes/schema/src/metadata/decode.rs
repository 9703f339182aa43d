//! Decoding `ObjectMeta` as Go does: into typed fields and back, which drops what is unknown, empty or null.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/objectmeta/coerce.go` and `sigs.k8s.io/json`, release 1.35.

use proofmark_json::{Map, Value};

use crate::metadata::decode::Shape::{Flag, Integer, List, Raw, Struct, Text, Texts, Time};
use crate::number::Num;
use crate::path::{child, item};

/// What a field holds.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Integer,
    /// `*int64` or `*bool` keep their zero value.
    Flag,
    Count,
    Time,
    /// `map[string]string`
    Texts,
    List(&'static Shape),
    Struct(&'static Fields),
    Raw,
}

struct Fields {
    /// The Go name, as errors tell it.
    name: &'static str,
    fields: &'static [(&'static str, Shape)],
    /// Fields that are written even when empty.
    always: &'static [&'static str],
}

static OWNER: Fields = Fields {
    name: "OwnerReference",
    fields: &[
        ("apiVersion", Text),
        ("kind", Text),
        ("name", Text),
        ("uid", Text),
        ("controller", Flag),
        ("blockOwnerDeletion", Flag),
    ],
    always: &["apiVersion", "kind", "name", "uid"],
};

static MANAGED: Fields = Fields {
    name: "ManagedFieldsEntry",
    fields: &[
        ("manager", Text),
        ("operation", Text),
        ("apiVersion", Text),
        ("time", Time),
        ("fieldsType", Text),
        ("fieldsV1", Raw),
        ("subresource", Text),
    ],
    always: &[],
};

static OBJECT_META: Fields = Fields {
    name: "ObjectMeta",
    fields: &[
        ("name", Text),
        ("generateName", Text),
        ("namespace", Text),
        ("selfLink", Text),
        ("uid", Text),
        ("resourceVersion", Text),
        ("generation", Integer),
        ("creationTimestamp", Time),
        ("deletionTimestamp", Time),
        ("deletionGracePeriodSeconds", Shape::Count),
        ("labels", Texts),
        ("annotations", Texts),
        ("ownerReferences", List(&Struct(&OWNER))),
        ("finalizers", List(&Text)),
        ("managedFields", List(&Struct(&MANAGED))),
    ],
    always: &[],
};

/// `metadata`, decoded.
pub(crate) struct Decoded {
    /// What remains of it.
    pub(crate) value: Value,
    /// The paths of unknown fields within it, as `labels` or `ownerReferences[0].extra`.
    pub(crate) unknown: Vec<String>,
}

/// Decodes `metadata`. With `drop_malformed`, fields that do not decode are dropped.
///
/// # Errors
/// Go's words for the first field that does not decode.
pub(crate) fn decode(metadata: &Value, drop_malformed: bool) -> Result<Decoded, String> {
    let mut unknown = Vec::new();
    let whole = Decoder { unknown: &mut unknown }.structure(metadata, &OBJECT_META, "");
    match (whole, metadata) {
        (Ok(value), _) => Ok(Decoded { value: value.unwrap_or_else(|| Value::Object(Map::new())), unknown }),
        (Err(why), Value::Object(fields)) if drop_malformed => {
            let _ = why;
            let fine = |name: &str, value: &Value| {
                let one = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
                Decoder { unknown: &mut Vec::new() }.structure(&one, &OBJECT_META, "").is_ok()
            };
            let kept: Map = fields.iter().filter(|(k, v)| fine(k, v)).map(|(k, v)| (k.clone(), v.clone())).collect();
            decode(&Value::Object(kept), false)
        }
        (Err(why), _) => Err(why),
    }
}

struct Decoder<'a> {
    unknown: &'a mut Vec<String>,
}

impl Decoder<'_> {
    /// The value as it is written back; none when it is left out.
    fn structure(&mut self, value: &Value, shape: &'static Fields, at: &str) -> Result<Option<Value>, String> {
        let fields = match value {
            Value::Null => return Ok(None),
            Value::Object(fields) => fields,
            other => return Err(mismatch(other, "", &format!("v1.{}", shape.name))),
        };
        self.unknown
            .extend(fields.keys().filter(|k| shape.fields.iter().all(|(name, _)| name != k)).map(|k| child(at, k)));
        let mut out = Map::new();
        for (name, held) in shape.fields {
            let here = child(at, name);
            let within = format!("{}.{}", shape.name, without_indexes(&here));
            let decoded = match fields.get(*name) {
                None => None,
                Some(value) => self.field(value, *held, &here, &within)?,
            };
            match decoded {
                Some(value) => {
                    out.insert((*name).to_owned(), value);
                }
                None if shape.always.contains(name) => {
                    out.insert((*name).to_owned(), "".into());
                }
                None => {}
            }
        }
        Ok(Some(Value::Object(out)))
    }

    fn field(&mut self, value: &Value, shape: Shape, at: &str, within: &str) -> Result<Option<Value>, String> {
        if value.is_null() {
            return Ok(None);
        }
        Ok(match (shape, value) {
            (Raw, value) => Some(value.clone()),
            (Text, Value::String(text)) => (!text.is_empty()).then(|| value.clone()),
            (Text, other) => return Err(mismatch(other, within, "string")),
            (Flag, Value::Bool(_)) => Some(value.clone()),
            (Flag, other) => return Err(mismatch(other, within, "bool")),
            (Integer | Shape::Count, Value::Number(n)) => match Num::of(n) {
                Num::Int(0) if matches!(shape, Integer) => None,
                Num::Int(_) => Some(value.clone()),
                Num::Float(_) => return Err(mismatch_of(&format!("number {n}"), within, "int64")),
            },
            (Integer | Shape::Count, other) => return Err(mismatch(other, within, "int64")),
            (Time, Value::String(text)) => Some(time(text)?),
            (Time, other) => return Err(mismatch(other, "", "string")),
            (Texts, Value::Object(entries)) => {
                let mut out = Map::new();
                for (key, entry) in entries {
                    match entry {
                        Value::Null => out.insert(key.clone(), "".into()),
                        Value::String(_) => out.insert(key.clone(), entry.clone()),
                        other => return Err(mismatch(other, within, "string")),
                    };
                }
                (!out.is_empty()).then_some(Value::Object(out))
            }
            (Texts, other) => return Err(mismatch(other, within, "map[string]string")),
            (List(each), Value::Array(items)) => {
                let mut out = Vec::with_capacity(items.len());
                for (i, value) in items.iter().enumerate() {
                    let here = item(at, i);
                    let decoded = match each {
                        Struct(fields) => match value {
                            Value::Object(_) => self.structure(value, fields, &here)?,
                            Value::Null => self.structure(&Value::Object(Map::new()), fields, &here)?,
                            other => return Err(mismatch(other, within, &format!("v1.{}", fields.name))),
                        },
                        each => self.field(value, *each, &here, within)?,
                    };
                    out.push(decoded.unwrap_or_else(|| "".into()));
                }
                (!out.is_empty()).then_some(Value::Array(out))
            }
            (List(each), other) => {
                let held = match each {
                    Struct(fields) => format!("[]v1.{}", fields.name),
                    _ => "[]string".to_owned(),
                };
                return Err(mismatch(other, within, &held));
            }
            (Struct(fields), value) => self.structure(value, fields, at)?,
        })
    }
}

/// Go names fields of list items without their index.
fn without_indexes(at: &str) -> String {
    let mut out = String::with_capacity(at.len());
    let mut inside = false;
    for c in at.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

fn mismatch(value: &Value, within: &str, wanted: &str) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    mismatch_of(found, within, wanted)
}

fn mismatch_of(found: &str, within: &str, wanted: &str) -> String {
    if within.is_empty() {
        format!("json: cannot unmarshal {found} into Go value of type {wanted}")
    } else {
        format!("json: cannot unmarshal {found} into Go struct field {within} of type {wanted}")
    }
}

/// A time, brought to whole seconds of UTC.
fn time(text: &str) -> Result<Value, String> {
    const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
    // What stands where: digits with their layout and largest value, or a separator.
    const PARTS: [(&str, u32, &str); 11] = [
        ("2006", 9999, ""),
        ("-", 0, ""),
        ("01", 12, "month"),
        ("-", 0, ""),
        ("02", 31, "day"),
        ("T", 0, ""),
        ("15", 23, "hour"),
        (":", 0, ""),
        ("04", 59, "minute"),
        (":", 0, ""),
        ("05", 59, "second"),
    ];
    let quoted = proofmark_status::quote(text);
    let mut rest = text;
    for (part, most, name) in PARTS {
        let head = rest.get(..part.len());
        let digits = part.as_bytes()[0].is_ascii_digit();
        let fits =
            head.is_some_and(|head| if digits { head.bytes().all(|b| b.is_ascii_digit()) } else { head == part });
        if !fits {
            let rest = proofmark_status::quote(rest);
            return Err(format!("parsing time {quoted} as \"{LAYOUT}\": cannot parse {rest} as \"{part}\""));
        }
        let number: u32 = head.and_then(|h| h.parse().ok()).unwrap_or_default();
        if !name.is_empty() && (number > most || (matches!(name, "month" | "day") && number == 0)) {
            return Err(format!("parsing time {quoted}: {name} out of range"));
        }
        rest = &rest[part.len()..];
    }
    match text.parse::<jiff::Timestamp>() {
        Ok(time) => Ok(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()),
        Err(_) if rest.is_empty() || !rest.starts_with(['Z', '+', '-', '.', ',']) => {
            let rest = proofmark_status::quote(rest);
            Err(format!("parsing time {quoted} as \"{LAYOUT}\": cannot parse {rest} as \"Z07:00\""))
        }
        Err(_) => Err(format!("parsing time {quoted}: day out of range")),
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn decodes_and_drops() {
        let decoded = decode(
            &json!({"name": "a", "labels": {"x": "1", "y": null}, "annotations": {}, "extra": 1, "generation": 0,
                "creationTimestamp": null, "deletionTimestamp": "2024-01-01T01:00:00+01:00",
                "ownerReferences": [{"kind": "K", "bad": 1}]}),
            false,
        );
        let decoded = decoded.map(|d| (d.value, d.unknown));
        let value = json!({"name": "a", "deletionTimestamp": "2024-01-01T00:00:00Z", "labels": {"x": "1", "y": ""},
            "ownerReferences": [{"apiVersion": "", "kind": "K", "name": "", "uid": ""}]});
        assert_eq!(decoded, Ok((value, vec!["extra".to_owned(), "ownerReferences[0].bad".to_owned()])));
    }

    #[test]
    fn malformed_fields_have_the_words_of_go_or_are_dropped() {
        let cases = [
            (
                json!({"labels": {"a": 1}}),
                "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string",
            ),
            (
                json!({"labels": []}),
                "json: cannot unmarshal array into Go struct field ObjectMeta.labels of type map[string]string",
            ),
            (json!("x"), "json: cannot unmarshal string into Go value of type v1.ObjectMeta"),
            (
                json!({"generation": 1.5}),
                "json: cannot unmarshal number 1.5 into Go struct field ObjectMeta.generation of type int64",
            ),
            (
                json!({"ownerReferences": [{"name": 1}]}),
                "json: cannot unmarshal number into Go struct field OwnerReference.ownerReferences.name of type string",
            ),
            (
                json!({"creationTimestamp": "now"}),
                r#"parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006""#,
            ),
        ];
        for (metadata, want) in cases {
            assert_eq!(decode(&metadata, false).map(|d| d.value), Err(want.to_owned()));
        }
        let kept = decode(&json!({"name": "a", "labels": {"a": 1}}), true).map(|d| d.value);
        assert_eq!(kept, Ok(json!({"name": "a"})));
    }
}
