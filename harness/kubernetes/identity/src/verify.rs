//! Verifying a service account token's signature, issuer, audience and times.
//!
//! The order of checks and the words are those of `pkg/serviceaccount/jwt.go` and `claims.go`, because TokenReview shows them.
//! A token that does not even claim to come from here is not an error there: the next authenticator is asked ([`TokenError::Foreign`]).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

use crate::claims::{Claims, LEGACY_ISSUER};
use crate::signer::TokenSigner;

/// How far clocks may differ: a token still works this long after it expired.
pub const LEEWAY_SECONDS: i64 = 60;

/// Why a token is refused. The text is what `TokenReview.status.error` shows (see [`TokenError::review_error`]).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of this issuer, or not a token at all.
    #[error("invalid bearer token")]
    Foreign,
    /// The token's header names a key that this server does not have.
    #[error("invalid signature, no keys found")]
    UnknownKey,
    /// The signature is wrong.
    #[error("go-jose/go-jose: error in cryptographic primitive")]
    Signature,
    /// The claims have wrong types.
    #[error("{0}")]
    Malformed(String),
    /// The token is meant for others.
    #[error("token audiences {} is invalid for the target audiences {}", quoted(.token), quoted(.target))]
    Audience {
        /// The token's audiences.
        token: Vec<String>,
        /// The audiences asked for.
        target: Vec<String>,
    },
    /// Its time is over.
    #[error("service account token has expired")]
    Expired,
    /// Its time has not begun.
    #[error("service account token is not valid yet")]
    NotYetValid,
    /// It was issued in the future.
    #[error("service account token is issued in the future")]
    IssuedInFuture,
    /// The service account, or an object to which the token is bound, is gone or is another one by now.
    #[error("{0}")]
    Binding(String),
}

impl TokenError {
    /// `status.error` of a TokenReview for this token.
    pub fn review_error(&self) -> String {
        match self {
            Self::Foreign => self.to_string(),
            known => format!("[{}, {known}]", Self::Foreign),
        }
    }
}

/// Go's `%q` of a list of strings.
fn quoted(list: &[String]) -> String {
    format!("[{}]", list.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" "))
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: String,
}

#[derive(Deserialize)]
struct Issuer {
    #[serde(default)]
    iss: String,
}

impl TokenSigner {
    /// The claims of a token that one of the keys signed, issued by `issuer` (or a Secret's token), and valid at this time.
    ///
    /// Audiences and bound objects are not looked at: [`crate::service_account::authenticate`] does all of it.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(&self, token: &str, now: Timestamp, issuer: &str) -> Result<Claims, TokenError> {
        let claims = self.decode(token, issuer)?;
        check_times(&claims, now)?;
        Ok(claims)
    }

    /// Checks the signature and the issuer.
    pub(crate) fn decode(&self, token: &str, issuer: &str) -> Result<Claims, TokenError> {
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Foreign);
        };
        let read = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Foreign);
        let body = read(payload)?;
        let claimed: Issuer = proofmark_json::from_slice(&body).map_err(|_| TokenError::Foreign)?;
        if claimed.iss != issuer && claimed.iss != LEGACY_ISSUER {
            return Err(TokenError::Foreign);
        }
        let head: Header = proofmark_json::from_slice(&read(header)?).map_err(|_| TokenError::Foreign)?;
        let signature = read(signature)?;

        let mut candidates =
            self.public_keys().iter().filter(|key| head.kid.is_empty() || key.id() == head.kid).peekable();
        if candidates.peek().is_none() {
            return Err(TokenError::UnknownKey);
        }
        let message = token.rsplit_once('.').map(|(message, _)| message).unwrap_or_default();
        if !candidates.any(|key| key.verifies(&head.alg, message.as_bytes(), &signature)) {
            return Err(TokenError::Signature);
        }
        proofmark_json::from_slice(&body).map_err(|e| TokenError::Malformed(e.to_string()))
    }
}

/// Each time is optional, and each is given the leeway.
pub(crate) fn check_times(claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
    let now = now.as_second();
    let early = |at: Option<i64>| at.is_some_and(|at| now.saturating_add(LEEWAY_SECONDS) < at);
    if early(claims.nbf) {
        return Err(TokenError::NotYetValid);
    }
    // Whole seconds: from the second after the leeway on.
    if claims.exp.is_some_and(|at| now.saturating_sub(LEEWAY_SECONDS) > at) {
        return Err(TokenError::Expired);
    }
    if early(claims.iat) {
        return Err(TokenError::IssuedInFuture);
    }
    Ok(())
}
