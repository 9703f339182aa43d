//! What a request looks like to expressions, and who answers their questions about access.

use proofmark_admission::Inputs;
use proofmark_cel::{AccessDecision, AccessQuestion, Authorizer};
use proofmark_identity::service_account;
use proofmark_json::{Map, Value, json};
use proofmark_rbac::{Attributes, Requested, UserInfo};

use super::Request;
use super::matching::View;
use crate::handlers::user_info;
use crate::resource::Resource;
use crate::server::Call;

/// A request as reviews and expressions describe it, without uid and objects; empty texts are left out.
pub(super) fn describe(request: &Request<'_>, view: &View) -> Map {
    let kind = |r: &Resource| json!({"group": r.group, "version": r.version, "kind": r.kind});
    let resource = |r: &Resource| json!({"group": r.group, "version": r.version, "resource": r.plural});
    let members = [
        ("kind", kind(&view.body)),
        ("resource", resource(&view.resource)),
        ("subResource", json!(request.subresource)),
        ("requestKind", kind(request.body)),
        ("requestResource", resource(request.target.resource)),
        ("requestSubResource", json!(request.subresource)),
        ("name", json!(request.target.name)),
        ("namespace", json!(request.namespace())),
        ("operation", json!(request.operation.as_str())),
        ("userInfo", user_info(request.call.user)),
        ("dryRun", json!(request.dry_run)),
        ("options", request.options.clone()),
    ];
    members.into_iter().filter(|(_, v)| v.as_str() != Some("")).map(|(k, v)| (k.to_owned(), v)).collect()
}

/// Null, for what is not there.
pub(super) const NOTHING: &Value = &Value::Null;

/// What a request gives to expressions. Parameters are the caller's.
pub(super) fn inputs<'v>(
    request: &Request<'_>,
    described: &'v Value,
    object: Option<&'v Value>,
    old: Option<&'v Value>,
    namespace: &'v Value,
    access: &'v Access<'v>,
) -> Inputs<'v> {
    let resource = request.target.resource;
    Inputs {
        object: object.unwrap_or(NOTHING),
        old_object: old.unwrap_or(NOTHING),
        params: NOTHING,
        request: described,
        namespace,
        authorizer: Some(access),
        about: AccessQuestion {
            group: resource.group.clone(),
            resource: resource.plural.clone(),
            subresource: request.subresource.to_owned(),
            namespace: request.namespace().to_owned(),
            name: request.target.name.to_owned(),
            ..AccessQuestion::default()
        },
    }
}

/// Answers questions about access as the server's authorizer.
pub(super) struct Access<'a>(pub(super) &'a Call<'a>);

impl Authorizer for Access<'_> {
    fn decide(&self, question: &AccessQuestion) -> AccessDecision {
        let account = question.service_account.as_ref().map(|(namespace, name)| UserInfo {
            name: service_account::username(namespace, name),
            groups: service_account::groups(namespace),
            ..UserInfo::default()
        });
        let kind = match &question.path {
            Some(path) => Requested::NonResource { path },
            None => Requested::Resource {
                group: &question.group,
                version: "*",
                resource: &question.resource,
                subresource: &question.subresource,
                namespace: &question.namespace,
                name: &question.name,
                field_selector: &[],
                label_selector: &[],
            },
        };
        let user = account.as_ref().unwrap_or(self.0.user);
        let decision = self.0.server.decide(&Attributes { user, verb: &question.verb, kind });
        AccessDecision { allowed: decision.allowed, reason: decision.reason, error: None }
    }
}
