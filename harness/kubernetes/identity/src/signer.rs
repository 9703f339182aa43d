//! Signing service account tokens, and the documents by which others verify them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofmark_json::{Value, json};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

use crate::certificate::p256_spki;
use crate::claims::Claims;
use crate::der;
use crate::key::{KeyError, PublicKey};
use crate::pem;

const SIMULATOR_KEY: &str = include_str!("../data/simulator-token.key");
const RSA_ENCRYPTION: &[u32] = &[1, 2, 840, 113549, 1, 1, 1];

/// A service account issuer's keys: one that signs, and any number that verify.
#[derive(Debug)]
pub struct TokenSigner {
    private: Private,
    keys: Vec<PublicKey>,
}

#[derive(Debug)]
enum Private {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

impl TokenSigner {
    /// The signer of simulated clusters: a fixed RSA key, whose signatures (RS256, PKCS#1 v1.5) are the same in every run.
    ///
    /// The private key is **public**: it is part of this source. A server that others can reach takes its own with
    /// [`TokenSigner::from_pkcs8_pem`].
    pub fn simulator() -> Self {
        Self::from_pkcs8_pem(SIMULATOR_KEY).expect("the committed key is whole (tested)")
    }

    /// A signer with this private key (`PRIVATE KEY`, PKCS#8): RSA of at least 2048 bits signs RS256, ECDSA on P-256 signs ES256.
    ///
    /// # Errors
    /// When the text is not such a key.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        let pkcs8 = pem::decode("PRIVATE KEY", text).ok_or(KeyError::Pem("private key"))?;
        let (private, spki) = if let Ok(rsa) = RsaKeyPair::from_pkcs8(&pkcs8) {
            let algorithm = der::sequence(&[&der::oid(RSA_ENCRYPTION), &der::null()]);
            let spki = der::sequence(&[&algorithm, &der::bit_string(0, rsa.public_key().as_ref())]);
            (Private::Rsa(rsa), spki)
        } else {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new())
                .map_err(|_| KeyError::Unsupported)?;
            let spki = p256_spki(pair.public_key().as_ref());
            (Private::P256(pair), spki)
        };
        Ok(Self { private, keys: vec![PublicKey::from_der(spki)?] })
    }

    /// Accepts tokens that this key (PEM, `PUBLIC KEY`) signed too, as a further `--service-account-key-file` does.
    ///
    /// # Errors
    /// When the text is not a key.
    pub fn add_public_key_pem(&mut self, text: &str) -> Result<(), KeyError> {
        let key = PublicKey::from_pem(text)?;
        if self.keys.iter().all(|known| known.id() != key.id()) {
            self.keys.push(key);
        }
        Ok(())
    }

    /// The keys that verify; the signer's own is the first.
    pub fn public_keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The signed token (a JWT in compact form, with the key's id in its header).
    pub fn sign(&self, claims: &Claims) -> String {
        let own = self.keys.first();
        let header = json!({"alg": own.map(PublicKey::algorithm), "kid": own.map(PublicKey::id)});
        // Claims hold strings, integers and lists: writing them as JSON cannot fail.
        let payload = proofmark_json::to_vec(claims).unwrap_or_default();
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.private.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The JSON Web Key Set served as `/openid/v1/jwks` (`application/jwk-set+json`).
    pub fn jwks(&self) -> Value {
        json!({"keys": self.keys.iter().map(PublicKey::jwk).collect::<Vec<_>>()})
    }

    /// The document served as `/.well-known/openid-configuration`.
    /// kube-apiserver's default `jwks_uri` is `https://<external address>/openid/v1/jwks`.
    pub fn openid_configuration(&self, issuer: &str, jwks_uri: &str) -> Value {
        let mut algorithms: Vec<_> = self.keys.iter().map(PublicKey::algorithm).collect();
        algorithms.sort_unstable();
        algorithms.dedup();
        json!({
            "issuer": issuer,
            "jwks_uri": jwks_uri,
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms,
        })
    }
}

impl Private {
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .expect("the signature has the modulus's length");
                signature
            }
            Self::P256(pair) => pair.sign(&random, message).expect("the system has randomness").as_ref().to_vec(),
        }
    }
}
