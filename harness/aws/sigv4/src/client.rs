//! Signing, for clients.

use crate::canonical::CanonicalRequest;
use crate::encode::{encode_query, sha256_hex};
use crate::{ALGORITHM, EMPTY_SHA256, Scope, SigningKey, UNSIGNED_PAYLOAD, amz_date};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, request};
use jiff::Timestamp;
use std::fmt;

/// What a client signs with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AKIA...`, `ASIA...`
    pub access_key_id: String,
    /// The secret that goes with it.
    pub secret_access_key: String,
    /// The session's token; only temporary credentials have one.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// How the body is signed.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// The body itself.
    Bytes(&'a [u8]),
    /// Only the headers are signed.
    Unsigned,
}

impl Payload<'_> {
    fn hash(&self) -> String {
        match self {
            Self::Bytes([]) => EMPTY_SHA256.to_owned(),
            Self::Bytes(bytes) => sha256_hex(bytes),
            Self::Unsigned => UNSIGNED_PAYLOAD.to_owned(),
        }
    }
}

/// Signs a request by its headers: adds `x-amz-date`, `x-amz-security-token`, `x-amz-content-sha256` (S3 only), `host` if it is missing, and
/// `authorization`. Every header that is there by then is signed, except those that proxies change.
///
/// A credential that cannot stand in a header is left out; the server then refuses the request.
pub fn sign(
    parts: &mut request::Parts,
    credentials: &Credentials,
    region: &str,
    service: &str,
    payload: Payload<'_>,
    now: Timestamp,
) {
    let scope = Scope::at(now, region, service);
    let date = amz_date(now);
    let payload_hash = payload.hash();
    if !parts.headers.contains_key(header::HOST) {
        insert(&mut parts.headers, "host", parts.uri.authority().map_or("", |authority| authority.as_str()));
    }
    insert(&mut parts.headers, "x-amz-date", &date);
    if let Some(token) = &credentials.session_token {
        insert(&mut parts.headers, "x-amz-security-token", token);
    }
    if service == "s3" {
        insert(&mut parts.headers, "x-amz-content-sha256", &payload_hash);
    }
    let signed_headers = signed_names(&parts.headers);
    let canonical = CanonicalRequest {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        signed_headers: &signed_headers,
        payload_hash: &payload_hash,
        service,
    };
    let key = SigningKey::derive(&credentials.secret_access_key, &scope);
    let signature = key.sign(&scope.string_to_sign(&date, &canonical.text()));
    let authorization = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        credentials.access_key_id,
        signed_headers.join(";")
    );
    insert(&mut parts.headers, "authorization", &authorization);
}

/// The query that makes a URL good for some seconds without headers, for `method` on it. It begins with the URL's own query.
pub fn presign(
    method: &Method,
    uri: &Uri,
    credentials: &Credentials,
    region: &str,
    service: &str,
    seconds: u32,
    now: Timestamp,
) -> String {
    let scope = Scope::at(now, region, service);
    let date = amz_date(now);
    let mut query = uri.query().map(|query| format!("{query}&")).unwrap_or_default();
    let credential = encode_query(&format!("{}/{scope}", credentials.access_key_id));
    query.push_str(&format!(
        "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host"
    ));
    if let Some(token) = &credentials.session_token {
        query.push_str(&format!("&X-Amz-Security-Token={}", encode_query(token)));
    }
    let mut headers = HeaderMap::new();
    insert(&mut headers, "host", uri.authority().map_or("", |authority| authority.as_str()));
    let canonical = CanonicalRequest {
        method,
        path: uri.path(),
        query: &query,
        headers: &headers,
        signed_headers: &["host".to_owned()],
        payload_hash: UNSIGNED_PAYLOAD,
        service,
    };
    let key = SigningKey::derive(&credentials.secret_access_key, &scope);
    let signature = key.sign(&scope.string_to_sign(&date, &canonical.text()));
    format!("{query}&X-Amz-Signature={signature}")
}

fn signed_names(headers: &HeaderMap) -> Vec<String> {
    const CHANGED_ON_THE_WAY: [&str; 5] = ["authorization", "user-agent", "expect", "x-amzn-trace-id", "connection"];
    let mut names: Vec<String> = headers
        .keys()
        .map(|name| name.as_str().to_owned())
        .filter(|name| !CHANGED_ON_THE_WAY.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
