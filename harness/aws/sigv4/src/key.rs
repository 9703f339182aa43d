//! Scopes, signing keys and the dates that go with them.

use crate::ALGORITHM;
use crate::encode::sha256_hex;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ring::hmac::{HMAC_SHA256, Key, sign};
use std::fmt;

/// What a signature is good for: one day, one region, one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `20260101`
    pub date: String,
    /// `eu-west-1`
    pub region: String,
    /// `s3`, `sts`, `iam`, `kms`
    pub service: String,
}

impl Scope {
    /// The scope of a moment.
    pub fn at(time: Timestamp, region: &str, service: &str) -> Self {
        Self {
            date: amz_date(time).get(..8).unwrap_or_default().to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
        }
    }

    /// The text whose signature a request carries.
    pub fn string_to_sign(&self, amz_date: &str, canonical_request: &str) -> String {
        format!("{ALGORITHM}\n{amz_date}\n{self}\n{}", sha256_hex(canonical_request.as_bytes()))
    }
}

/// `20260101/eu-west-1/s3/aws4_request`
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

/// A secret, narrowed to a scope. Deriving it takes four digests; servers keep it.
#[derive(Clone)]
pub struct SigningKey(Key);

impl SigningKey {
    /// Derives the key of a secret in a scope.
    pub fn derive(secret: &str, scope: &Scope) -> Self {
        let step = |key: &[u8], text: &str| sign(&Key::new(HMAC_SHA256, key), text.as_bytes());
        let date = step(format!("AWS4{secret}").as_bytes(), &scope.date);
        let region = step(date.as_ref(), &scope.region);
        let service = step(region.as_ref(), &scope.service);
        let key = step(service.as_ref(), "aws4_request");
        Self(Key::new(HMAC_SHA256, key.as_ref()))
    }

    /// The signature of a text: 64 hexadecimal digits.
    pub fn sign(&self, string_to_sign: &str) -> String {
        hex::encode(sign(&self.0, string_to_sign.as_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// A moment as signatures write it: `20260101T000000Z`.
pub fn amz_date(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Reads `20260101T000000Z`.
pub fn parse_amz_date(text: &str) -> Option<Timestamp> {
    if text.len() != 16 || !text.is_ascii() || text.as_bytes()[8] != b'T' || text.as_bytes()[15] != b'Z' {
        return None;
    }
    let (date, time) = (&text[..8], &text[9..15]);
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits(date) || !digits(time) {
        return None;
    }
    let iso = format!("{}-{}-{}T{}:{}:{}Z", &date[..4], &date[4..6], &date[6..], &time[..2], &time[2..4], &time[4..]);
    iso.parse().ok()
}

/// Whether two signatures are the same, in a time that does not tell where they differ.
pub fn same_signature(left: &str, right: &str) -> bool {
    left.len() == right.len() && left.bytes().zip(right.bytes()).fold(0, |difference, (l, r)| difference | (l ^ r)) == 0
}
