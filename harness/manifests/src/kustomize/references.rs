//! Mending references: whoever names an object by a name that it had gets the name that it has.
//!
//! Done once, at the end of the outermost build, when all names are final. An object that never got another name or
//! namespace is not looked at: references to it are right. The choice between several objects that had the same name
//! follows kustomize: kind, then the referrer's namespace, then the same prefixes and suffixes.

use std::collections::BTreeMap;

use proofmark_json::Value;

use super::build::Accumulator;
use super::fieldspec::{FieldSpec, Leaf};
use super::metadata::Failed;
use super::resource::{NO_NAMESPACE, PastId, Resource};
use crate::identity::{Gvk, text};

/// What an object was and is called, taken before any reference is written.
struct Candidate {
    now: PastId,
    past: Vec<PastId>,
    name: String,
    /// As written; empty where none is.
    namespace: String,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

/// Mends every reference.
pub(super) fn mend(set: &mut Accumulator) -> Result<(), Failed> {
    let candidates: Vec<Candidate> = set.resources.iter().map(Candidate::of).collect();
    let mut by_past_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        for id in &candidate.past {
            let known = by_past_name.entry(&id.name).or_default();
            if known.last() != Some(&index) {
                known.push(index);
            }
        }
    }
    if by_past_name.is_empty() {
        return Ok(());
    }
    for (index, resource) in set.resources.iter_mut().enumerate() {
        let original = resource.original_id();
        let gvk = Gvk { group: original.group, version: original.version, kind: original.kind };
        let namespaces = subject_namespaces(&resource.object.value);
        let role = role_of(&resource.object.value);
        for reference in &set.rules.references {
            for rule in reference.referrers.iter().filter(|rule| rule.is_for(&gvk)) {
                let mender = Mender {
                    candidates: &candidates,
                    by_past_name: &by_past_name,
                    referrer: &candidates[index],
                    target: &reference.target,
                    role: role.as_ref().filter(|_| names_a_role(rule)),
                    namespaces: &namespaces,
                };
                rule.apply(&mut resource.object.value, Leaf::Never, &mut |field| mender.mend(field))
                    .map_err(|reason| Failed { index, reason })?;
            }
        }
    }
    Ok(())
}

fn names_a_role(rule: &FieldSpec) -> bool {
    rule.path.ends_with(&["roleRef".to_owned(), "name".to_owned()])
}

/// The group and kind of the role that a binding names.
fn role_of(binding: &Value) -> Option<Gvk> {
    let reference = binding.get("roleRef")?;
    let part = |name: &str| reference.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Gvk { group: part("apiGroup")?, version: String::new(), kind: part("kind")? })
}

/// The namespaces whose accounts a RoleBinding names.
fn subject_namespaces(object: &Value) -> Vec<String> {
    if text(object, "/kind") != "RoleBinding" {
        return Vec::new();
    }
    let subjects = object.get("subjects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let accounts = subjects.iter().filter(|subject| text(subject, "/kind") == "ServiceAccount");
    accounts.filter_map(|subject| subject.get("namespace")?.as_str().map(str::to_owned)).collect()
}

impl Candidate {
    fn of(resource: &Resource) -> Self {
        Candidate {
            now: resource.id(),
            past: resource.past_ids(),
            name: resource.name().to_owned(),
            namespace: resource.namespace().to_owned(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        }
    }

    fn is_cluster_scoped(&self) -> bool {
        self.now.namespace == NO_NAMESPACE
    }

    fn was_a(&self, target: &Gvk) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        self.past.iter().any(|id| {
            fits(&target.group, &id.group) && fits(&target.version, &id.version) && fits(&target.kind, &id.kind)
        })
    }

    fn original_namespace(&self) -> &str {
        self.past.first().map_or(&self.now.namespace, |id| &id.namespace)
    }
}

struct Mender<'a> {
    candidates: &'a [Candidate],
    by_past_name: &'a BTreeMap<&'a str, Vec<usize>>,
    referrer: &'a Candidate,
    target: &'a Gvk,
    role: Option<&'a Gvk>,
    namespaces: &'a [String],
}

impl Mender<'_> {
    fn mend(&self, field: &mut Value) -> Result<(), String> {
        match field {
            Value::String(name) => {
                if let Some(found) = self.select(name, None, false)? {
                    name.clone_from(&found.name);
                }
                Ok(())
            }
            Value::Object(_) => self.mend_mapping(field),
            Value::Array(items) => items.iter_mut().try_for_each(|item| match item {
                Value::String(_) | Value::Object(_) => self.mend(item),
                _ => Err("a reference is a name or a mapping with a name".to_owned()),
            }),
            _ => Ok(()),
        }
    }

    /// A mapping with a name and perhaps a namespace, both of which follow the object.
    fn mend_mapping(&self, field: &mut Value) -> Result<(), String> {
        let Some(name) = field.get("name").and_then(Value::as_str) else {
            return Err("a reference has no name".to_owned());
        };
        let namespace = field.get("namespace").and_then(Value::as_str);
        let Some(found) = self.select(name, namespace, true)? else {
            return Ok(());
        };
        if let Value::Object(map) = field {
            map.insert("name", found.name.as_str().into());
            if !found.namespace.is_empty() {
                map.insert("namespace", found.namespace.as_str().into());
            }
        }
        Ok(())
    }

    /// The object that is meant by a name of the past.
    fn select(&self, name: &str, namespace: Option<&str>, with_namespace: bool) -> Result<Option<&Candidate>, String> {
        let known = self.by_past_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<&Candidate> = known.iter().filter_map(|index| self.candidates.get(*index)).collect();
        found.retain(|candidate| self.in_reach(candidate));
        if let Some(namespace) = namespace {
            let was_there = |candidate: &&Candidate| candidate.original_namespace() == namespace;
            let is_there = |candidate: &Candidate| candidate.now.namespace == namespace;
            // What was there counts alone, as soon as anything in reach was there.
            let any_was_there =
                self.candidates.iter().filter(|candidate| self.in_reach(candidate)).any(|c| was_there(&c));
            if any_was_there { found.retain(was_there) } else { found.retain(|candidate| is_there(candidate)) }
        }
        found.retain(|candidate| candidate.was_a(self.target));
        if let Some(role) = self.role {
            found.retain(|candidate| candidate.was_a(role));
        }
        found.retain(|candidate| self.same_namespace(candidate));
        for empty_fits in [true, false] {
            if found.len() > 1 {
                found.retain(|candidate| self.same_affixes(candidate, empty_fits));
            }
        }
        let Some((first, rest)) = found.split_first() else {
            return Ok(None);
        };
        let same =
            |other: &&Candidate| other.name == first.name && (!with_namespace || other.namespace == first.namespace);
        if rest.iter().all(same) {
            return Ok(Some(first));
        }
        let names: Vec<String> =
            found.iter().map(|c| format!("{} {}/{}", c.now.kind, c.now.namespace, c.name)).collect();
        Err(format!("{name:?} may mean any of {}", names.join(", ")))
    }

    /// Objects in other namespaces cannot be referred to, except by what has no namespace, and accounts by bindings.
    fn in_reach(&self, candidate: &Candidate) -> bool {
        self.referrer.is_cluster_scoped()
            || candidate.is_cluster_scoped()
            || candidate.now.namespace == self.referrer.now.namespace
            || self.namespaces.contains(&candidate.namespace)
    }

    fn same_namespace(&self, candidate: &Candidate) -> bool {
        self.referrer.is_cluster_scoped()
            || candidate.is_cluster_scoped()
            || candidate.now.kind == "ServiceAccount"
            || candidate.now.namespace == self.referrer.now.namespace
    }

    fn same_affixes(&self, candidate: &Candidate, empty_fits: bool) -> bool {
        let same = |ours: &[String], theirs: &[String]| {
            let either_empty = ours.is_empty() || theirs.is_empty();
            (empty_fits && either_empty)
                || (ours.is_empty() == theirs.is_empty() && (ours.ends_with(theirs) || theirs.ends_with(ours)))
        };
        same(&self.referrer.prefixes, &candidate.prefixes) && same(&self.referrer.suffixes, &candidate.suffixes)
    }
}
