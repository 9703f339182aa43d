//! Choosing objects: by identity, by regular expressions, by labels and annotations.

use proofmark_json::Value;
use regex::Regex;

use super::fields::Fields;
use super::resource::{PastId, Resource};
use crate::diagnostic::Outcome;
use crate::identity::split_api_version;

/// Parts of an identity; an empty part matches anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Id {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Id {
    /// Reads the parts, with `apiVersion` for group and version in one.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Outcome<Self> {
        let mut id = Id {
            group: fields.text("group")?,
            version: fields.text("version")?,
            kind: fields.text("kind")?,
            namespace: fields.text("namespace")?,
            name: fields.text("name")?,
        };
        let api_version = fields.text("apiVersion")?;
        if !api_version.is_empty() {
            let (group, version) = split_api_version(&api_version);
            (id.group, id.version) = (group.to_owned(), version.to_owned());
        }
        Ok(id)
    }

    pub(super) fn is_empty(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.namespace, &self.name].iter().all(|part| part.is_empty())
    }

    /// Whether an identity that an object has, or had, fits.
    pub(super) fn selects(&self, id: &PastId) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        fits(&self.group, &id.group)
            && fits(&self.version, &id.version)
            && fits(&self.kind, &id.kind)
            && fits(&self.namespace, &id.namespace)
            && fits(&self.name, &id.name)
    }

    /// In words, for messages.
    pub(super) fn describe(&self) -> String {
        let kind = if self.kind.is_empty() { "object" } else { &self.kind };
        let of = |what: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!(" {what} {text:?}") }
        };
        format!("{kind}{}{}", of("named", &self.name), of("in namespace", &self.namespace))
    }
}

/// A target of a patch or of a replacement.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    pub(super) id: Id,
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    namespace: Option<Regex>,
    name: Option<Regex>,
    pub(super) labels: Requirements,
    pub(super) annotations: Requirements,
}

impl Selector {
    pub(super) fn parse(mut fields: Fields<'_>) -> Outcome<Self> {
        let id = Id::parse(&mut fields)?;
        let pattern = |part: &str| match part {
            "" => Ok(None),
            part => match Regex::new(&format!("^(?:{part})$")) {
                Ok(regex) => Ok(Some(regex)),
                Err(_) => Err(fields.error(format!("{part:?} is not a regular expression"))),
            },
        };
        let (group, version, kind) = (pattern(&id.group)?, pattern(&id.version)?, pattern(&id.kind)?);
        let (namespace, name) = (pattern(&id.namespace)?, pattern(&id.name)?);
        let labels = fields.text("labelSelector")?;
        let annotations = fields.text("annotationSelector")?;
        let requirements = |text: &str| {
            Requirements::parse(text).ok_or_else(|| fields.error(format!("{text:?} is not a label selector")))
        };
        let (labels, annotations) = (requirements(&labels)?, requirements(&annotations)?);
        fields.finish()?;
        Ok(Selector { id, group, version, kind, namespace, name, labels, annotations })
    }

    /// Whether a patch with this target means the object. Name and namespace may be the original ones.
    pub(super) fn matches(&self, resource: &Resource) -> bool {
        let fits = |regex: &Option<Regex>, text: &str| regex.as_ref().is_none_or(|regex| regex.is_match(text));
        let (now, first) = (resource.id(), resource.original_id());
        (fits(&self.namespace, &first.namespace) || fits(&self.namespace, &now.namespace))
            && (fits(&self.name, &first.name) || fits(&self.name, &now.name))
            && fits(&self.group, &now.group)
            && fits(&self.version, &now.version)
            && fits(&self.kind, &now.kind)
            && self.matches_metadata(resource)
    }

    /// Whether labels and annotations fit.
    pub(super) fn matches_metadata(&self, resource: &Resource) -> bool {
        let value = &resource.object.value;
        self.labels.match_map(value.pointer("/metadata/labels"))
            && self.annotations.match_map(value.pointer("/metadata/annotations"))
    }
}

/// A label selector: all requirements must hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Requirements(Vec<Requirement>);

#[derive(Clone, Debug)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Requirements {
    /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts: Vec<String> = vec![String::new()];
        let mut depth = 0_u32;
        for c in text.chars() {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.checked_sub(1)?,
                ',' if depth == 0 => {
                    parts.push(String::new());
                    continue;
                }
                _ => {}
            }
            parts.last_mut()?.push(c);
        }
        parts
            .iter()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .map(requirement)
            .collect::<Option<_>>()
            .map(Requirements)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn match_map(&self, map: Option<&Value>) -> bool {
        self.0.iter().all(|Requirement { key, test }| {
            let value = map.and_then(|map| map.get(key)).and_then(Value::as_str);
            match test {
                Test::In(values) => value.is_some_and(|value| values.iter().any(|wanted| wanted == value)),
                Test::NotIn(values) => value.is_none_or(|value| values.iter().all(|wanted| wanted != value)),
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
            }
        })
    }
}

fn requirement(part: &str) -> Option<Requirement> {
    let made = |key: &str, test| {
        let key = key.trim();
        let plain = !key.is_empty() && !key.contains(char::is_whitespace);
        plain.then(|| Requirement { key: key.to_owned(), test })
    };
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((key, value)) = part.split_once("!=") {
        return made(key, Test::NotIn(one(value)));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return made(key, Test::In(one(value)));
    }
    if let Some(key) = part.strip_prefix('!') {
        return made(key, Test::Absent);
    }
    if let Some((head, values)) = part.split_once('(') {
        let values = values.strip_suffix(')')?.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, operator) = head.trim_end().rsplit_once(char::is_whitespace)?;
        return match operator {
            "in" => made(key, Test::In(values)),
            "notin" => made(key, Test::NotIn(values)),
            _ => None,
        };
    }
    made(part, Test::Exists)
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn label_selectors() {
        let labels = json!({"app": "web", "tier": "front"});
        for (text, fits) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier=front", true),
            ("app=web,tier=back", false),
            ("app!=db", true),
            ("missing!=x", true),
            ("app in (db, web)", true),
            ("app notin (db,web)", false),
            ("app", true),
            ("missing", false),
            ("!missing", true),
            ("!app", false),
        ] {
            let requirements = Requirements::parse(text).unwrap_or_else(|| panic!("{text:?} is a selector"));
            assert_eq!(requirements.match_map(Some(&labels)), fits, "{text:?}");
        }
        for text in ["app in web", "(", ")", "a b", "=x", "a in (b"] {
            assert!(Requirements::parse(text).is_none(), "{text:?} is no selector");
        }
    }
}
