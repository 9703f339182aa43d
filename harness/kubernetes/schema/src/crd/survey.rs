//! Questions to a schema as it was written, with all that stands below it.

use proofmark_json::{Map, Value};

use super::definition::{flag, list, object, text};
use super::props::TYPES;
use proofmark_text::Format;

/// `JSONSchemaProps`.
pub(super) type Props = Map;

/// Whether a keyword is there and not null.
pub(super) fn is_given(props: &Props, key: &str) -> bool {
    props.get(key).is_some_and(|v| !v.is_null())
}

/// Whether a schema or any below it satisfies `test`.
pub(super) fn contains(props: &Props, test: &mut dyn FnMut(&Props) -> bool) -> bool {
    if test(props) {
        return true;
    }
    let mut below = |value: &Value| value.as_object().is_some_and(|props| contains(props, test));
    let one = ["items", "not", "additionalProperties", "additionalItems"];
    let many = ["items", "allOf", "anyOf", "oneOf"];
    let named = ["properties", "patternProperties", "definitions", "dependencies"];
    one.iter().any(|key| props.get(*key).is_some_and(&mut below))
        || many.iter().any(|key| list(props, key).iter().any(&mut below))
        || named.iter().any(|key| object(props, key).is_some_and(|all| all.values().any(&mut below)))
}

/// Whether any default is set.
pub(super) fn has_defaults(props: &Props) -> bool {
    contains(props, &mut |p| is_given(p, "default"))
}

/// Whether any `x-kubernetes-` keyword is used that only structural schemas may use.
pub(super) fn has_extensions(props: &Props) -> bool {
    contains(props, &mut |p| {
        let flags = ["x-kubernetes-embedded-resource", "x-kubernetes-int-or-string"];
        let given = ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-list-type"];
        let lists = ["x-kubernetes-list-map-keys", "x-kubernetes-validations"];
        flags.iter().any(|key| flag(p, key))
            || given.iter().any(|key| is_given(p, key))
            || lists.iter().any(|key| !list(p, key).is_empty())
    })
}

/// Whether the type is none of OpenAPI v3.
pub(super) fn has_odd_type(props: &Props) -> bool {
    let ty = text(props, "type");
    !ty.is_empty() && !TYPES.contains(&ty)
}

/// Whether this is a set of lists or objects that merge by their parts.
pub(super) fn is_set_of_parts(props: &Props) -> bool {
    let Some(each) = object(props, "items").filter(|_| text(props, "x-kubernetes-list-type") == "set") else {
        return false;
    };
    match text(each, "type") {
        "array" => is_given(each, "x-kubernetes-list-type") && text(each, "x-kubernetes-list-type") != "atomic",
        "object" => text(each, "x-kubernetes-map-type") != "atomic",
        _ => false,
    }
}

/// String formats that are not enforced, wherever they stand.
pub(super) fn unknown_formats(props: &Props) -> Vec<String> {
    let mut formats = Vec::new();
    contains(props, &mut |p| {
        let format = text(p, "format");
        if text(p, "type") == "string" && !format.is_empty() && Format::find(format).is_none() {
            formats.push(format.to_owned());
        }
        false
    });
    formats
}
