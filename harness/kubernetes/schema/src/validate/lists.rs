//! `x-kubernetes-list-type`: items of sets and keys of maps are unique.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype`, release 1.35.

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;

use crate::json::sorted;
use crate::path::{child, entry, item};
use crate::schema::Schema;

impl Schema {
    /// Duplicates in lists that may have none, each reported at its second place only.
    pub fn validate_lists(&self, value: &Value, at: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        self.lists(value, at, &mut errors);
        errors
    }

    fn lists(&self, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
        match value {
            Value::Array(items) => {
                match self.list_type.as_deref() {
                    Some("set") => {
                        let again = repeated(items.iter());
                        errors.extend(again.map(|i| FieldError::duplicate(item(at, i), sorted(&items[i]))));
                    }
                    Some("map") => self.keys(items, at, errors),
                    _ => {}
                }
                if let Some(each) = &self.items {
                    for (i, value) in items.iter().enumerate().filter(|(_, v)| v.is_array() || v.is_object()) {
                        each.lists(value, &item(at, i), errors);
                    }
                }
            }
            Value::Object(fields) => {
                let inner = || fields.iter().filter(|(_, v)| v.is_array() || v.is_object());
                if let Some(each) = self.additional_schema() {
                    inner().for_each(|(key, value)| each.lists(value, &entry(at, key), errors));
                }
                for (name, value) in inner() {
                    if let Some(schema) = self.properties.get(name) {
                        schema.lists(value, &child(at, name), errors);
                    }
                }
            }
            _ => {}
        }
    }

    fn keys(&self, items: &[Value], at: &str, errors: &mut Vec<FieldError>) {
        if let Some((i, odd)) = items.iter().enumerate().find(|(_, v)| !v.is_object() && !v.is_null()) {
            let detail = "must be an object for an array of list-type map";
            return errors.push(FieldError::invalid(item(at, i), sorted(odd), detail));
        }
        let key = |value: &Value| {
            let mut names: Vec<&String> = self.list_map_keys.iter().collect();
            names.sort();
            let fields = names.into_iter().filter_map(|k| Some((k.clone(), value.get(k)?.clone())));
            Value::Object(fields.collect::<Map>())
        };
        let keys: Vec<Value> = items.iter().map(key).collect();
        errors.extend(repeated(keys.iter()).map(|i| FieldError::duplicate(item(at, i), keys[i].clone())));
    }
}

/// The places at which a value occurs for the second time.
fn repeated<'a>(values: impl Iterator<Item = &'a Value>) -> impl Iterator<Item = usize> {
    let mut times: indexmap::IndexMap<String, usize> = indexmap::IndexMap::new();
    let mut places = Vec::new();
    for (i, value) in values.enumerate() {
        let times = times.entry(sorted(value).to_string()).or_default();
        *times += 1;
        if *times == 2 {
            places.push(i);
        }
    }
    places.into_iter()
}
