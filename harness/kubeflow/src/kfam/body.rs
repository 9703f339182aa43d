//! Bodies as Go's decoder reads them: names of fields ignore case, unknown fields are dropped, and the first field of a wrong type is told.

use proofmark_json::{Map, Value, json};
use proofmark_text::go_json::first_value;

/// Who is to have which role in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) user: Option<Subject>,
    pub(super) namespace: String,
    pub(super) role: Option<RoleRef>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) kind: String,
    pub(super) api_group: String,
    pub(super) name: String,
    pub(super) namespace: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoleRef {
    pub(super) api_group: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// Reads a binding.
pub(super) fn binding(body: &[u8]) -> Result<Binding, String> {
    let mut reader = Reader::default();
    let binding = value(body)?;
    let fields = reader.object(&binding, "kfam.Binding", None);
    let fields = fields.unwrap_or_default();
    let user = reader.structure(&fields, "user", "v1.Subject");
    let role = reader.structure(&fields, "RoleRef", "v1.RoleRef");
    let read = Binding {
        user: user.map(|fields| Subject {
            kind: reader.text(&fields, "Subject", "user.", "kind"),
            api_group: reader.text(&fields, "Subject", "user.", "apiGroup"),
            name: reader.text(&fields, "Subject", "user.", "name"),
            namespace: reader.text(&fields, "Subject", "user.", "namespace"),
        }),
        namespace: reader.text(&fields, "Binding", "", "referredNamespace"),
        role: role.map(|fields| RoleRef {
            api_group: reader.text(&fields, "RoleRef", "RoleRef.", "apiGroup"),
            kind: reader.text(&fields, "RoleRef", "RoleRef.", "kind"),
            name: reader.text(&fields, "RoleRef", "RoleRef.", "name"),
        }),
    };
    reader.problem.map_or(Ok(read), Err)
}

/// Reads a Profile: what the API server is sent.
pub(super) fn profile(body: &[u8]) -> Result<Value, String> {
    let mut reader = Reader::default();
    let sent = value(body)?;
    let fields = reader.object(&sent, "v1.Profile", None).unwrap_or_default();
    let metadata = reader.structure(&fields, "metadata", "v1.ObjectMeta").unwrap_or_default();
    let spec = reader.structure(&fields, "spec", "v1.ProfileSpec").unwrap_or_default();
    let mut profile = json!({"apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": metadata, "spec": spec});
    // The server says what it thinks of a name that is none.
    if profile.pointer("/spec/owner").is_none() {
        profile["spec"]["owner"] = json!({"kind": "", "name": ""});
    }
    reader.problem.map_or(Ok(profile), Err)
}

fn value(body: &[u8]) -> Result<Value, String> {
    proofmark_json::from_slice(first_value(body)?).map_err(|error| error.to_string())
}

/// Reads on after a mistake, as Go does, and keeps the first.
#[derive(Default)]
struct Reader {
    problem: Option<String>,
}

impl Reader {
    fn object(&mut self, value: &Value, of: &str, field: Option<&str>) -> Option<Map> {
        match value {
            Value::Object(fields) => return Some(fields.clone()),
            Value::Null => {}
            other => {
                let into = field.map_or_else(|| "Go value".to_owned(), |field| format!("Go struct field {field}"));
                let problem = format!("json: cannot unmarshal {} into {into} of type {of}", kind(other));
                self.problem.get_or_insert(problem);
            }
        }
        None
    }

    fn structure(&mut self, fields: &Map, name: &str, of: &str) -> Option<Map> {
        let value = find(fields, name)?;
        let top = if of.starts_with("v1.Profile") || of == "v1.ObjectMeta" { "Profile" } else { "Binding" };
        self.object(value, of, Some(&format!("{top}.{name}")))
    }

    fn text(&mut self, fields: &Map, of: &str, within: &str, name: &str) -> String {
        match find(fields, name) {
            Some(Value::String(text)) => return text.clone(),
            Some(Value::Null) | None => {}
            Some(other) => {
                let problem = format!(
                    "json: cannot unmarshal {} into Go struct field {of}.{within}{name} of type string",
                    kind(other)
                );
                self.problem.get_or_insert(problem);
            }
        }
        String::new()
    }
}

/// A field by its name, else by its name in other case; the last one wins.
fn find<'a>(fields: &'a Map, name: &str) -> Option<&'a Value> {
    fields
        .get(name)
        .or_else(|| fields.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", "EOF")]
    #[case("{", "unexpected EOF")]
    #[case("[]", "json: cannot unmarshal array into Go value of type kfam.Binding")]
    #[case(r#"{"user": 1}"#, "json: cannot unmarshal number into Go struct field Binding.user of type v1.Subject")]
    #[case(
        r#"{"user": {"name": true}}"#,
        "json: cannot unmarshal bool into Go struct field Subject.user.name of type string"
    )]
    #[case(
        r#"{"referredNamespace": {}}"#,
        "json: cannot unmarshal object into Go struct field Binding.referredNamespace of type string"
    )]
    fn mistakes_are_told_as_go_tells_them(#[case] body: &str, #[case] want: &str) {
        assert_eq!(binding(body.as_bytes()).unwrap_err(), want);
    }

    #[test]
    fn names_of_fields_ignore_case_and_nulls_are_nothing() {
        let read =
            binding(br#"{"User": {"NAME": "a"}, "referrednamespace": "n", "roleref": null, "other": 1} trailing"#)
                .unwrap();
        assert_eq!((read.user.unwrap().name.as_str(), read.namespace.as_str(), read.role), ("a", "n", None));
    }
}
