//! Go's text templates, as far as KServe's users use them: `{{ .Name }}`, `{{ .Labels.x }}` and other fields by their path.
//!
//! Refused, with an error: functions, pipelines, conditions. Upstream's templates have none.

use serde_json::Value;

/// A template that cannot be filled in.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("template: :1: {0}")]
pub(crate) struct TemplateError(String);

/// Fills fields of `data` into a template. A missing key of a map is `<no value>`, a missing field an error, as in Go: fields begin with a
/// capital letter.
pub(crate) fn fill_in(template: &str, data: &Value) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, action)) = rest.split_once("{{") {
        filled.push_str(before);
        let (action, after) = action.split_once("}}").ok_or_else(|| TemplateError("unclosed action".to_owned()))?;
        let action = action.trim_matches('-').trim();
        let path = action.strip_prefix('.').ok_or_else(|| TemplateError(format!("function {action:?} not defined")))?;
        filled.push_str(&look_up(path, data)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn look_up(path: &str, data: &Value) -> Result<String, TemplateError> {
    let mut value = data;
    for field in path.split('.') {
        match value.get(field) {
            Some(inner) => value = inner,
            None if field.starts_with(char::is_uppercase) => {
                return Err(TemplateError(format!("can't evaluate field {field}")));
            }
            None => return Ok("<no value>".to_owned()),
        }
    }
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Null => "<no value>".to_owned(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("plain", Some("plain"))]
    #[case("{{.Name}}-{{ .Namespace }}", Some("a-b"))]
    #[case("{{.Labels.x}}/{{.Labels.y}}", Some("1/<no value>"))]
    #[case("{{.Nothing}}", None)]
    #[case("{{upper .Name}}", None)]
    #[case("{{.Name", None)]
    fn templates(#[case] template: &str, #[case] filled: Option<&str>) {
        let data = json!({"Name": "a", "Namespace": "b", "Labels": {"x": "1"}});
        assert_eq!(fill_in(template, &data).ok().as_deref(), filled);
    }
}
