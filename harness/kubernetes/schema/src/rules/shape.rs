//! Schemas as CEL sees them.

use proofmark_cel::{ListKind, Property, Shape};
use proofmark_json::Value;

use crate::schema::{Schema, Type};

/// The shape of what a schema describes. `name` stands for its type in messages; resources have metadata without saying so.
pub(crate) fn shape_of(schema: &Schema, is_resource: bool, name: &str) -> Shape {
    plain(schema, is_resource, name).nullable(schema.nullable)
}

fn plain(schema: &Schema, is_resource: bool, name: &str) -> Shape {
    let checks = &schema.checks;
    if schema.int_or_string {
        return Shape::int_or_string(checks.max_length);
    }
    match &schema.ty {
        Some(Type::Array) => match &schema.items {
            Some(items) => {
                let items = shape_of(items, items.embedded_resource, &format!("{name}.@idx"));
                Shape::list(items, list_kind(schema), checks.max_items)
            }
            None => Shape::preserved(),
        },
        Some(Type::Object) => match schema.additional_schema() {
            Some(values) => {
                let values = shape_of(values, values.embedded_resource, &format!("{name}.@elem"));
                Shape::map(values, checks.max_properties)
            }
            None => object(schema, is_resource, name),
        },
        Some(Type::String) => {
            Shape::string(&checks.format, checks.max_length, checks.allowed.iter().filter_map(Value::as_str))
        }
        Some(Type::Boolean) => Shape::boolean(),
        Some(Type::Number) => Shape::number(),
        Some(Type::Integer) => Shape::integer(),
        Some(Type::Other(_)) | None => Shape::preserved(),
    }
}

fn list_kind(schema: &Schema) -> ListKind {
    match schema.list_type.as_deref() {
        Some("set") => ListKind::Set,
        Some("map") => ListKind::Map(schema.list_map_keys.clone()),
        _ => ListKind::Atomic,
    }
}

fn object(schema: &Schema, is_resource: bool, name: &str) -> Shape {
    let has_meta = is_resource && !spells_meta(schema);
    let is_own = |property: &str| !(has_meta && matches!(property, "apiVersion" | "kind" | "metadata"));
    let own = schema.properties.iter().filter(|(property, _)| is_own(property)).map(|(property, below)| Property {
        shape: shape_of(below, below.embedded_resource, &format!("{name}.{property}")),
        required: schema.checks.required.iter().any(|name| name == property) && below.default.is_none(),
        name: property.to_string(),
    });
    let text = || Shape::string("", None, []);
    let required = |property: &str| schema.checks.required.iter().any(|r| r == property);
    let of = |property: &str, shape: Shape| Property { name: property.to_owned(), shape, required: required(property) };
    let names =
        || ["name", "generateName"].map(|part| Property { name: part.to_owned(), shape: text(), required: false });
    let meta = || {
        let metadata = Shape::object(&format!("{name}.metadata"), names());
        [of("apiVersion", text()), of("kind", text()), of("metadata", metadata)]
    };
    Shape::object(name, own.chain(has_meta.then(meta).into_iter().flatten()))
}

/// Whether a schema says of metadata all that expressions may know.
fn spells_meta(schema: &Schema) -> bool {
    let is = |schema: &Schema, name: &str, ty: Type| schema.properties.get(name).is_some_and(|p| p.ty == Some(ty));
    let metadata = schema.properties.get("metadata");
    is(schema, "kind", Type::String)
        && is(schema, "apiVersion", Type::String)
        && is(schema, "metadata", Type::Object)
        && metadata.is_some_and(|m| is(m, "name", Type::String) && is(m, "generateName", Type::String))
}
