//! Whether a rule of somebody's configuration speaks of a request: shared by webhooks and policies.
//!
//! | file | what it decides |
//! |---|---|
//! | `rules` | operations, groups, versions, resources, scope |
//! | `selectors` | labels of the object and of its namespace |
//! | `equivalent` | other versions of the same resource, and the object in them |
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/webhook/predicates` and `.../policy/matching`, release 1.35.

mod equivalent;
mod rules;
mod selectors;

use std::sync::Arc;

use proofmark_json::Value;

pub(super) use equivalent::{convert, convert_both};
use rules::matches_rule;
pub(super) use rules::names_allow;
pub(super) use selectors::{selects_namespace, selects_object};

use super::Request;
use crate::resource::Resource;

/// A resource in whose terms somebody wants to see a request, and the kind of the objects there.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) resource: Arc<Resource>,
    /// The body of a subresource has a kind of its own.
    pub(super) body: Arc<Resource>,
}

/// How a list of rules sees a request: as it came, or (`matchPolicy: Equivalent`) as another version of its resource. `suits` says
/// what else a rule must have.
pub(super) fn view(
    request: &Request<'_>,
    rules: &[Value],
    equivalent: bool,
    suits: impl Fn(&Value) -> bool,
) -> Option<View> {
    let own = request.target.resource;
    if rules.iter().any(|rule| suits(rule) && matches_rule(rule, request, own)) {
        return Some(View { resource: own.clone(), body: request.body.clone() });
    }
    if !equivalent {
        return None;
    }
    let others = equivalent::others(request);
    let resource = rules
        .iter()
        .filter(|rule| suits(rule))
        .find_map(|rule| others.iter().find(|other| matches_rule(rule, request, other)))?;
    // A subresource with a body of its own (a Scale) has the same body below every version.
    let same_body = Arc::ptr_eq(request.body, own);
    let body = if same_body { resource.clone() } else { request.body.clone() };
    Some(View { resource: resource.clone(), body })
}

/// The list of values in a field.
fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
