//! Node selectors: which nodes the terms of an affinity pick.

use proofmark_json::{Value, json};

use super::object;

/// Whether one of a node selector's terms (`nodeSelectorTerms`) picks a node. All requirements of a term must hold, and a term without any picks
/// nothing.
pub fn picks(selector: &Value, node: &Value) -> bool {
    object::list(selector, "/nodeSelectorTerms").iter().any(|term| fits(term, node))
}

fn fits(term: &Value, node: &Value) -> bool {
    let (expressions, fields) = (object::list(term, "/matchExpressions"), object::list(term, "/matchFields"));
    let name = proofmark_json::Map::from_iter([("metadata.name".to_owned(), json!(object::name(node)))]);
    let holds = |requirement: &Value, labels: Option<&proofmark_json::Map>| {
        let value = || -> Option<f64> { labels?.get(object::text(requirement, "/key"))?.as_str()?.parse().ok() };
        let bound = || -> Option<f64> { object::strings(requirement, "/values").next()?.parse().ok() };
        match object::text(requirement, "/operator") {
            "Gt" => value().zip(bound()).is_some_and(|(value, bound)| value > bound),
            "Lt" => value().zip(bound()).is_some_and(|(value, bound)| value < bound),
            _ => proofmark_registry::matches(&json!({"matchExpressions": [requirement]}), labels),
        }
    };
    (!expressions.is_empty() || !fields.is_empty())
        && expressions.iter().all(|requirement| holds(requirement, object::labels(node)))
        && fields.iter().all(|requirement| holds(requirement, Some(&name)))
}
