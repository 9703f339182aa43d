//! Parameters that many actions have: names, paths, tags, documents.

use super::faults;
use crate::Fault;
use crate::protocol::{Checks, Form, Text, in_name, invalid, member_name};
use crate::world::Document;
use proofmark_aws_policy::{Context, Kind};
use std::collections::BTreeMap;

/// As many tags as a resource may have.
const MOST_TAGS: usize = 50;

/// Any ARN.
pub(super) const ARN: Text = Text { min: 20, max: 2048, pattern: None };

/// A name, and the most letters that it may have.
pub(super) fn name<'a>(form: &'a Form, parameter: &str, max: usize) -> Result<&'a str, Fault> {
    let mut checks = Checks::of(form);
    let name = checks.need(parameter, Text { min: 1, max, pattern: None });
    checks.done()?;
    if name.chars().all(in_name) {
        return Ok(name);
    }
    let member = member_name(parameter);
    Err(invalid(format!(
        "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
    )))
}

/// A path: `/` unless told.
pub(super) fn path(form: &Form) -> Result<String, Fault> {
    let path = form.get("Path").unwrap_or("/");
    let inner = |c: char| ('!'..='\x7f').contains(&c);
    if path == "/"
        || (path.len() <= 512
            && path.len() > 1
            && path.starts_with('/')
            && path.ends_with('/')
            && path.chars().all(inner))
    {
        return Ok(path.to_owned());
    }
    Err(invalid(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
    ))
}

/// Tags by key.
pub(super) fn tags(form: &Form) -> Result<BTreeMap<String, String>, Fault> {
    let pairs = form.pairs("Tags", "Key", "Value");
    let mut checks = Checks::of(form);
    let letters: fn(char) -> bool = |c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    let mut tags = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for (index, (key, value)) in pairs.iter().enumerate() {
        let at = |member: &str| format!("tags.{}.member.{member}", index + 1);
        let pattern = |text| Some((text, letters));
        checks.value(&at("key"), key, Text { min: 1, max: 128, pattern: pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+") });
        checks.value(&at("value"), value, Text { min: 0, max: 256, pattern: pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*") });
        if key.to_lowercase().starts_with("aws:") {
            return Err(faults::invalid_input("aws: prefixed tag key names are not allowed for external use."));
        }
        if seen.insert(key.to_lowercase(), ()).is_some() {
            return Err(faults::invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        tags.insert((*key).to_owned(), (*value).to_owned());
    }
    checks.done()?;
    if tags.len() > MOST_TAGS {
        return Err(faults::quota("TagsPerResource", MOST_TAGS));
    }
    Ok(tags)
}

/// The context keys of tags that a request carries.
pub(super) fn request_tags(tags: &BTreeMap<String, String>, keys: &mut Context) {
    for (key, value) in tags {
        keys.set(&format!("aws:RequestTag/{key}"), value);
    }
    if !tags.is_empty() {
        keys.set_many("aws:TagKeys", tags.keys().cloned());
    }
}

/// A policy that names no principals.
pub(super) fn identity_policy(form: &Form) -> Result<Document, Fault> {
    let text = form.need("PolicyDocument")?;
    Document::parse(text, Kind::Identity).map_err(|error| faults::malformed(&error))
}

/// What counts against a quota: everything but white space.
pub(super) fn size(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}
