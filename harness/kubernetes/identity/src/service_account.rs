//! Authenticating a service account: a token's signature, times and audiences, then the objects that it is bound to.
//!
//! A token dies with what it is bound to: its service account, and its Secret, pod or node, each by name and uid. An object that is being
//! deleted still counts for [`LEEWAY_SECONDS`]. Order and words are those of kube-apiserver 1.35 (`pkg/serviceaccount`). The server's
//! store is behind [`BoundObjects`], so nothing here reads anything by itself.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use proofmark_json::Value;

use crate::claims::{Claims, KubernetesClaims, LEGACY_ISSUER, LegacyClaims, ObjectRef};
use crate::signer::TokenSigner;
use crate::user::{CREDENTIAL_ID, UserInfoParts};
use crate::verify::{LEEWAY_SECONDS, TokenError, check_times};

const POD_NAME: &str = "authentication.kubernetes.io/pod-name";
const POD_UID: &str = "authentication.kubernetes.io/pod-uid";
const NODE_NAME: &str = "authentication.kubernetes.io/node-name";
const NODE_UID: &str = "authentication.kubernetes.io/node-uid";
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";

/// The objects that tokens are bound to, as the server has them now.
pub trait BoundObjects {
    /// A ServiceAccount.
    fn service_account(&self, namespace: &str, name: &str) -> Option<BoundObject>;
    /// A Secret.
    fn secret(&self, namespace: &str, name: &str) -> Option<BoundObject>;
    /// A Pod.
    fn pod(&self, namespace: &str, name: &str) -> Option<BoundObject>;
    /// A Node.
    fn node(&self, name: &str) -> Option<BoundObject>;
}

/// What matters of an object to which a token is bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoundObject {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.deletionTimestamp`.
    pub deleted: Option<Timestamp>,
    /// A Secret's decoded `data.token`.
    pub token: Option<Vec<u8>>,
    /// Whether a Secret is labelled as unused for too long (`kubernetes.io/legacy-token-invalid-since`).
    pub invalidated: bool,
}

impl BoundObject {
    /// Reads an object in its JSON form.
    pub fn of(object: &Value) -> Self {
        let metadata = &object["metadata"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            uid: text(&metadata["uid"]).unwrap_or_default(),
            deleted: metadata["deletionTimestamp"].as_str().and_then(|at| at.parse().ok()),
            token: object["data"]["token"].as_str().and_then(|data| STANDARD.decode(data).ok()),
            invalidated: metadata["labels"][INVALID_SINCE].as_str().is_some_and(|since| !since.is_empty()),
        }
    }
}

/// A service account that a token proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The user `system:serviceaccount:<namespace>:<name>` with its groups and extra facts.
    pub user: UserInfoParts,
    /// The audiences that the token and the question have in common.
    pub audiences: Vec<String>,
    /// What the token says.
    pub claims: Claims,
}

fn refuse(why: String) -> TokenError {
    TokenError::Binding(why)
}

/// The user name of a service account.
pub fn username(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

/// The groups of every service account of a namespace.
pub fn groups(namespace: &str) -> Vec<String> {
    vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]
}

/// Authenticates a bearer token.
///
/// `issuer` is the server's own, `api_audiences` are what the server calls itself (by default its issuer), `requested` the audiences that
/// a TokenReview asks about (`None` for a request's own token: then the server's).
///
/// # Errors
/// [`TokenError::Foreign`] when the token is not one of this issuer; otherwise the first check that fails.
pub fn authenticate(
    signer: &TokenSigner,
    token: &str,
    now: Timestamp,
    issuer: &str,
    api_audiences: &[String],
    requested: Option<&[String]>,
    objects: &impl BoundObjects,
) -> Result<Authenticated, TokenError> {
    let claims = signer.decode(token, issuer)?;
    let own: &[String] = if claims.aud.is_empty() { api_audiences } else { &claims.aud };
    let target = requested.unwrap_or(api_audiences);
    let audiences: Vec<String> = target.iter().filter(|audience| own.contains(audience)).cloned().collect();
    if audiences.is_empty() && !api_audiences.is_empty() {
        return Err(TokenError::Audience { token: own.to_vec(), target: target.to_vec() });
    }
    let user = if claims.iss == LEGACY_ISSUER {
        secret_token(token, &claims, &claims.legacy.clone().unwrap_or_default(), objects)?
    } else {
        check_times(&claims, now)?;
        bound_token(&claims, &claims.kubernetes.clone().unwrap_or_default(), now, objects)?
    };
    Ok(Authenticated { user, audiences, claims })
}

/// A token of the TokenRequest API.
fn bound_token(
    claims: &Claims,
    bound: &KubernetesClaims,
    now: Timestamp,
    objects: &impl BoundObjects,
) -> Result<UserInfoParts, TokenError> {
    let gone = |object: &BoundObject| {
        let limit = now.checked_sub(SignedDuration::from_secs(LEEWAY_SECONDS)).unwrap_or(Timestamp::MIN);
        object.deleted.is_some_and(|at| at < limit)
    };
    let (namespace, account) = (&bound.namespace, &bound.serviceaccount);
    let Some(found) = objects.service_account(namespace, &account.name) else {
        return Err(refuse(format!("serviceaccounts \"{}\" not found", account.name)));
    };
    if found.uid != account.uid {
        return Err(refuse(format!("service account UID ({}) does not match claim ({})", found.uid, account.uid)));
    }
    if gone(&found) {
        return Err(refuse(format!("service account {namespace}/{} has been deleted", account.name)));
    }

    let check = |kind: &str, claim: &str, reference: &ObjectRef, found: Option<BoundObject>| {
        let invalidated = refuse("service account token has been invalidated".to_owned());
        let Some(found) = found else { return Err(invalidated) };
        if found.uid != reference.uid {
            return Err(refuse(format!(
                "{kind} UID ({}) does not match service account {claim} ref claim ({})",
                found.uid, reference.uid
            )));
        }
        if gone(&found) { Err(invalidated) } else { Ok(()) }
    };
    if let Some(secret) = &bound.secret {
        check("secret", "secret", secret, objects.secret(namespace, &secret.name))?;
    }
    if let Some(pod) = &bound.pod {
        check("pod", "pod", pod, objects.pod(namespace, &pod.name))?;
    } else if let Some(node) = &bound.node {
        check("node", "node", node, objects.node(&node.name))?;
    }

    let mut extra = BTreeMap::new();
    let mut add = |key: &str, value: String| extra.insert(key.to_owned(), vec![value]);
    if let Some(pod) = bound.pod.as_ref().filter(|pod| !pod.name.is_empty() && !pod.uid.is_empty()) {
        add(POD_NAME, pod.name.clone());
        add(POD_UID, pod.uid.clone());
    }
    if !claims.jti.is_empty() {
        add(CREDENTIAL_ID, format!("JTI={}", claims.jti));
    }
    if let Some(node) = bound.node.as_ref().filter(|node| !node.name.is_empty()) {
        add(NODE_NAME, node.name.clone());
        if !node.uid.is_empty() {
            add(NODE_UID, node.uid.clone());
        }
    }
    Ok(UserInfoParts {
        name: username(namespace, &account.name),
        groups: groups(namespace),
        uid: Some(account.uid.clone()),
        extra,
    })
}

/// A token that lives in a Secret: valid as long as the Secret holds it.
fn secret_token(
    token: &str,
    claims: &Claims,
    legacy: &LegacyClaims,
    objects: &impl BoundObjects,
) -> Result<UserInfoParts, TokenError> {
    let LegacyClaims { namespace, secret, service_account, uid } = legacy;
    for (value, name) in [
        (&claims.sub, "sub"),
        (namespace, "namespace"),
        (secret, "secretName"),
        (service_account, "serviceAccountName"),
        (uid, "serviceAccountUID"),
    ] {
        if value.is_empty() {
            return Err(refuse(format!("{name} claim is missing")));
        }
    }
    if claims.sub != username(namespace, service_account) {
        return Err(refuse("sub claim is invalid".to_owned()));
    }
    let Some(holder) = objects.secret(namespace, secret).filter(|secret| secret.deleted.is_none()) else {
        return Err(refuse("Token has been invalidated".to_owned()));
    };
    if holder.token.as_deref() != Some(token.as_bytes()) {
        return Err(refuse("Token does not match server's copy".to_owned()));
    }
    let Some(found) = objects.service_account(namespace, service_account) else {
        return Err(refuse(format!("serviceaccounts \"{service_account}\" not found")));
    };
    if found.deleted.is_some() {
        return Err(refuse(format!("ServiceAccount {namespace}/{service_account} has been deleted")));
    }
    if found.uid != *uid {
        return Err(refuse(format!("ServiceAccount UID ({}) does not match claim ({uid})", found.uid)));
    }
    if holder.invalidated {
        return Err(refuse(format!(
            "the token in secret {namespace}/{secret} for service account {namespace}/{service_account} has been marked invalid. \
             Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '{INVALID_SINCE}' label \
             from the secret to temporarily allow use of this token"
        )));
    }
    Ok(UserInfoParts {
        name: username(namespace, service_account),
        groups: groups(namespace),
        uid: Some(uid.clone()),
        extra: BTreeMap::new(),
    })
}
