//! Which models there are to be, and what is to be done when that changes.
//!
//! A model whose specification changes is remembered by its first one, there as here: every later change of the configuration, of whatever model, brings it
//! anew.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_json::{Value, json};
use proofmark_text::quantity::{GoForm, Quantity};
use ring::digest::{SHA256, digest};

/// What is known of a model: where it is, what it is for, how much memory it takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Spec {
    pub(super) storage_uri: String,
    pub(super) framework: String,
    pub(super) memory: String,
}

impl Spec {
    /// Reads it as Go does: what is not there is empty.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let text = |name: &str| match value.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            // A quantity may be a number.
            Some(Value::Number(number)) if name == "memory" => Ok(number.to_string()),
            Some(value) => value.as_str().map(str::to_owned).ok_or_else(|| {
                format!("json: cannot unmarshal a value into Go struct field ModelSpec.{name} of type string")
            }),
        };
        let spec = Self { storage_uri: text("storageUri")?, framework: text("framework")?, memory: text("memory")? };
        if !spec.memory.is_empty() {
            Quantity::parse(&spec.memory).map_err(|error| error.to_string())?;
        }
        Ok(spec)
    }

    /// The memory as Go holds it.
    fn quantity(&self) -> GoForm {
        Quantity::parse(&self.memory).map(|quantity| quantity.go_form()).unwrap_or_default()
    }

    /// The digest of what Go prints for it: the end of the name of a success file. For an amount that is held as a big number Go prints an address, which
    /// is another one every time.
    pub(super) fn digest(&self) -> String {
        let Self { storage_uri, framework, .. } = self;
        let GoForm { value, scale, big, text, format } = self.quantity();
        let big = big.map_or("<nil>", |_| "0xc000000000");
        let printed = format!("&{{{storage_uri} {framework} {{{{{value} {scale}}} {{{big}}} {text} {format}}}}}");
        hex::encode(digest(&SHA256, printed.as_bytes()))
    }

    /// What Go prints for it with the names of its fields.
    pub(super) fn shown(&self) -> String {
        let Self { storage_uri, framework, .. } = self;
        let GoForm { value, scale, big, text, format } = self.quantity();
        let big = big.map_or("<nil>", |_| "0xc000000000");
        let memory = format!("{{i:{{value:{value} scale:{scale}}} d:{{Dec:{big}}} s:{text} Format:{format}}}");
        format!("&{{StorageURI:{storage_uri} Framework:{framework} Memory:{memory}}}")
    }

    pub(super) fn json(&self) -> Value {
        json!({"storageUri": self.storage_uri, "framework": self.framework, "memory": self.memory})
    }
}

/// The models of a configuration, by name: `[{"modelName": .., "modelSpec": {..}}]`.
pub(super) fn configured(text: &[u8]) -> Result<Vec<(String, Spec)>, String> {
    let value: Value = proofmark_json::from_slice(text).map_err(|error| error.to_string())?;
    let entries = match &value {
        Value::Null => &[],
        value => value.as_array().map(Vec::as_slice).ok_or("json: cannot unmarshal object into a list of models")?,
    };
    let entry = |entry: &Value| {
        let name = entry.get("modelName").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok((name, Spec::read(entry.get("modelSpec").unwrap_or(&Value::Null))?))
    };
    entries.iter().map(entry).collect()
}

/// What is to be done with a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Op {
    Add(Spec),
    Remove,
}

/// The models that were asked for, by name.
#[derive(Debug, Default)]
pub(super) struct Tracker(BTreeMap<String, Spec>);

impl Tracker {
    /// Models that are there already.
    pub(super) fn recovered(models: BTreeMap<String, Spec>) -> Self {
        Self(models)
    }

    /// What leads from what was asked for to what is asked for now, model by model, in order.
    pub(super) fn follow(&mut self, wanted: Vec<(String, Spec)>) -> Vec<(String, Vec<Op>)> {
        let mut todo = Vec::new();
        let mut seen = BTreeSet::new();
        for (name, spec) in wanted {
            match self.0.get(&name) {
                None => {
                    self.0.insert(name.clone(), spec.clone());
                    todo.push((name.clone(), vec![Op::Add(spec)]));
                }
                Some(known) if *known != spec => todo.push((name.clone(), vec![Op::Remove, Op::Add(spec)])),
                Some(_) => {}
            }
            seen.insert(name);
        }
        let gone: Vec<String> = self.0.keys().filter(|name| !seen.contains(*name)).cloned().collect();
        for name in gone {
            self.0.remove(&name);
            todo.push((name, vec![Op::Remove]));
        }
        todo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(uri: &str) -> Spec {
        Spec { storage_uri: uri.to_owned(), framework: "sklearn".to_owned(), memory: "1Gi".to_owned() }
    }

    fn wanted(models: &[(&str, &str)]) -> Vec<(String, Spec)> {
        models.iter().map(|(name, uri)| ((*name).to_owned(), spec(uri))).collect()
    }

    fn follow(tracker: &mut Tracker, models: &[(&str, &str)]) -> Vec<String> {
        let told = |op: Op| match op {
            Op::Add(spec) => format!("+{}", spec.storage_uri),
            Op::Remove => "-".to_owned(),
        };
        let todo = tracker.follow(wanted(models)).into_iter();
        todo.map(|(name, ops)| format!("{name} {}", ops.into_iter().map(told).collect::<Vec<_>>().join(" "))).collect()
    }

    #[test]
    fn models_come_change_and_go() {
        let mut tracker = Tracker::recovered([("old".to_owned(), spec("s3://old"))].into());
        assert_eq!(follow(&mut tracker, &[("a", "s3://a"), ("b", "s3://b")]), ["a +s3://a", "b +s3://b", "old -"]);
        assert_eq!(follow(&mut tracker, &[("b", "s3://b"), ("a", "s3://a")]), [""; 0]);
        assert_eq!(follow(&mut tracker, &[("a", "s3://a2"), ("b", "s3://b")]), ["a - +s3://a2"]);
        // Its first specification is the one that counts.
        assert_eq!(follow(&mut tracker, &[("a", "s3://a2")]), ["a - +s3://a2", "b -"]);
        assert_eq!(follow(&mut tracker, &[("a", "s3://a")]), [""; 0]);
        assert_eq!(follow(&mut tracker, &[]), ["a -"]);
    }

    /// By v0.15.2 itself.
    #[test]
    fn success_files_have_the_names_of_the_original() {
        let of = |uri: &str, memory: &str| Spec { memory: memory.to_owned(), ..spec(uri) }.digest();
        assert_eq!(of("s3://models/big", "256Mi"), "0b331426b6096951211b79c8b2f1a270a80a0c4f9fce55ed065ee3a057ee3dc0");
        assert_eq!(of("s3://models/iris", "256Mi"), "08873be14f0d71b9acd7aef0dbbac6a1f8198b5ace68a7985042077fc662f7c7");
    }

    #[rstest::rstest]
    #[case("[]", Ok(0))]
    #[case("null", Ok(0))]
    #[case(r#"[{"modelName": "a", "modelSpec": {"storageUri": "s3://a", "framework": "x", "memory": 1}}]"#, Ok(1))]
    #[case("{}", Err("json: cannot unmarshal object into a list of models"))]
    #[case(
        r#"[{"modelName": "a", "modelSpec": {"storageUri": 1}}]"#,
        Err("json: cannot unmarshal a value into Go struct field ModelSpec.storageUri of type string")
    )]
    #[case(
        r#"[{"modelName": "a", "modelSpec": {"memory": "bad"}}]"#,
        Err("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    )]
    fn a_configuration_is_a_list_of_models(#[case] text: &str, #[case] found: Result<usize, &str>) {
        assert_eq!(configured(text.as_bytes()).map(|models| models.len()), found.map_err(str::to_owned));
    }
}
