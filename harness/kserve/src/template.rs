//! Go's text templates, as far as KServe's users use them: `{{ .Name }}`, `{{ .Labels.x }}` and other fields by their path, and
//! `{{ index .Annotations "a/b" }}`.
//!
//! Refused, with an error: other functions, pipelines, conditions. Upstream's templates have none. Errors have the words and places of Go's
//! `text/template`.

use proofmark_json::Value;

/// A template that cannot be filled in. The text is Go's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("template: {0}")]
pub(crate) struct TemplateError(String);

/// What errors call a template and what fills it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    /// The template's name.
    pub(crate) name: &'static str,
    /// The Go type of its data.
    pub(crate) of: &'static str,
}

/// Fills fields of `data` into a template. A missing key of a map is empty, a missing field an error, as in Go: fields begin with a capital letter.
pub(crate) fn fill_in(template: &str, data: &Value, called: Called) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, action)) = rest.split_once("{{") {
        filled.push_str(before);
        let place = template.len() - action.len();
        let line = template[..place].matches('\n').count() + 1;
        let column = |at: usize| at - template[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let broken = |why: &str| TemplateError(format!("{}:{line}: {why}", called.name));
        let trimmed = action.strip_prefix("- ").unwrap_or(action).trim_start();
        let (index, expression) = match trimmed.strip_prefix("index ") {
            Some(rest) => (true, rest.trim_start()),
            None => (false, trimmed),
        };
        if !expression.starts_with('.') {
            let end = expression.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(expression.len());
            return Err(match &expression[..end] {
                "" => broken("unexpected token in command"),
                function => broken(&format!("function {function:?} not defined")),
            });
        }
        let end = expression.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(expression.len());
        let (path, after) = expression.split_at(end);
        match after.chars().next() {
            None => return Err(broken("unclosed action")),
            Some(next) if !(next.is_whitespace() || next == '}') => {
                return Err(broken(&format!("bad character U+{:04X} '{next}'", u32::from(next))));
            }
            Some(_) => {}
        }
        let mut value = look_up(path, data).map_err(|field| {
            let at = column(template.len() - expression.len());
            let why = format!("can't evaluate field {field} in type {}", called.of);
            let name = called.name;
            TemplateError(format!("{name}:{line}:{at}: executing {name:?} at <{path}>: {why}"))
        })?;
        let mut after = after.trim_start();
        if index {
            let key = after.strip_prefix('"').and_then(|rest| rest.split_once('"'));
            let (key, rest) = key.ok_or_else(|| broken("unexpected token in operand"))?;
            value = value.get(key).unwrap_or(&Value::Null);
            after = rest.trim_start();
        }
        let after = after.strip_prefix("-}}").or_else(|| after.strip_prefix("}}"));
        rest = after.ok_or_else(|| broken("unclosed action"))?;
        match value {
            Value::String(text) => filled.push_str(text),
            Value::Null => {}
            other => filled.push_str(&other.to_string()),
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

/// What a path leads to; the error is the field that there is not.
fn look_up<'d, 'p>(path: &'p str, data: &'d Value) -> Result<&'d Value, &'p str> {
    let mut value = data;
    for (depth, field) in path.split('.').skip(1).filter(|field| !field.is_empty()).enumerate() {
        match value.get(field) {
            Some(inner) => value = inner,
            None if depth == 0 => return Err(field),
            None => return Ok(&Value::Null),
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain", "plain")]
    #[case("{{.Name}}-{{ .Namespace }}", "a-b")]
    #[case("{{.Labels.x}}/{{.Labels.y}}", "1/")]
    #[case("{{ index .Labels \"a/b\" }}!", "2!")]
    #[case("{{.Nothing}}", "template: t:1:2: executing \"t\" at <.Nothing>: can't evaluate field Nothing in type v1.T")]
    #[case(
        "{{ .Nothing }}",
        "template: t:1:3: executing \"t\" at <.Nothing>: can't evaluate field Nothing in type v1.T"
    )]
    #[case("{{upper .Name}}", "template: t:1: function \"upper\" not defined")]
    #[case("{{.Name", "template: t:1: unclosed action")]
    #[case("a\n{{.Name\"", "template: t:2: bad character U+0022 '\"'")]
    fn templates(#[case] template: &str, #[case] filled: &str) {
        let data = json!({"Name": "a", "Namespace": "b", "Labels": {"x": "1", "a/b": "2"}});
        let found = fill_in(template, &data, Called { name: "t", of: "v1.T" });
        assert_eq!(found.unwrap_or_else(|error| error.to_string()), filled);
    }
}
