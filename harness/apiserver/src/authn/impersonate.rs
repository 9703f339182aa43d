//! Impersonation: `Impersonate-User`, `-Group`, `-Uid` and `-Extra-*` headers, each of which must be allowed to the caller.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/filters/impersonation.go`, release 1.35.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use proofmark_rbac::UserInfo;

use super::{ANONYMOUS, UNAUTHENTICATED, authenticated};
use crate::authz;
use crate::handlers::bad_request;
use crate::refusal::Refusal;
use crate::request::RequestInfo;
use crate::server::Inner;

const AUTHENTICATION: &str = "authentication.k8s.io";

/// The user that the request wants to act as; the caller himself without impersonation headers.
pub(crate) fn impersonate(server: &Arc<Inner>, caller: UserInfo, headers: &HeaderMap) -> Result<UserInfo, Refusal> {
    let one = |name: &str| headers.get(name).map(text).unwrap_or_default();
    let (name, uid) = (one("impersonate-user"), one("impersonate-uid"));
    let (name, uid) = (name.as_str(), uid.as_str());
    let groups: Vec<String> = headers.get_all("impersonate-group").iter().map(text).collect();
    let extra = extra(headers);
    if name.is_empty() {
        let wanted = without_user(&groups, &extra, uid);
        if wanted.is_empty() {
            return Ok(caller);
        }
        return Err(bad_request(format!("requested [{}] without impersonating a user", wanted.join(" "))));
    }
    let account = service_account(name);
    let allowed = |group: &str, resource: &str, subresource: &str, namespace: &str, name: &str| {
        let info = RequestInfo {
            is_resource: true,
            verb: "impersonate".to_owned(),
            group: group.to_owned(),
            version: "v1".to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            ..RequestInfo::default()
        };
        let decision = server.authorize(&caller, &info);
        if decision.allowed { Ok(()) } else { Err(Refusal::from(authz::forbidden(&caller, &info, &decision.reason))) }
    };
    match account {
        Some((namespace, account)) => allowed("", "serviceaccounts", "", namespace, account)?,
        None => allowed("", "users", "", "", name)?,
    }
    for group in &groups {
        allowed("", "groups", "", "", group)?;
    }
    for (key, values) in &extra {
        for value in values {
            allowed(AUTHENTICATION, "userextras", key, "", value)?;
        }
    }
    if !uid.is_empty() {
        allowed(AUTHENTICATION, "uids", "", "", uid)?;
    }
    let mut user = UserInfo { name: name.to_owned(), uid: uid.to_owned(), groups, extra };
    if let (Some((namespace, _)), true) = (account, user.groups.is_empty()) {
        user.groups = proofmark_identity::service_account::groups(namespace);
    }
    if user.name == ANONYMOUS {
        if !user.groups.iter().any(|g| g == UNAUTHENTICATED) {
            user.groups.push(UNAUTHENTICATED.to_owned());
        }
        return Ok(user);
    }
    Ok(authenticated(user))
}

/// Namespace and name of `system:serviceaccount:ns:name`.
fn service_account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let fine = proofmark_registry::content::dns_label(namespace).is_empty()
        && proofmark_registry::content::dns_subdomain(name).is_empty();
    fine.then_some((namespace, name))
}

/// `Impersonate-Extra-KEY: value` headers; keys are lower-cased by HTTP and may be percent-encoded.
fn extra(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        if let Some(key) = name.as_str().strip_prefix("impersonate-extra-") {
            let key = crate::request::decode_path(key);
            extra.entry(key).or_default().push(text(value));
        }
    }
    extra
}

/// A header's value. One that is no ASCII must not pass for none at all: the caller would act as himself.
fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// What was asked for without a user, as Go prints the references.
fn without_user(groups: &[String], extra: &BTreeMap<String, Vec<String>>, uid: &str) -> Vec<String> {
    let mut wanted: Vec<String> = groups.iter().map(|g| format!("{{Group  {g}    }}")).collect();
    for (key, values) in extra {
        wanted.extend(values.iter().map(|v| format!("{{UserExtra  {v}  {AUTHENTICATION}/v1  {key}}}")));
    }
    if !uid.is_empty() {
        wanted.push(format!("{{UID  {uid}  {AUTHENTICATION}/v1  }}"));
    }
    wanted
}
