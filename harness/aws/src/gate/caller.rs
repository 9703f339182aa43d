//! Who calls, and by what right it says so.

use crate::world::Session;
use proofmark_aws_policy::Principal;
use proofmark_aws_sigv4::{Scope, SigningKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The principal.
    pub principal: Principal,
    /// The session, for temporary credentials.
    pub session: Option<Arc<Session>>,
    /// Tags of the principal: the user's or role's own, shadowed by the session's.
    pub tags: BTreeMap<String, String>,
    /// The access key; none for anonymous requests.
    pub access_key_id: Option<String>,
    /// How the request is signed.
    pub signed: Signed,
}

impl Caller {
    /// Nobody.
    pub fn anonymous() -> Self {
        Self {
            principal: Principal::Anonymous,
            session: None,
            tags: BTreeMap::new(),
            access_key_id: None,
            signed: Signed::Not,
        }
    }
}

/// How a request is signed.
#[derive(Debug, Clone)]
pub enum Signed {
    /// Not at all.
    Not,
    /// By its `Authorization` header. What chunked bodies continue from goes with it.
    Header {
        /// The scope.
        scope: Scope,
        /// The key.
        key: Box<SigningKey>,
        /// `20260101T000000Z`
        amz_date: String,
        /// The signature.
        signature: String,
    },
    /// By its query.
    Query {
        /// The scope.
        scope: Scope,
        /// Milliseconds since it was signed: `s3:signatureAge`.
        age: i64,
    },
    /// By its query, in version 2.
    Version2,
    /// By the fields of a form.
    Form {
        /// The scope; none in version 2.
        scope: Option<Scope>,
    },
}

impl Signed {
    /// `REST-HEADER`, `REST-QUERY-STRING`, `POST`: the key `s3:authType`.
    pub fn auth_type(&self) -> Option<&'static str> {
        match self {
            Self::Not => None,
            Self::Header { .. } => Some("REST-HEADER"),
            Self::Query { .. } | Self::Version2 => Some("REST-QUERY-STRING"),
            Self::Form { .. } => Some("POST"),
        }
    }

    /// `AWS4-HMAC-SHA256`, `AWS`: the key `s3:signatureversion`.
    pub fn version(&self) -> Option<&'static str> {
        match self {
            Self::Not => None,
            Self::Header { .. } | Self::Query { .. } | Self::Form { scope: Some(_) } => Some("AWS4-HMAC-SHA256"),
            Self::Version2 | Self::Form { scope: None } => Some("AWS"),
        }
    }

    /// The region that was signed for; version 2 signs for none.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Not | Self::Version2 | Self::Form { scope: None } => None,
            Self::Header { scope, .. } | Self::Query { scope, .. } | Self::Form { scope: Some(scope) } => {
                Some(&scope.region)
            }
        }
    }
}
