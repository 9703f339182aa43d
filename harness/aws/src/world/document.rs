//! Policy documents as they are kept: what was given, and what it means.

use proofmark_aws_policy::{Kind, Policy, PolicyError};
use std::sync::Arc;

/// A policy document.
#[derive(Debug, Clone)]
pub struct Document {
    /// As it was given.
    pub text: String,
    /// What it means.
    pub policy: Arc<Policy>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// What AWS refuses in a document of that kind.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, PolicyError> {
        Ok(Self { text: text.to_owned(), policy: Arc::new(Policy::parse(text, kind)?) })
    }
}
