//! What a service account token says.
//!
//! Two kinds exist: tokens of the TokenRequest API, bound to objects (KEP-1205, `pkg/serviceaccount/claims.go`), and the endless ones in
//! Secrets of type `kubernetes.io/service-account-token` (`legacy.go`). Fields are written in the order of their names, as Go does.

use proofmark_json::Value;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

/// The issuer of tokens in Secrets.
pub const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";

/// A token's claims; times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The recipients that the token is meant for; a legacy token has none and counts as one for the API server.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "audience")]
    pub aud: Vec<String>,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "numeric_date")]
    pub exp: Option<i64>,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "numeric_date")]
    pub iat: Option<i64>,
    /// Who issued it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub iss: String,
    /// Its id, a uuid; shown as the credential id `JTI=<uuid>` (since 1.30).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub jti: String,
    /// The service account and the objects that a TokenRequest's token is bound to.
    #[serde(rename = "kubernetes.io", default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesClaims>,
    /// The service account of a token in a Secret.
    #[serde(flatten)]
    pub legacy: Option<LegacyClaims>,
    /// From when on it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "numeric_date")]
    pub nbf: Option<i64>,
    /// The user name, `system:serviceaccount:<namespace>:<name>`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sub: String,
}

/// The claim `kubernetes.io`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubernetesClaims {
    /// The service account's namespace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The node that the token is bound to, or on which its pod runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<ObjectRef>,
    /// The pod that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<ObjectRef>,
    /// The Secret that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<ObjectRef>,
    /// The service account.
    #[serde(default)]
    pub serviceaccount: ObjectRef,
    /// From when on use of the token is remarked: set for pods' tokens of 3607 seconds, which really live for a year.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "numeric_date")]
    pub warnafter: Option<i64>,
}

/// An object by name and uid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The object's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The object's uid: a later object of the same name does not count.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

/// The claims of a token in a Secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacyClaims {
    /// The namespace of the service account and of the Secret.
    #[serde(rename = "kubernetes.io/serviceaccount/namespace")]
    pub namespace: String,
    /// The Secret that holds the token.
    #[serde(rename = "kubernetes.io/serviceaccount/secret.name")]
    pub secret: String,
    /// The service account's name.
    #[serde(rename = "kubernetes.io/serviceaccount/service-account.name")]
    pub service_account: String,
    /// The service account's uid.
    #[serde(rename = "kubernetes.io/serviceaccount/service-account.uid")]
    pub uid: String,
}

impl Claims {
    /// The claims of the token that fills a Secret: it never expires.
    pub fn legacy(namespace: &str, service_account: &ObjectRef, secret: &str) -> Self {
        Self {
            iss: LEGACY_ISSUER.to_owned(),
            sub: format!("system:serviceaccount:{namespace}:{}", service_account.name),
            legacy: Some(LegacyClaims {
                namespace: namespace.to_owned(),
                secret: secret.to_owned(),
                service_account: service_account.name.clone(),
                uid: service_account.uid.clone(),
            }),
            ..Self::default()
        }
    }
}

/// One recipient may stand alone instead of in a list.
fn audience<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(one) => Ok(vec![one]),
        Value::Array(many) => many
            .into_iter()
            .map(|entry| match entry {
                Value::String(text) => Ok(text),
                other => Err(D::Error::invalid_type(Unexpected::Other(&other.to_string()), &"a string")),
            })
            .collect(),
        other => Err(D::Error::invalid_type(Unexpected::Other(&other.to_string()), &"a string or a list of strings")),
    }
}

/// Fractions are allowed and cut off (RFC 7519 section 2).
fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.map(|seconds| seconds as i64))
}
