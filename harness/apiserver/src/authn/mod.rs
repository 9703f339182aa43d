//! Who is asking: client certificate, bearer token, service account token, the process itself, or nobody.
//!
//! Order and outcome follow kube-apiserver's union of authenticators: a credential that is presented and not accepted ends in
//! 401, whatever the path; no credential at all is `system:anonymous`. Impersonation comes after, and has to be allowed.

mod impersonate;
mod service_account;
mod static_tokens;

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use proofmark_identity::{CertError, UserInfoParts};
use proofmark_rbac::UserInfo;
use proofmark_status::Status;

pub(crate) use impersonate::impersonate;
pub(crate) use service_account::check_token;
pub(crate) use static_tokens::StaticTokens;

use crate::refusal::Refusal;
use crate::server::Inner;

/// The group of everybody who showed a credential.
pub(crate) const AUTHENTICATED: &str = "system:authenticated";
/// The group of everybody else.
pub(crate) const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The user that nobody is.
pub(crate) const ANONYMOUS: &str = "system:anonymous";

/// What a client hears whose header has two spaces before the token.
const EXTRA_SPACE: &str =
    "the provided Authorization header contains extra space before the bearer token, and is ignored";

/// Marks a request of a client in this process, who is the administrator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InProcess;

/// The certificates (DER) that a client showed in the TLS handshake, its own first.
#[derive(Debug, Clone)]
pub(crate) struct PeerCertificates(pub(crate) Vec<rustls::pki_types::CertificateDer<'static>>);

/// A caller, and what has to be told to him.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) user: UserInfo,
    pub(crate) warnings: Vec<String>,
}

/// Finds out who is asking.
pub(crate) fn authenticate(
    server: &Arc<Inner>,
    headers: &HeaderMap,
    extensions: &http::Extensions,
) -> Result<Caller, Refusal> {
    let known = |user: UserInfo| Ok(Caller { user: authenticated(user), warnings: Vec::new() });
    if extensions.get::<InProcess>().is_some() {
        return known(server.tokens.admin());
    }
    let (mut refused, mut warnings) = (false, Vec::new());
    if let Some(PeerCertificates(chain)) = extensions.get::<PeerCertificates>().filter(|c| !c.0.is_empty()) {
        match server.authority.peer_user(chain, server.clock.now()) {
            Ok(parts) => return known(user(parts)),
            Err(CertError::Nameless) => {}
            Err(_) => refused = true,
        }
    }
    let header = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default().trim();
    match bearer(header) {
        Bearer::Token(token) => {
            if let Some(user) = server.tokens.user(token) {
                return known(user);
            }
            if let Ok(account) = check_token(server, token, None) {
                return known(user(account.user));
            }
            refused = true;
        }
        Bearer::Spaced => warnings.push(EXTRA_SPACE.to_owned()),
        Bearer::None => {}
    }
    if refused {
        return Err(Status::unauthorized().into());
    }
    Ok(Caller { user: anonymous(), warnings })
}

/// What an Authorization header holds.
enum Bearer<'a> {
    Token(&'a str),
    /// Two spaces before the token: ignored, with a warning.
    Spaced,
    None,
}

fn bearer(header: &str) -> Bearer<'_> {
    match header.splitn(3, ' ').collect::<Vec<_>>().as_slice() {
        [scheme, token, rest @ ..] if scheme.eq_ignore_ascii_case("bearer") => {
            if !token.is_empty() {
                Bearer::Token(token)
            } else if rest.is_empty() {
                Bearer::None
            } else {
                Bearer::Spaced
            }
        }
        _ => Bearer::None,
    }
}

/// A user as a credential names it.
pub(crate) fn user(parts: UserInfoParts) -> UserInfo {
    UserInfo { name: parts.name, uid: parts.uid.unwrap_or_default(), groups: parts.groups, extra: parts.extra }
}

fn anonymous() -> UserInfo {
    UserInfo { name: ANONYMOUS.to_owned(), groups: vec![UNAUTHENTICATED.to_owned()], ..UserInfo::default() }
}

/// Adds the group of the authenticated, unless the user is in it or is nobody.
pub(crate) fn authenticated(mut user: UserInfo) -> UserInfo {
    let already = user.groups.iter().any(|g| g == AUTHENTICATED || g == UNAUTHENTICATED);
    if !already && user.name != ANONYMOUS {
        user.groups.push(AUTHENTICATED.to_owned());
    }
    user
}
