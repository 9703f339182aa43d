//! Field specifications: which field of which kinds a transformation writes.
//!
//! A path is `spec/template/metadata/labels`; lists on the way are entered item by item, `[]` after a name says that it
//! is a list, `\/` is a slash within a name.

use proofmark_json::{Map, Value};

use super::fields::Fields;
use crate::diagnostic::Outcome;
use crate::identity::Gvk;

#[derive(Clone, Debug)]
pub(super) struct FieldSpec {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) path: Vec<String>,
    /// Whether the field is made where it is missing.
    pub(super) create: bool,
}

/// What a missing field starts as.
#[derive(Clone, Copy)]
pub(super) enum Leaf {
    Scalar,
    Mapping,
    /// Missing fields stay missing, whatever the specification says.
    Never,
}

impl FieldSpec {
    pub(super) fn new(kind: &str, path: &str, create: bool) -> Self {
        let (group, version) = (String::new(), String::new());
        FieldSpec { group, version, kind: kind.to_owned(), path: split(path), create }
    }

    pub(super) fn parse(mut fields: Fields<'_>) -> Outcome<Self> {
        let spec = FieldSpec {
            group: fields.text("group")?,
            version: fields.text("version")?,
            kind: fields.text("kind")?,
            path: split(&fields.text("path")?),
            create: fields.flag("create")?,
        };
        fields.finish()?;
        Ok(spec)
    }

    /// Whether the specification is about a kind; empty parts fit any.
    pub(super) fn is_for(&self, gvk: &Gvk) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        fits(&self.group, &gvk.group) && fits(&self.version, &gvk.version) && fits(&self.kind, &gvk.kind)
    }

    /// Whether two specifications differ in nothing but whether the field is made.
    pub(super) fn is_same_field(&self, other: &FieldSpec) -> bool {
        (&self.group, &self.version, &self.kind, &self.path) == (&other.group, &other.version, &other.kind, &other.path)
    }

    /// Hands every field that the path leads to, to `set`. The kind is not looked at.
    pub(super) fn apply(&self, object: &mut Value, leaf: Leaf, set: &mut Setter<'_>) -> Result<(), String> {
        walk(object, &self.path, self.create, leaf, set)
    }
}

/// Changes a field, or says why it cannot.
pub(super) type Setter<'a> = dyn FnMut(&mut Value) -> Result<(), String> + 'a;

fn walk(value: &mut Value, path: &[String], create: bool, leaf: Leaf, set: &mut Setter<'_>) -> Result<(), String> {
    let Some((step, rest)) = path.split_first() else {
        return set(value);
    };
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items.iter_mut().try_for_each(|item| walk(item, path, create, leaf, set)),
        Value::Object(map) => {
            let (name, is_list) = step.strip_suffix("[]").map_or((step.as_str(), false), |name| (name, true));
            if name.is_empty() {
                return Err("a field specification with an empty name".to_owned());
            }
            let start = match leaf {
                _ if !create || is_list => None,
                Leaf::Never => None,
                Leaf::Scalar if rest.is_empty() => Some(Value::Null),
                Leaf::Scalar | Leaf::Mapping => Some(Value::Object(Map::new())),
            };
            let field = match start {
                None => map.get_mut(name),
                Some(start) => {
                    let field = map.entry(name).or_insert(Value::Null);
                    if field.is_null() {
                        *field = start;
                    }
                    Some(field)
                }
            };
            field.map_or(Ok(()), |field| walk(field, rest, create, leaf, set))
        }
        _ => Err(format!("{step:?} is looked for in what is no mapping")),
    }
}

fn split(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut continued = false;
    for part in path.split('/') {
        let (text, escaped) = part.strip_suffix('\\').map_or((part, false), |text| (text, true));
        match parts.last_mut() {
            Some(last) if continued => {
                last.push('/');
                last.push_str(text);
            }
            _ => parts.push(text.to_owned()),
        }
        continued = escaped;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn paths_lead_through_lists_and_make_what_is_missing() {
        let set = |value: &mut Value| {
            *value = json!("x");
            Ok(())
        };
        for (path, create, before, after) in [
            ("a/b", true, json!({}), json!({"a": {"b": "x"}})),
            ("a/b", false, json!({}), json!({})),
            ("a/b", false, json!({"a": null}), json!({"a": null})),
            ("a/b", true, json!({"a": null}), json!({"a": {"b": "x"}})),
            ("a/b", true, json!({"a": [{"b": 1}, {}]}), json!({"a": [{"b": "x"}, {"b": "x"}]})),
            ("a[]/b", true, json!({}), json!({})),
            (r"a/b.io\/c", false, json!({"a": {"b.io/c": 1}}), json!({"a": {"b.io/c": "x"}})),
        ] {
            let mut value = before.clone();
            let spec = FieldSpec::new("", path, create);
            spec.apply(&mut value, Leaf::Scalar, &mut { set }).expect("a good path");
            assert_eq!(value, after, "{path} on {before}");
        }
        let spec = FieldSpec::new("", "a/b", true);
        assert!(spec.apply(&mut json!({"a": "text"}), Leaf::Scalar, &mut { set }).is_err());
    }
}
