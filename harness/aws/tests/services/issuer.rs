//! An OpenID Connect issuer in the same process.

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proofmark_aws::issuer::{Issuer, Unreachable};
use proofmark_json::{Value, json};

pub(crate) const ISSUER: &str = "https://oidc.example/id/1";

/// An issuer in the same process, with one key of elliptic curve P-256.
pub(crate) struct Declared {
    key: EncodingKey,
    jwks: Value,
}

impl Declared {
    pub(crate) fn new() -> Self {
        use base64::Engine as _;
        let pair = rcgen::KeyPair::generate().expect("a key");
        let point = pair.public_key_raw();
        let part = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256", "x": part(&point[1..33]), "y": part(&point[33..])});
        Self {
            key: EncodingKey::from_ec_der(&pair.serialize_der()),
            jwks: json!({"keys": [{"kty": "unheard-of"}, jwk]}),
        }
    }

    pub(crate) fn token(&self, id: &str, claims: &Value) -> String {
        let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.key).expect("a token")
    }
}

impl std::fmt::Debug for Declared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Declared").field("jwks", &self.jwks).finish_non_exhaustive()
    }
}

#[async_trait]
impl Issuer for Declared {
    async fn fetch(&self, url: &str, _: &[String]) -> Result<Value, Unreachable> {
        if url.ends_with("/.well-known/openid-configuration") {
            return Ok(json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys")}));
        }
        Ok(self.jwks.clone())
    }
}

/// Claims of a good token, with changes.
pub(crate) fn claims(subject: &str, now: i64, changes: &Value) -> Value {
    let mut claims =
        json!({"iss": ISSUER, "sub": subject, "aud": ["sts.amazonaws.com"], "iat": now, "exp": now + 3600});
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims
}
