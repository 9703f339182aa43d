//! What a signed request carries.

use crate::canonical::CanonicalRequest;
use crate::encode::respell_parameters;
use crate::{ALGORITHM, Scope, SigningKey};
use percent_encoding::percent_decode_str;

/// Why what a request carries is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Another algorithm, or none.
    #[error("unsupported authorization type")]
    Algorithm,
    /// A part is missing.
    #[error("the {0} is missing")]
    Missing(&'static str),
    /// The credential is not `key/date/region/service/aws4_request`.
    #[error("the credential is malformed: {0:?}")]
    Credential(String),
    /// `X-Amz-Expires` is no number of seconds.
    #[error("X-Amz-Expires should be a number: {0:?}")]
    Expires(String),
}

/// The parts of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `AKIA...`, `ASIA...`
    pub access_key_id: String,
    /// What it is good for.
    pub scope: Scope,
    /// The signed headers' names, as sent.
    pub signed_headers: Vec<String>,
    /// 64 hexadecimal digits.
    pub signature: String,
}

/// A signature in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presigned {
    /// The signature.
    pub signature: Signature,
    /// `20260101T000000Z`
    pub amz_date: String,
    /// Seconds from then on.
    pub expires: i64,
    /// The session's token, if there is one.
    pub security_token: Option<String>,
}

impl Signature {
    /// Reads an `Authorization` header.
    ///
    /// # Errors
    /// [`Malformed`] when it is of another algorithm or a part is missing.
    pub fn from_header(value: &str) -> Result<Self, Malformed> {
        let rest = value.trim().strip_prefix(ALGORITHM).ok_or(Malformed::Algorithm)?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split([',', ' ']).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("Credential", value)) => credential = Some(value),
                Some(("SignedHeaders", value)) => signed_headers = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                _ => {}
            }
        }
        Self::of(
            credential.ok_or(Malformed::Missing("Credential"))?,
            signed_headers.ok_or(Malformed::Missing("SignedHeaders"))?,
            signature.ok_or(Malformed::Missing("Signature"))?,
        )
    }

    fn of(credential: &str, signed_headers: &str, signature: &str) -> Result<Self, Malformed> {
        // An access key may hold slashes, the four parts behind it cannot.
        let mut parts = credential.rsplitn(5, '/');
        let malformed = || Malformed::Credential(credential.to_owned());
        let terminator = parts.next().ok_or_else(malformed)?;
        let service = parts.next().ok_or_else(malformed)?;
        let region = parts.next().ok_or_else(malformed)?;
        let date = parts.next().ok_or_else(malformed)?;
        let access_key_id = parts.next().filter(|key| !key.is_empty()).ok_or_else(malformed)?;
        if terminator != "aws4_request" || date.len() != 8 || !date.bytes().all(|b| b.is_ascii_digit()) {
            return Err(malformed());
        }
        Ok(Self {
            access_key_id: access_key_id.to_owned(),
            scope: Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() },
            signed_headers: signed_headers.split(';').map(str::to_ascii_lowercase).collect(),
            signature: signature.to_owned(),
        })
    }

    /// The signature that a request must carry, with the two texts it comes from (servers show them when it does not).
    pub fn expected(&self, key: &SigningKey, amz_date: &str, request: &CanonicalRequest<'_>) -> Expected {
        let canonical_request = request.text();
        let string_to_sign = self.scope.string_to_sign(amz_date, &canonical_request);
        Expected { signature: key.sign(&string_to_sign), string_to_sign, canonical_request }
    }

    /// Whether a header's name is among those that are signed.
    pub fn signs(&self, name: &str) -> bool {
        self.signed_headers.iter().any(|signed| signed == name)
    }
}

/// What [`Signature::expected`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// 64 hexadecimal digits.
    pub signature: String,
    /// Algorithm, date, scope and digest.
    pub string_to_sign: String,
    /// The canonical request.
    pub canonical_request: String,
}

impl Presigned {
    /// Whether a query carries a signature, whole or in part.
    pub fn is_in(query: &str) -> bool {
        query.split('&').any(|part| part.starts_with("X-Amz-Signature=") || part.starts_with("X-Amz-Algorithm="))
    }

    /// Reads the query of a presigned request.
    ///
    /// # Errors
    /// [`Malformed`] when a parameter is missing or cannot be read.
    pub fn from_query(query: &str) -> Result<Self, Malformed> {
        let find = |wanted: &'static str| {
            respell_parameters(query)
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| percent_decode_str(&value).decode_utf8_lossy().into_owned())
        };
        let need = |wanted: &'static str| find(wanted).ok_or(Malformed::Missing(wanted));
        if need("X-Amz-Algorithm")? != ALGORITHM {
            return Err(Malformed::Algorithm);
        }
        let credential = need("X-Amz-Credential")?;
        let signature = need("X-Amz-Signature")?;
        let amz_date = need("X-Amz-Date")?;
        let signed_headers = need("X-Amz-SignedHeaders")?;
        let expires = need("X-Amz-Expires")?;
        Ok(Self {
            signature: Signature::of(&credential, &signed_headers, &signature)?,
            amz_date,
            expires: expires.parse().map_err(|_| Malformed::Expires(expires))?,
            security_token: find("X-Amz-Security-Token"),
        })
    }
}
