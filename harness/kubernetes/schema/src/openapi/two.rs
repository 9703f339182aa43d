//! What OpenAPI v2 cannot say is dropped.

use indexmap::IndexMap;

use crate::schema::{Additional, Schema, Type};

/// The schema, reduced to what v2 has words for and what kubectl copes with.
pub(super) fn reduce(schema: &Schema) -> Schema {
    let mut out = schema.clone();
    let checks = &mut out.checks;
    checks.all_of.clear();
    checks.one_of.clear();
    checks.any_of.clear();
    checks.not = None;
    if out.nullable {
        out.ty = None;
        out.nullable = false;
        out.items = None;
        out.properties = IndexMap::new();
    }
    if out.preserve_unknown_fields {
        out.items = None;
        out.properties = IndexMap::new();
    }
    let bare_list = out.items.is_none() && out.ty == Some(Type::Array);
    if bare_list || (out.preserve_unknown_fields && out.ty == Some(Type::Object)) {
        out.ty = None;
    }
    // A null would be refused as missing.
    out.checks.required.retain(|name| !out.properties.get(name.as_str()).is_some_and(|p| p.nullable));
    if out.additional_schema().is_some_and(|each| each.nullable) {
        out.checks.required.clear();
    }
    out.items = out.items.map(|each| Box::new(reduce(&each)));
    out.properties = out.properties.iter().map(|(name, p)| (name.clone(), reduce(p))).collect();
    out.additional = out.additional.map(|additional| match additional {
        Additional::Schema(each) => Additional::Schema(Box::new(reduce(&each))),
        allowed => allowed,
    });
    out
}
