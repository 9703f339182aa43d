//! What a request gives to expressions.

use proofmark_cel::{AccessQuestion, Authorizer};
use proofmark_json::Value;

/// The values of the names; null where there is nothing.
#[derive(Clone)]
pub struct Inputs<'v> {
    /// `object`
    pub object: &'v Value,
    /// `oldObject`
    pub old_object: &'v Value,
    /// `params`
    pub params: &'v Value,
    /// `request`: an AdmissionRequest without objects.
    pub request: &'v Value,
    /// `namespaceObject`
    pub namespace: &'v Value,
    /// Who answers for `authorizer`.
    pub authorizer: Option<&'v dyn Authorizer>,
    /// `authorizer.requestResource`: the request's resource, as a question.
    pub about: AccessQuestion,
}
