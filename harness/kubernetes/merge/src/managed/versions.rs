//! What a field manager must know about a resource.

use proofmark_json::Value;

use super::filter::Filter;
use crate::typed::Typed;

/// Types, reset fields and conversion of one resource, by `apiVersion`.
pub trait Versions {
    /// The type of the object; `None` for versions that are not served (any more).
    fn typed(&self, api_version: &str) -> Option<Typed<'_>>;

    /// The fields of a version that this endpoint does not write (`GetResetFields` of the resource's strategy).
    fn reset(&self, api_version: &str) -> Option<&Filter>;

    /// The object at another version. Not called for the version that it already has.
    ///
    /// # Errors
    /// See [`ConvertError`].
    fn convert(&self, object: &Value, api_version: &str) -> Result<Value, ConvertError>;
}

/// Why an object has no form at a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The version is not known (built-in resources): whatever was managed at it is forgotten.
    #[error("no such version")]
    UnknownVersion,
    /// The conversion failed: an apply fails with it, an update forgets all managers. Versions that a custom resource no longer has
    /// belong here (`request to convert CR to an invalid group/version: example.com/v1`).
    #[error("{0}")]
    Failed(String),
}

/// A resource with a single version.
#[derive(Debug, Clone)]
pub struct OneVersion<'t> {
    /// As `apps/v1`.
    pub api_version: String,
    /// The type of its objects.
    pub typed: Typed<'t>,
    /// What this endpoint does not write.
    pub reset: Option<Filter>,
}

impl Versions for OneVersion<'_> {
    fn typed(&self, api_version: &str) -> Option<Typed<'_>> {
        (api_version == self.api_version).then_some(self.typed)
    }

    fn reset(&self, api_version: &str) -> Option<&Filter> {
        self.reset.as_ref().filter(|_| api_version == self.api_version)
    }

    fn convert(&self, _: &Value, _: &str) -> Result<Value, ConvertError> {
        Err(ConvertError::UnknownVersion)
    }
}
