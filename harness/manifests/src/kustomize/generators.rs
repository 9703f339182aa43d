//! ConfigMaps and Secrets made from files and literals, and the hash in their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proofmark_json::{Key, Map, Value, json};
use ring::digest::{SHA256, digest};

use super::build::{Accumulator, within};
use super::configuration::{Configuration, placed};
use super::entries::{Behavior, Generator};
use super::fields::Text;
use super::resource::{Resource, mapping};
use crate::diagnostic::{Diagnostic, Outcome, Severity};
use crate::files;
use crate::identity::text;
use crate::object::Object;
use crate::position::{Inner, Marks};

/// Runs a generator: the object joins the set, or changes the one that has its name.
pub(super) fn generate(set: &mut Accumulator, configuration: &Configuration, generator: &Generator) -> Outcome<()> {
    let mut made = Resource::new(make(configuration, generator)?);
    made.needs_hash = !generator.options.disable_name_suffix_hash;
    made.behavior = generator.behavior;
    let id = made.id();
    let known: Vec<usize> = (0..set.resources.len()).filter(|at| set.resources[*at].all_ids().contains(&id)).collect();
    let error = |message: String| {
        let error = configuration.file.finding(Severity::Error, generator.at, message);
        Box::new(match generator.behavior {
            Behavior::Create => error.with_help("say `behavior: merge` or `behavior: replace` to change what is there"),
            _ => error,
        })
    };
    match (known[..].as_ref(), generator.behavior) {
        ([], Behavior::Create) => set.resources.push(made),
        ([], _) => set.not_there(error(format!("no {} named {:?} to change", id.kind, generator.name)))?,
        ([_], Behavior::Create) => {
            return Err(error(format!("a {} named {:?} is there already", id.kind, generator.name)));
        }
        ([at], _) => change(&mut set.resources[*at], made),
        _ => {
            return Err(error(format!("several {}s are or were named {:?}", id.kind, generator.name)));
        }
    }
    Ok(())
}

/// Puts a generated object in the place of one that is there; it keeps name, past, labels and annotations of that.
fn change(old: &mut Resource, mut new: Resource) {
    let mut keep = |pointer: &[&str]| {
        let Some(before) = at(&old.object.value, pointer).and_then(Value::as_object).filter(|map| !map.is_empty())
        else {
            return;
        };
        let mut merged = before.clone();
        let (last, parents) = pointer.split_last().unwrap_or((&"", &[]));
        let parent = parents
            .iter()
            .fold(&mut new.object.value, |value, name| mapping(value).entry(*name).or_insert(Value::Null));
        let slot = mapping(parent).entry(*last).or_insert(Value::Null);
        merged.extend(std::mem::take(mapping(slot)));
        *slot = Value::Object(merged);
    };
    keep(&["metadata", "labels"]);
    keep(&["metadata", "annotations"]);
    if new.behavior == Behavior::Merge {
        keep(&["data"]);
        keep(&["binaryData"]);
    }
    new.set_name(old.name());
    new.set_namespace(old.namespace());
    new.inherit(old);
    new.needs_hash &= old.needs_hash;
    let patch = new.object.at.clone();
    let mut patched_by = std::mem::take(&mut old.object.patched_by);
    patched_by.push(patch);
    // The object is the one that was there; the generator is what touched it.
    new.object = Object { value: new.object.value, patched_by, ..old.object.clone() };
    *old = new;
}

fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

fn make(configuration: &Configuration, generator: &Generator) -> Outcome<Object> {
    let mut data = BTreeMap::new();
    for (key, (value, source)) in pairs(configuration, generator)? {
        if data.insert(key.clone(), value).is_some() {
            return Err(configuration.file.error(source.at, format!("{:?} has the key {key:?} twice", generator.name)));
        }
    }
    let options = &generator.options;
    let mut metadata = json!({ "name": generator.name });
    let fields = mapping(&mut metadata);
    if !generator.namespace.is_empty() {
        fields.insert("namespace", generator.namespace.as_str().into());
    }
    for (name, pairs) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        if !pairs.is_empty() {
            fields.insert(name, json!(pairs));
        }
    }
    let kind = if generator.secret { "Secret" } else { "ConfigMap" };
    let mut object = json!({ "apiVersion": "v1", "kind": kind, "metadata": metadata });
    let fields = mapping(&mut object);
    if generator.secret {
        let secret_type = if generator.secret_type.is_empty() { "Opaque" } else { &generator.secret_type };
        fields.insert("type", secret_type.into());
    }
    for (key, bytes) in data {
        let (field, value) = match String::from_utf8(bytes) {
            Ok(text) if !generator.secret => ("data", text),
            Ok(text) => ("data", wrapped_base64(text.as_bytes())),
            Err(error) if !generator.secret => ("binaryData", wrapped_base64(error.as_bytes())),
            Err(error) => ("data", wrapped_base64(error.as_bytes())),
        };
        mapping(fields.entry(field).or_insert(Value::Null)).insert(key, value.into());
    }
    if options.immutable {
        fields.insert("immutable", true.into());
    }
    let marks = Marks { at: generator.at, inner: Inner::Scalar };
    Ok(Object::new(object, Arc::clone(&configuration.file), marks))
}

type Pair<'a> = (String, (Vec<u8>, &'a Text));

/// The keys and values of a generator, in kustomize's order: environment files, literals, files.
fn pairs<'a>(configuration: &Configuration, generator: &'a Generator) -> Outcome<Vec<Pair<'a>>> {
    let mut pairs = Vec::new();
    for source in &generator.envs {
        let path = within(configuration, source)?;
        let file = files::read(&path).map_err(|error| placed(*error, &configuration.file, source.at))?;
        for line in file.text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            pairs.push((key.to_owned(), (value.as_bytes().to_vec(), source)));
        }
    }
    for source in &generator.literals {
        let Some((key, value)) = source.text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(source_error(configuration, source, "a literal is key=value"));
        };
        pairs.push((key.to_owned(), (unquoted(value).as_bytes().to_vec(), source)));
    }
    for source in &generator.files {
        let (key, path) = match source.text.split_once('=') {
            Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => (key, path),
            None => (source.text.rsplit('/').next().unwrap_or_default(), source.text.as_str()),
            _ => return Err(source_error(configuration, source, "a file is a path, or key=path")),
        };
        let path = within(configuration, &Text { text: path.to_owned(), at: source.at })?;
        let bytes = files::read_bytes(&path).map_err(|error| placed(*error, &configuration.file, source.at))?;
        pairs.push((key.to_owned(), (bytes, source)));
    }
    Ok(pairs)
}

fn source_error(configuration: &Configuration, source: &Text, message: &str) -> Box<Diagnostic> {
    configuration.file.error(source.at, format!("{message}, found {:?}", source.text))
}

/// One pair of quotes around the whole is not part of a literal.
fn unquoted(value: &str) -> &str {
    ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value)
}

/// Base64, broken into lines of 70 when longer than one, as kustomize writes it: the hash covers the line ends.
fn wrapped_base64(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut wrapped = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    for (index, c) in encoded.chars().enumerate() {
        if index > 0 && index % LINE == 0 {
            wrapped.push('\n');
        }
        wrapped.push(c);
    }
    wrapped.push('\n');
    wrapped
}

/// Appends the hash of the content to the names that want it.
pub(super) fn add_hashes(set: &mut Accumulator) {
    for resource in set.resources.iter_mut().filter(|resource| resource.needs_hash) {
        let name = format!("{}-{}", resource.name(), hash(&resource.object.value));
        resource.remember();
        resource.set_name(&name);
    }
}

/// Ten letters that name the content: of the SHA-256 of its JSON as Go writes it, without vowels and look-alikes.
fn hash(object: &Value) -> String {
    let part = |name: &str| object.get(name).cloned().unwrap_or_else(|| "".into());
    let kind = text(object, "/kind");
    let mut covered = Map::new();
    // The name is always empty here: kustomize looks for a field that is literally called "metadata/name".
    covered.extend([("data", part("data")), ("kind", kind.into()), ("name", "".into())]);
    let extra = if kind == "Secret" { "stringData" } else { "binaryData" };
    if object.get(extra).is_some_and(Value::is_object) {
        covered.insert(extra, part(extra));
    }
    if kind == "Secret" {
        covered.insert("type", part("type"));
    }
    let sum = digest(&SHA256, go_json(&Value::Object(covered)).as_bytes());
    let hex = sum.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]).take(10);
    hex.map(|digit| match digit {
        0x0 => 'g',
        0x1 => 'h',
        0x3 => 'k',
        0xa => 'm',
        0xe => 't',
        digit => char::from_digit(digit.into(), 16).unwrap_or('g'),
    })
    .collect()
}

/// JSON as Go's encoder writes it: keys sorted, `<`, `>`, `&` and the two line separators escaped.
fn go_json(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let map: BTreeMap<&Key, Value> = map.iter().map(|(key, value)| (key, sorted(value))).collect();
                Value::Object(map.into_iter().map(|(key, value)| (key.clone(), value)).collect())
            }
            other => other.clone(),
        }
    }
    let mut json = String::new();
    for c in sorted(value).to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_around_the_whole_are_dropped() {
        for (literal, value) in [("\"a\"", "a"), ("'a'", "a"), ("\"a'", "\"a'"), ("\"", "\""), ("a\"b\"", "a\"b\"")] {
            assert_eq!(unquoted(literal), value);
        }
    }
}
