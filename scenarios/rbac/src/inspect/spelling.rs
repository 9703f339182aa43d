//! Which kind a name was probably meant to be.

use std::collections::BTreeMap;

use super::kinds::Kind;

/// The kind whose name this almost is: the plural with a letter or two wrong, or its singular or kind in place of the plural.
pub(crate) fn meant<'a>(name: &str, kinds: &'a BTreeMap<String, Kind>) -> Option<&'a Kind> {
    let distance = |kind: &&Kind| (strsim::damerau_levenshtein(name, &kind.plural), kind.plural.clone());
    kinds.values().filter(|kind| is_almost(name, kind)).min_by_key(distance)
}

/// Whether a name is almost that of a kind.
pub(crate) fn is_almost(name: &str, kind: &Kind) -> bool {
    if name == kind.plural {
        return false;
    }
    // In a short name two letters make another word: `mxjobs` is not `mpijobs`.
    let tolerated = if kind.plural.chars().count() < 12 { 1 } else { 2 };
    [&kind.singular, &kind.kind, &kind.plural].iter().any(|other| other.eq_ignore_ascii_case(name))
        || strsim::damerau_levenshtein(name, &kind.plural) <= tolerated
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::super::kinds::Kinds;
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        let definition = |plural: &str, kind: &str| {
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "spec": {"group": "g", "names": {"plural": plural, "kind": kind}}})
        };
        let kinds = Kinds::read(&[
            definition("llminferenceserviceconfigs", "LLMInferenceServiceConfig"),
            definition("llminferenceservices", "LLMInferenceService"),
            definition("inferenceservices", "InferenceService"),
            definition("mpijobs", "MPIJob"),
        ]);
        let table = [
            ("lllminferenceserviceconfigs", Some("llminferenceserviceconfigs")),
            ("LLMInferenceServiceConfig", Some("llminferenceserviceconfigs")),
            ("inferenceservice", Some("inferenceservices")),
            ("inferencesevrices", Some("inferenceservices")),
            ("mpijob", Some("mpijobs")),
            ("mxjobs", None),
            ("predictors", None),
            ("llminferenceservices", None),
        ];
        let kinds = kinds.of("g").expect("four kinds");
        for (name, expected) in table {
            assert_eq!(meant(name, kinds).map(|kind| kind.plural.as_str()), expected, "{name}");
        }
    }
}
