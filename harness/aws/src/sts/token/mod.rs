//! Tokens of OpenID Connect issuers: read, then verified.

mod verify;

use crate::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use proofmark_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A token that has the form of one; nothing in it is to be believed yet.
#[derive(Debug)]
pub(super) struct Token<'a> {
    text: &'a str,
    header: Header,
    claims: Map,
}

/// What a good token says.
#[derive(Debug, Clone, Default)]
pub(super) struct Verified {
    /// `sub`
    pub(super) subject: String,
    /// `azp` if it is there, else the entry of `aud` that the provider knows.
    pub(super) audience: String,
    /// The entry of `aud`, if `azp` took its place.
    pub(super) original_audience: Option<String>,
    /// `amr`
    pub(super) methods: Vec<String>,
    /// Session tags, those that go on to further roles, and the source identity. Source: IAM User Guide, "Passing session tags using
    /// AssumeRoleWithWebIdentity".
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive: BTreeSet<String>,
    pub(super) source_identity: Option<String>,
}

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(400, "InvalidIdentityToken", message)
}

impl<'a> Token<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Fault> {
        let no_token = || {
            invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
        };
        let header = jsonwebtoken::decode_header(text).map_err(|_| no_token())?;
        let body = text.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims = body.and_then(|bytes| proofmark_json::from_slice(&bytes).ok()).ok_or_else(no_token)?;
        Ok(Self { text, header, claims })
    }

    /// `iss`
    pub(super) fn issuer(&self) -> Result<&str, Fault> {
        self.text("iss").ok_or_else(|| missing("iss"))
    }

    /// A text inside of a claim: `/kubernetes.io/pod/name`
    pub(super) fn at(&self, claim: &str, pointer: &str) -> Option<&str> {
        self.claims.get(claim)?.pointer(pointer)?.as_str()
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    fn seconds(&self, claim: &str) -> Option<i64> {
        let value = self.claims.get(claim)?;
        // Some issuers write fractions.
        value.as_i64().or_else(|| value.as_number()?.to_string().split('.').next()?.parse().ok())
    }
}

pub(super) fn missing(claim: &str) -> Fault {
    invalid(format!("Missing a required claim: {claim}"))
}
