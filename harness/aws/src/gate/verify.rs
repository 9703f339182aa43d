//! The checks, in the order in which AWS makes them: form, scope, key, token, clock, signature.

use super::faults::{self, SKEW_SECONDS};
use super::{Caller, Signed};
use crate::world::AccountId;
use crate::{Cloud, Fault, Service};
use http::HeaderMap;
use http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use proofmark_aws_policy::Principal;
use proofmark_aws_sigv4::canonical::CanonicalRequest;
use proofmark_aws_sigv4::{Presigned, Signature, UNSIGNED_PAYLOAD, parse_amz_date, same_signature, sha256_hex};
use std::collections::BTreeMap;

/// Says who sent a request.
///
/// `body` is the whole body for services that sign it; S3 signs what `x-amz-content-sha256` says, and checks the body while it reads it.
///
/// # Errors
/// The service's own fault: malformed, unknown key, wrong or expired token, skewed clock, signature that does not match.
pub fn identify(cloud: &Cloud, service: Service, parts: &Parts, body: Option<&[u8]>) -> Result<Caller, Fault> {
    let query = parts.uri.query().unwrap_or_default();
    let caller = if let Some(header) = parts.headers.get(http::header::AUTHORIZATION) {
        let text =
            header.to_str().map_err(|_| faults::malformed(service, &proofmark_aws_sigv4::Malformed::Algorithm))?;
        let signature = Signature::from_header(text).map_err(|fault| faults::malformed(service, &fault))?;
        by_header(cloud, service, parts, &signature, body)?
    } else if Presigned::is_in(query) {
        let presigned = Presigned::from_query(query).map_err(|fault| faults::malformed_query(&fault))?;
        by_query(cloud, service, parts, &presigned)?
    } else {
        Caller::anonymous()
    };
    cloud.note_use(&caller, service);
    Ok(caller)
}

fn by_header(
    cloud: &Cloud,
    service: Service,
    parts: &Parts,
    signature: &Signature,
    body: Option<&[u8]>,
) -> Result<Caller, Fault> {
    let now = cloud.now();
    let date = header(&parts.headers, "x-amz-date").or_else(|| header(&parts.headers, "date"));
    let date = date.ok_or_else(|| faults::no_date(service))?;
    let (date, sent) = read_date(date).ok_or_else(|| faults::no_date(service))?;
    check_scope(service, signature, &date)?;
    let holder = holder(cloud, service, &signature.access_key_id)?;
    holder.check_token(service, header(&parts.headers, "x-amz-security-token"), now)?;
    if (now.as_second() - sent.as_second()).abs() > SKEW_SECONDS {
        return Err(faults::skewed(service, &date, sent, now));
    }
    if service == Service::S3 {
        check_signed_headers(&parts.headers, signature)?;
    }
    let declared = header(&parts.headers, "x-amz-content-sha256");
    let payload_hash = match (service, declared, body) {
        (Service::S3, Some(declared), _) => declared.to_owned(),
        (Service::S3, None, _) => {
            return Err(Fault::new(
                400,
                "InvalidRequest",
                "Missing required header for this request: x-amz-content-sha256",
            ));
        }
        (_, _, body) => sha256_hex(body.unwrap_or_default()),
    };
    let key = cloud.signing_keys().get(&holder.secret, &signature.scope);
    check(&key, service, parts, signature, &date, &payload_hash)?;
    let signed = Signed::Header {
        scope: signature.scope.clone(),
        key: Box::new(key),
        amz_date: date,
        signature: signature.signature.clone(),
    };
    Ok(holder.into_caller(signature.access_key_id.clone(), signed))
}

fn by_query(cloud: &Cloud, service: Service, parts: &Parts, presigned: &Presigned) -> Result<Caller, Fault> {
    let now = cloud.now();
    let signature = &presigned.signature;
    if let Some(fault) = faults::expires_out_of_range(presigned.expires) {
        return Err(fault);
    }
    let sent = parse_amz_date(&presigned.amz_date).ok_or_else(|| {
        Fault::new(
            400,
            "AuthorizationQueryParametersError",
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
        )
    })?;
    check_scope(service, signature, &presigned.amz_date)?;
    let holder = holder(cloud, service, &signature.access_key_id)?;
    holder.check_token(service, presigned.security_token.as_deref(), now)?;
    let ends = sent.checked_add(SignedDuration::from_secs(presigned.expires)).unwrap_or(Timestamp::MAX);
    if now > ends {
        return Err(faults::presign_expired(presigned, ends, now));
    }
    if sent.as_second() - now.as_second() > SKEW_SECONDS {
        return Err(faults::not_yet_valid(now));
    }
    check_signed_headers(&parts.headers, signature)?;
    let payload_hash = header(&parts.headers, "x-amz-content-sha256").unwrap_or(UNSIGNED_PAYLOAD).to_owned();
    let key = cloud.signing_keys().get(&holder.secret, &signature.scope);
    check(&key, service, parts, signature, &presigned.amz_date, &payload_hash)?;
    let signed = Signed::Query { scope: signature.scope.clone(), age: now.as_millisecond() - sent.as_millisecond() };
    Ok(holder.into_caller(signature.access_key_id.clone(), signed))
}

fn check_scope(service: Service, signature: &Signature, date: &str) -> Result<(), Fault> {
    if signature.scope.service != service.signing_name() {
        return Err(faults::wrong_service(service, &signature.scope.service));
    }
    if !date.starts_with(&signature.scope.date) {
        return Err(faults::date_differs(service, signature, date));
    }
    Ok(())
}

/// `host` and every `x-amz-*` header that is there have to be signed. Source: S3 API Reference, "Task 1: Create a canonical request".
fn check_signed_headers(headers: &HeaderMap, signature: &Signature) -> Result<(), Fault> {
    let unsigned: Vec<&str> = headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| (*name == "host" || name.starts_with("x-amz-")) && !signature.signs(name))
        .filter(|name| *name != "x-amz-content-sha256")
        .collect();
    if unsigned.is_empty() { Ok(()) } else { Err(faults::headers_not_signed(&unsigned)) }
}

fn check(
    key: &proofmark_aws_sigv4::SigningKey,
    service: Service,
    parts: &Parts,
    signature: &Signature,
    date: &str,
    payload_hash: &str,
) -> Result<(), Fault> {
    let request = CanonicalRequest {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        signed_headers: &signature.signed_headers,
        payload_hash,
        service: service.signing_name(),
    };
    let expected = signature.expected(key, date, &request);
    if same_signature(&expected.signature, &signature.signature) {
        Ok(())
    } else {
        Err(faults::mismatch(service, signature, &expected))
    }
}

/// The holder of an access key.
pub(super) struct Holder {
    principal: Principal,
    pub(super) secret: String,
    session: Option<std::sync::Arc<crate::world::Session>>,
    tags: BTreeMap<String, String>,
}

impl Holder {
    /// Key and token belong together: temporary keys need theirs, others must come without.
    pub(super) fn check_token(&self, service: Service, token: Option<&str>, now: Timestamp) -> Result<(), Fault> {
        match (&self.session, token) {
            (Some(session), Some(token)) if session.token == token => {
                if now < session.expires {
                    Ok(())
                } else {
                    Err(faults::expired_token(service, token))
                }
            }
            (Some(_), None) => Err(faults::unknown_key(service, "")),
            (None, None) => Ok(()),
            (Some(_) | None, Some(token)) => Err(faults::wrong_token(service, token)),
        }
    }

    pub(super) fn into_caller(self, access_key_id: String, signed: Signed) -> Caller {
        Caller {
            principal: self.principal,
            session: self.session,
            tags: self.tags,
            access_key_id: Some(access_key_id),
            signed,
        }
    }
}

pub(super) fn holder(cloud: &Cloud, service: Service, key: &str) -> Result<Holder, Fault> {
    if let Some(account) = AccountId::parse(key) {
        cloud.add_account(&account);
        return Ok(Holder {
            principal: Principal::Root { account: account.to_string() },
            secret: cloud.settings().root_secret.clone(),
            session: None,
            tags: BTreeMap::new(),
        });
    }
    let world = cloud.world().read();
    let unknown = || faults::unknown_key(service, key);
    if let Some((account, name)) = world.access_keys.get(key) {
        let user = world.accounts.get(account).and_then(|account| account.users.get(name)).ok_or_else(unknown)?;
        let access_key = user.access_keys.get(key).filter(|key| key.active).ok_or_else(unknown)?;
        return Ok(Holder {
            principal: Principal::User {
                account: account.to_string(),
                path: user.path.clone(),
                name: user.name.clone(),
                id: user.id.clone(),
            },
            secret: access_key.secret.clone(),
            session: None,
            tags: user.tags.clone(),
        });
    }
    let session = world.sessions.get(key).cloned().ok_or_else(unknown)?;
    let mut tags = match &session.principal {
        Principal::Session { role, .. } => world
            .accounts
            .get(&session.account)
            .and_then(|account| account.roles.get(role))
            .map(|role| role.tags.clone()),
        Principal::User { name, .. } => world
            .accounts
            .get(&session.account)
            .and_then(|account| account.users.get(name))
            .map(|user| user.tags.clone()),
        _ => None,
    }
    .unwrap_or_default();
    tags.extend(session.tags.iter().map(|(key, value)| (key.clone(), value.clone())));
    Ok(Holder { principal: session.principal.clone(), secret: session.secret.clone(), session: Some(session), tags })
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `20260101T000000Z`, or an HTTP date; in the first form either way.
fn read_date(text: &str) -> Option<(String, Timestamp)> {
    if let Some(time) = parse_amz_date(text) {
        return Some((text.to_owned(), time));
    }
    let time = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some((proofmark_aws_sigv4::amz_date(time), time))
}
