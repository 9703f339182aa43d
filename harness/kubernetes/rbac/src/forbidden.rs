//! The authorizer's 403.
//!
//! Upstream: `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go`, release 1.35.

use proofmark_status::{Details, Reason, Status, qualified, quote};

use crate::{Attributes, Requested};

/// What the user cannot do: `User "u" cannot get resource "pods/log" in API group "" in the namespace "n"`.
/// `&`, `<` and `>` are written as HTML entities, so that no browser takes the text for markup.
pub(crate) fn denial(attributes: &Attributes<'_>) -> String {
    let Attributes { user, verb, kind } = attributes;
    let user = quote(&user.name);
    let text = match kind {
        Requested::NonResource { path } => format!("User {user} cannot {verb} path {}", quote(path)),
        Requested::Resource { group, namespace, .. } => {
            let resource = quote(&attributes.combined_resource());
            let place = match *namespace {
                "" => "at the cluster scope".to_owned(),
                namespace => format!("in the namespace {}", quote(namespace)),
            };
            format!("User {user} cannot {verb} resource {resource} in API group {} {place}", quote(group))
        }
    };
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The message of the 403: `pods "x" is forbidden: User "u" cannot ...`, then `: ` and the reason unless that is empty.
pub fn forbidden_message(attributes: &Attributes<'_>, reason: &str) -> String {
    let mut text = match attributes.kind {
        Requested::Resource { resource, group, name, .. } if !resource.is_empty() => {
            let what = qualified(resource, group);
            let named = if name.is_empty() { what } else { format!("{what} {}", quote(name)) };
            format!("{named} is forbidden: {}", denial(attributes))
        }
        _ => format!("forbidden: {}", denial(attributes)),
    };
    if !reason.is_empty() {
        text.push_str(": ");
        text.push_str(reason);
    }
    text
}

/// The whole 403. Its details name the resource without its subresource; for a URL they are empty.
pub fn forbidden(attributes: &Attributes<'_>, reason: &str) -> Status {
    let details = match attributes.kind {
        Requested::Resource { resource, group, name, .. } => {
            Details { name: name.to_owned(), group: group.to_owned(), kind: resource.to_owned(), ..Details::default() }
        }
        Requested::NonResource { .. } => Details::default(),
    };
    Status::new(403, Reason::Forbidden, forbidden_message(attributes, reason)).with_details(details)
}
