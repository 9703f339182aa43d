//! Paths of `replacements` and `vars`: `spec.template.spec.containers.[name=web].image`.
//!
//! Steps are parted by dots. A step is a field, an index, `*` for every item, or `[field=pattern]` for the items whose
//! field matches; `[=pattern]` looks at the items themselves. `\.` is a dot in a name, and so is a dot in brackets.

use proofmark_json::{Map, Value};
use regex::Regex;

/// Splits a path into its steps.
pub(super) fn split(path: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut in_brackets = false;
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(step) = steps.last_mut() else { break };
        match c {
            '\\' if chars.peek() == Some(&'.') => step.extend(chars.next()),
            '.' if !in_brackets => steps.push(String::new()),
            c => {
                in_brackets = match c {
                    '[' if step.is_empty() => true,
                    ']' => false,
                    _ => in_brackets,
                };
                step.push(c);
            }
        }
    }
    for step in &mut steps {
        // Brackets around a name are quotes.
        if step.starts_with('[') && !step.contains('=') && !step.contains('*') {
            *step = step.trim_matches(['[', ']']).to_owned();
        }
    }
    steps
}

/// The value that a path leads to, if it leads to one: fields, indices and conditions.
pub(super) fn get<'a>(value: &'a Value, steps: &[String]) -> Option<&'a Value> {
    steps.iter().try_fold(value, |value, step| match value {
        Value::Object(map) => map.get(step),
        Value::Array(items) => match step.parse::<usize>() {
            Ok(index) => items.get(index),
            Err(_) => {
                let condition = Condition::parse(step)?;
                items.iter().find(|item| condition.holds(item))
            }
        },
        _ => None,
    })
}

/// Hands everything that a path leads to, to `set`; returns how many that were.
///
/// # Errors
/// In words: an index that is not there, a pattern that is none, what `set` says.
pub(super) fn for_each(
    value: &mut Value,
    steps: &[String],
    create: Option<&Value>,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<usize, String> {
    let Some((step, rest)) = steps.split_first() else {
        set(value)?;
        return Ok(1);
    };
    let mut count = 0;
    if let Ok(index) = step.parse::<usize>() {
        if let Value::Array(items) = value {
            let length = items.len();
            if create.is_some() && index == length {
                items.push(start(rest, create));
            }
            let item = items.get_mut(index).ok_or_else(|| format!("index {index} of a list of {length}"))?;
            return for_each(item, rest, create, set);
        }
    } else if step == "*" {
        for item in value.as_array_mut().into_iter().flatten() {
            count += for_each(item, rest, create, set)?;
        }
        return Ok(count);
    } else if step.starts_with('[') && step.ends_with(']') && step.contains('=') {
        let condition = Condition::parse(step).ok_or_else(|| format!("{step} is not a condition"))?;
        let items = value.as_array_mut().ok_or_else(|| format!("{step} is looked for in what is no list"))?;
        if create.is_some() && !items.iter().any(|item| condition.holds(item)) {
            items.push(condition.example());
        }
        for item in items.iter_mut().filter(|item| condition.holds(item)) {
            count += for_each(item, rest, create, set)?;
        }
        return Ok(count);
    }
    match value {
        Value::Object(map) => {
            if create.is_some() && map.get(step).is_none_or(Value::is_null) {
                map.insert(step.clone(), start(rest, create));
            }
            map.get_mut(step).map_or(Ok(0), |field| for_each(field, rest, create, set))
        }
        Value::Array(_) => Err(format!("{step:?} is looked for in a list: say which item, for example with `*`")),
        _ => Ok(0),
    }
}

/// What a missing field starts as, seen from the step after it.
fn start(rest: &[String], create: Option<&Value>) -> Value {
    match rest.first() {
        Some(step) if step == "*" || step.starts_with('[') || step.parse::<usize>().is_ok() => Value::Array(Vec::new()),
        Some(_) => Value::Object(Map::new()),
        None => match create {
            Some(Value::Array(_)) => Value::Array(Vec::new()),
            Some(Value::Object(_)) => Value::Object(Map::new()),
            _ => Value::Null,
        },
    }
}

struct Condition {
    field: String,
    text: String,
    pattern: Regex,
}

impl Condition {
    fn parse(step: &str) -> Option<Self> {
        let (field, text) = step.strip_prefix('[')?.strip_suffix(']')?.split_once('=')?;
        Some(Condition { field: field.to_owned(), text: text.to_owned(), pattern: Regex::new(text).ok()? })
    }

    fn holds(&self, item: &Value) -> bool {
        let value = if self.field.is_empty() { Some(item) } else { item.get(&self.field) };
        value.and_then(plain).is_some_and(|text| self.pattern.is_match(&text))
    }

    /// An item for which the condition holds.
    fn example(&self) -> Value {
        if self.field.is_empty() {
            return self.text.as_str().into();
        }
        let mut map = Map::new();
        map.insert(self.field.clone(), self.text.as_str().into());
        Value::Object(map)
    }
}

/// A plain value as it is written.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn paths_are_split_at_dots_outside_of_brackets() {
        for (path, steps) in [
            ("metadata.name", vec!["metadata", "name"]),
            (
                "metadata.annotations.[cert-manager.io/inject-ca-from]",
                vec!["metadata", "annotations", "cert-manager.io/inject-ca-from"],
            ),
            (r"metadata.annotations.a\.b", vec!["metadata", "annotations", "a.b"]),
            ("spec.containers.[name=a.b].image", vec!["spec", "containers", "[name=a.b]", "image"]),
            ("spec.dnsNames.0", vec!["spec", "dnsNames", "0"]),
        ] {
            assert_eq!(split(path), steps, "{path}");
        }
    }

    #[test]
    fn every_place_is_found_or_made() {
        let object = json!({"l": [{"n": "a", "v": 1}, {"n": "b", "v": 2}]});
        for (path, create, after, count) in [
            ("l.*.v", false, json!({"l": [{"n": "a", "v": 0}, {"n": "b", "v": 0}]}), 2),
            ("l.[n=b].v", false, json!({"l": [{"n": "a", "v": 1}, {"n": "b", "v": 0}]}), 1),
            ("l.1.v", false, json!({"l": [{"n": "a", "v": 1}, {"n": "b", "v": 0}]}), 1),
            ("l.*.w", false, object.clone(), 0),
            ("m.w", false, object.clone(), 0),
            ("m.w", true, json!({"l": [{"n": "a", "v": 1}, {"n": "b", "v": 2}], "m": {"w": 0}}), 1),
        ] {
            let mut value = object.clone();
            let set = &mut |field: &mut Value| {
                *field = json!(0);
                Ok(())
            };
            let found = for_each(&mut value, &split(path), create.then_some(&json!(0)), set);
            assert_eq!((found, value), (Ok(count), after), "{path}");
        }
        let set = &mut |_: &mut Value| Ok(());
        assert!(for_each(&mut object.clone(), &split("l.7.v"), None, set).is_err());
        assert!(for_each(&mut object.clone(), &split("l.v"), None, set).is_err());
    }
}
