//! What is waited for, in the words of kubectl and of chainsaw, as what a step expects.

use proofmark_json::{Value, json};

/// What is waited for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Until {
    /// That the object is there.
    Created,
    /// That it is not.
    Deleted,
    /// A condition of its status, and the value that it must have.
    Condition(String, String),
    /// A member of it, by a JSON pointer, and its value as a text.
    Member(Vec<String>, String),
}

impl Until {
    /// What `kubectl wait --for=` names.
    pub(super) fn of_kubectl(text: &str) -> Result<Self, String> {
        if let Some(condition) = text.strip_prefix("condition=") {
            let (name, value) = condition.split_once('=').unwrap_or((condition, "True"));
            return Ok(Self::Condition(name.to_owned(), value.to_owned()));
        }
        if let Some(path) = text.strip_prefix("jsonpath=") {
            let (path, value) = path.rsplit_once('=').ok_or("a jsonpath without a value has no counterpart")?;
            return Self::member(path, value);
        }
        match text {
            "delete" => Ok(Self::Deleted),
            "create" => Ok(Self::Created),
            other => Err(format!("waiting for {other} has no counterpart")),
        }
    }

    /// What the member `for` of chainsaw's `wait` names.
    pub(super) fn of_chainsaw(said: &Value) -> Result<Self, String> {
        let text = |pointer: &str| said.pointer(pointer).and_then(Value::as_str);
        if let Some(name) = text("/condition/name") {
            return Ok(Self::Condition(name.to_owned(), text("/condition/value").unwrap_or("True").to_owned()));
        }
        if let (Some(path), Some(value)) = (text("/jsonPath/path"), text("/jsonPath/value")) {
            return Self::member(path, value);
        }
        if said.get("deletion").is_some() {
            return Ok(Self::Deleted);
        }
        Err("waits for something without a counterpart".to_owned())
    }

    fn member(path: &str, value: &str) -> Result<Self, String> {
        let path = path.trim_matches(['\'', '"', '{', '}']);
        let names: Vec<String> = path.trim_start_matches('.').split('.').map(str::to_owned).collect();
        let is_plain = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        if !names.iter().all(is_plain) {
            return Err(format!("the path {path} has no counterpart"));
        }
        Ok(Self::Member(names, value.trim_matches(['\'', '"']).to_owned()))
    }

    /// What a step that reads the object must expect.
    pub(super) fn expected(&self) -> Value {
        match self {
            Self::Created => json!({"succeeds": true}),
            Self::Deleted => json!({"code": 404}),
            Self::Condition(name, value) => {
                let is_it = format!("c.type == {} && c.status == {}", json!(name), json!(value));
                json!({"holds": [format!("body.status.conditions.exists(c, {is_it})")]})
            }
            Self::Member(names, value) => {
                json!({"holds": [format!("string(body.{}) == {}", names.join("."), json!(value))]})
            }
        }
    }
}
