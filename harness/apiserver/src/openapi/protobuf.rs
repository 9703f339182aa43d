//! The document of OpenAPI v2 as protobuf, which is how client-go asks for it.
//!
//! The messages are those of gnostic's `openapiv2/OpenAPIv2.proto`. Each is a table of the members that our documents have: JSON name, field
//! number and how the value is written. Maps are messages that repeat a pair of name and value; what begins with `x-` goes into a list
//! of its own; values without a schema travel as YAML text, and JSON is YAML. Members that no table names are left out; a test
//! holds that there are none.

use proofmark_builtin::proto::wire::{put_bytes, put_double, put_int};
use proofmark_json::Value;

use Kind::{Any, Chosen, Double, Flag, Integer, List, Of, Text, Within};

/// The media type that client-go asks for.
pub(super) const MEDIA_TYPE: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/// The media type of the answer, in which `@` may not stand; clients may ask for it, too.
pub(super) const CONTENT_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// What a message holds.
struct Message {
    members: &'static [(&'static str, u32, Kind)],
    /// Where `x-` members go.
    extensions: u32,
    /// Where members with any other name go.
    rest: Option<(u32, Kind)>,
}

/// How a value is written.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    Integer,
    Double,
    /// Any value at all.
    Any,
    /// A repeated field. What is no list is written as a list of one.
    List(&'static Kind),
    Of(&'static Message),
    /// The only field of a message around it: one side of a union, by its number.
    Within(u32, &'static Kind),
    /// Depends on the value.
    Chosen(fn(&Value) -> &'static Kind),
}

static DOCUMENT: Message = Message {
    members: &[
        ("swagger", 1, Text),
        ("info", 2, Of(&INFO)),
        ("paths", 8, Of(&PATHS)),
        ("definitions", 9, Of(&SCHEMAS)),
    ],
    extensions: 16,
    rest: None,
};
static INFO: Message = Message { members: &[("title", 1, Text), ("version", 2, Text)], extensions: 7, rest: None };
static PATHS: Message = Message { members: &[], extensions: 1, rest: Some((2, Of(&PATH_ITEM))) };
static PATH_ITEM: Message = Message {
    members: &[
        ("get", 2, Of(&OPERATION)),
        ("put", 3, Of(&OPERATION)),
        ("post", 4, Of(&OPERATION)),
        ("delete", 5, Of(&OPERATION)),
        ("patch", 8, Of(&OPERATION)),
        ("parameters", 9, List(&Chosen(parameter))),
    ],
    extensions: 10,
    rest: None,
};
static OPERATION: Message = Message {
    members: &[
        ("tags", 1, List(&Text)),
        ("description", 3, Text),
        ("operationId", 5, Text),
        ("produces", 6, List(&Text)),
        ("consumes", 7, List(&Text)),
        ("parameters", 8, List(&Chosen(parameter))),
        ("responses", 9, Of(&RESPONSES)),
        ("schemes", 10, List(&Text)),
    ],
    extensions: 13,
    rest: None,
};

// Parameters are up to three unions deep.
static IN_BODY: Kind = Within(1, &Within(1, &Of(&BODY)));
static IN_QUERY: Kind = Within(1, &Within(2, &Within(3, &Of(&QUERY))));
static IN_PATH: Kind = Within(1, &Within(2, &Within(4, &Of(&PATH))));

fn parameter(value: &Value) -> &'static Kind {
    match value["in"].as_str() {
        Some("body") => &IN_BODY,
        Some("path") => &IN_PATH,
        _ => &IN_QUERY,
    }
}

static BODY: Message = Message {
    members: &[
        ("description", 1, Text),
        ("name", 2, Text),
        ("in", 3, Text),
        ("required", 4, Flag),
        ("schema", 5, Of(&SCHEMA)),
    ],
    extensions: 6,
    rest: None,
};
static QUERY: Message = Message {
    members: &[
        ("required", 1, Flag),
        ("in", 2, Text),
        ("description", 3, Text),
        ("name", 4, Text),
        ("type", 6, Text),
        ("uniqueItems", 20, Flag),
    ],
    extensions: 23,
    rest: None,
};
static PATH: Message = Message {
    members: &[
        ("required", 1, Flag),
        ("in", 2, Text),
        ("description", 3, Text),
        ("name", 4, Text),
        ("type", 5, Text),
        ("uniqueItems", 19, Flag),
    ],
    extensions: 22,
    rest: None,
};
static RESPONSES: Message = Message { members: &[], extensions: 2, rest: Some((1, Within(1, &Of(&RESPONSE)))) };
static RESPONSE: Message =
    Message { members: &[("description", 1, Text), ("schema", 2, Within(1, &Of(&SCHEMA)))], extensions: 5, rest: None };
static SCHEMAS: Message = Message { members: &[], extensions: 0, rest: Some((1, Of(&SCHEMA))) };
static SCHEMA: Message = Message {
    members: &[
        ("$ref", 1, Text),
        ("format", 2, Text),
        ("title", 3, Text),
        ("description", 4, Text),
        ("default", 5, Any),
        ("multipleOf", 6, Double),
        ("maximum", 7, Double),
        ("exclusiveMaximum", 8, Flag),
        ("minimum", 9, Double),
        ("exclusiveMinimum", 10, Flag),
        ("maxLength", 11, Integer),
        ("minLength", 12, Integer),
        ("pattern", 13, Text),
        ("maxItems", 14, Integer),
        ("minItems", 15, Integer),
        ("uniqueItems", 16, Flag),
        ("maxProperties", 17, Integer),
        ("minProperties", 18, Integer),
        ("required", 19, List(&Text)),
        ("enum", 20, List(&Any)),
        ("additionalProperties", 21, Chosen(schema_or_flag)),
        ("type", 22, Within(1, &List(&Text))),
        ("items", 23, Within(1, &List(&Of(&SCHEMA)))),
        ("allOf", 24, List(&Of(&SCHEMA))),
        ("properties", 25, Of(&SCHEMAS)),
        ("externalDocs", 29, Of(&EXTERNAL_DOCS)),
        ("example", 30, Any),
    ],
    extensions: 31,
    rest: None,
};
static EXTERNAL_DOCS: Message =
    Message { members: &[("description", 1, Text), ("url", 2, Text)], extensions: 3, rest: None };

static EITHER_SCHEMA: Kind = Within(1, &Of(&SCHEMA));
static EITHER_FLAG: Kind = Within(2, &Flag);

fn schema_or_flag(value: &Value) -> &'static Kind {
    if value.is_boolean() { &EITHER_FLAG } else { &EITHER_SCHEMA }
}

/// Writes a whole document.
pub(super) fn encode(document: &Value) -> Vec<u8> {
    message(&DOCUMENT, document)
}

fn message(of: &Message, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let known = of.members.iter().find(|(known, ..)| known == name);
        match (known, of.rest) {
            (Some((_, number, kind)), _) => write(&mut out, *number, *kind, value),
            (None, _) if name.starts_with("x-") && of.extensions > 0 => {
                put_bytes(&mut out, of.extensions, &pair(name, Any, value));
            }
            (None, Some((number, kind))) => put_bytes(&mut out, number, &pair(name, kind, value)),
            (None, None) => {}
        }
    }
    out
}

/// An entry of a map.
fn pair(name: &str, kind: Kind, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, 1, name.as_bytes());
    write(&mut out, 2, kind, value);
    out
}

fn write(out: &mut Vec<u8>, number: u32, kind: Kind, value: &Value) {
    match kind {
        Text => put_bytes(out, number, value.as_str().unwrap_or_default().as_bytes()),
        Flag => put_int(out, number, value.as_bool().unwrap_or_default().into()),
        Integer => put_int(out, number, value.as_i64().unwrap_or_default()),
        Double => put_double(out, number, value.as_f64().unwrap_or_default()),
        Any => {
            let mut yaml = Vec::new();
            put_bytes(&mut yaml, 2, value.to_string().as_bytes());
            put_bytes(out, number, &yaml);
        }
        List(item) => {
            let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            items.iter().for_each(|value| write(out, number, *item, value));
        }
        Of(of) => put_bytes(out, number, &message(of, value)),
        Within(inner, kind) => {
            let mut within = Vec::new();
            write(&mut within, inner, *kind, value);
            put_bytes(out, number, &within);
        }
        Chosen(choose) => write(out, number, *choose(value), value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members that no table names.
    fn unnamed(kind: Kind, value: &Value, at: &str, found: &mut Vec<String>) {
        match kind {
            Of(of) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    let at = format!("{at}/{name}");
                    match (of.members.iter().find(|(known, ..)| known == name), of.rest) {
                        (Some((.., kind)), _) => unnamed(*kind, value, &at, found),
                        (None, _) if name.starts_with("x-") => {}
                        (None, Some((_, kind))) => unnamed(kind, value, &at, found),
                        (None, None) => found.push(at),
                    }
                }
            }
            List(kind) if value.is_array() => {
                value.as_array().into_iter().flatten().for_each(|value| unnamed(*kind, value, at, found));
            }
            List(kind) | Within(_, kind) => unnamed(*kind, value, at, found),
            Chosen(choose) => unnamed(*choose(value), value, at, found),
            Text | Flag | Integer | Double | Any => {}
        }
    }

    #[tokio::test]
    async fn every_member_of_a_document_has_its_number() {
        let server = crate::ApiServer::builder().build().unwrap();
        let document = super::super::two(&server.0);
        let mut found = Vec::new();
        unnamed(Of(&DOCUMENT), &document, "", &mut found);
        assert_eq!(found, Vec::<String>::new());
        assert!(encode(&document).len() > 100_000);
    }

    #[test]
    fn unions_and_maps_are_messages_around_their_values() {
        let schema = proofmark_json::json!({"additionalProperties": true, "x-a": [1]});
        let any = b"\x0a\x03x-a\x12\x05\x12\x03[1]";
        let mut expected = b"\xaa\x01\x02\x10\x01\xfa\x01\x0c".to_vec();
        expected.extend_from_slice(any);
        assert_eq!(message(&SCHEMA, &schema), expected);
    }
}
