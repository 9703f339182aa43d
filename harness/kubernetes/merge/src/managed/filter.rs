//! The fields that an endpoint does not write, and that nobody comes to own through it.

use crate::fieldset::{FieldSet, PathElement};

/// Which fields ownership through an endpoint is about.
#[derive(Debug, Clone)]
pub enum Filter {
    /// All but these and what lies below them: `status` at the resource itself, `spec` at its status.
    Exclude(FieldSet),
    /// Only what lies along and below these patterns, in which `None` stands for any element (`pods/resize`).
    Include(Vec<Vec<Option<PathElement>>>),
}

impl Filter {
    /// Takes out what the endpoint does not write.
    pub(super) fn apply(&self, set: &mut FieldSet) {
        match self {
            Self::Exclude(fields) => set.exclude(fields),
            Self::Include(patterns) => *set = along(set, &patterns.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        }
    }
}

fn along(set: &FieldSet, patterns: &[&[Option<PathElement>]]) -> FieldSet {
    if patterns.iter().any(|pattern| pattern.is_empty()) {
        return set.clone();
    }
    let mut out = FieldSet { member: set.member, ..FieldSet::default() };
    for (element, node) in &set.children {
        let deeper: Vec<_> = patterns
            .iter()
            .filter_map(|pattern| pattern.split_first())
            .filter(|(first, _)| first.as_ref().is_none_or(|first| first == element))
            .map(|(_, rest)| rest)
            .collect();
        if !deeper.is_empty() {
            out.graft(|| element.clone(), along(node, &deeper));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    fn kept(filter: &Filter, set: &FieldSet) -> FieldSet {
        let mut set = set.clone();
        filter.apply(&mut set);
        set
    }

    #[test]
    fn excludes_below_and_includes_along() {
        let set = FieldSet::from_fields_v1(&json!({
            "f:spec": {".": {}, "f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:image": {}, "f:resources": {"f:limits": {}}}}},
            "f:status": {".": {}, "f:phase": {}},
        }))
        .unwrap();
        let exclude = Filter::Exclude(FieldSet::of_fields(&[&["status"]]));
        assert_eq!(
            kept(&exclude, &set).to_fields_v1().as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()),
            Some(vec!["f:spec".into()])
        );

        let field = |name| Some(PathElement::field(name));
        let include = Filter::Include(vec![vec![field("spec"), field("containers"), None, field("resources")]]);
        assert_eq!(
            kept(&include, &set).to_fields_v1(),
            json!({"f:spec": {".": {}, "f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:resources": {"f:limits": {}}}}}})
        );
    }
}
