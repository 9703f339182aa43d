//! Is a token good? Its age, its signature by a key of its issuer, its audience.

use super::{Token, Verified, invalid, missing};
use crate::Fault;
use crate::sts::issuer::{Issuer, Unreachable};
use crate::world::Provider;
use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use proofmark_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The oldest that a token may be, in seconds, whenever it expires.
const OLDEST: i64 = 86_400;
/// How far the clock of an issuer may be ahead, in seconds.
const SKEW: i64 = 300;

const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

impl Token<'_> {
    /// Verifies the token with the keys that its issuer publishes, for a provider, at a moment.
    pub(in crate::sts) async fn verify(
        &self,
        provider: &Provider,
        issuer: &dyn Issuer,
        now: Timestamp,
    ) -> Result<Verified, Fault> {
        self.check_age(now)?;
        if !matches!(
            self.header.alg,
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 | Algorithm::ES256 | Algorithm::ES384
        ) {
            return Err(invalid(format!("Unsupported signing algorithm: {:?}", self.header.alg)));
        }
        let keys = keys(provider, issuer).await?;
        let key = self.key(&keys).ok_or_else(|| invalid(NO_KEY))?;
        self.check_signature(key)?;
        self.accept(provider)
    }

    fn check_age(&self, now: Timestamp) -> Result<(), Fault> {
        let expired = |message: String| Err(Fault::new(400, "ExpiredTokenException", message));
        let now = now.as_second();
        let ends = self.seconds("exp").ok_or_else(|| missing("exp"))?;
        let issued = self.seconds("iat").ok_or_else(|| missing("iat"))?;
        if now >= ends {
            return expired(format!(
                "Token expired: current date/time {now} must be before the expiration date/time {ends}"
            ));
        }
        if issued < now - OLDEST {
            return expired(format!("Token too old: {issued}"));
        }
        if issued > now + SKEW || self.seconds("nbf").is_some_and(|from| from > now + SKEW) {
            return Err(invalid("Token is not yet valid."));
        }
        Ok(())
    }

    /// The key with the token's id; the only one if the token names none.
    fn key<'k>(&self, keys: &'k JwkSet) -> Option<&'k Jwk> {
        match (&self.header.kid, keys.keys.as_slice()) {
            (Some(id), _) => keys.find(id),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    fn check_signature(&self, key: &Jwk) -> Result<(), Fault> {
        let key = DecodingKey::from_jwk(key).map_err(|_| invalid(NO_KEY))?;
        let mut rules = Validation::new(self.header.alg);
        // Only the signature: everything else has AWS' own words, and the cloud has its own clock.
        (rules.validate_exp, rules.validate_nbf, rules.validate_aud) = (false, false, false);
        rules.required_spec_claims.clear();
        jsonwebtoken::decode::<Value>(self.text, &key, &rules)
            .map(|_| ())
            .map_err(|_| invalid("The web identity token that was passed could not be validated by AWS."))
    }

    fn accept(&self, provider: &Provider) -> Result<Verified, Fault> {
        let subject = self.text("sub").ok_or_else(|| missing("sub"))?;
        let audiences = texts(self.claims.get("aud"));
        if audiences.is_empty() {
            return Err(missing("aud"));
        }
        let party = self.text("azp");
        let known = |audience: &str| provider.client_ids.contains(audience);
        let wrong = || invalid("Incorrect token audience");
        let (audience, original) = match party {
            Some(party) => (known(party).then_some(party).ok_or_else(wrong)?, audiences.first().copied()),
            None => (audiences.iter().copied().find(|audience| known(audience)).ok_or_else(wrong)?, None),
        };
        let passed = &self.claims.get("https://aws.amazon.com/tags").cloned().unwrap_or_default();
        Ok(Verified {
            subject: subject.to_owned(),
            audience: audience.to_owned(),
            original_audience: original.map(str::to_owned),
            methods: texts(self.claims.get("amr")).into_iter().map(str::to_owned).collect(),
            tags: tags(&passed["principal_tags"]),
            transitive: texts(passed.get("transitive_tag_keys"))
                .into_iter()
                .map(str::to_owned)
                .collect::<BTreeSet<_>>(),
            source_identity: self.text("https://aws.amazon.com/source_identity").map(str::to_owned),
        })
    }
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// `{"team": ["a"]}`; one value each.
fn tags(value: &Value) -> BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(key, values)| Some((key.to_string(), (*texts(Some(values)).first()?).to_owned()))).collect()
}

async fn keys(provider: &Provider, issuer: &dyn Issuer) -> Result<JwkSet, Fault> {
    let unreachable = |unreachable: Unreachable| match unreachable {
        Unreachable::Thumbprint => {
            invalid("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")
        }
        Unreachable::Failed(why) => {
            tracing::debug!(why, issuer = provider.url, "keys of an issuer could not be fetched");
            invalid(NO_KEY)
        }
    };
    let at = format!("{}/.well-known/openid-configuration", provider.url);
    let document = issuer.fetch(&at, &provider.thumbprints).await.map_err(unreachable)?;
    let same = document["issuer"].as_str().is_some_and(|named| named.trim_end_matches('/') == provider.url);
    let keys_at = document["jwks_uri"].as_str().filter(|_| same).ok_or_else(|| invalid(NO_KEY))?;
    let mut document = issuer.fetch(keys_at, &provider.thumbprints).await.map_err(unreachable)?;
    let keys = match document.get_mut("keys").map(Value::take) {
        Some(Value::Array(keys)) => keys,
        _ => return Err(invalid(NO_KEY)),
    };
    // Keys of kinds that are unknown here are no reason to refuse the others.
    Ok(JwkSet { keys: keys.into_iter().filter_map(|key| proofmark_json::from_value(key).ok()).collect() })
}
