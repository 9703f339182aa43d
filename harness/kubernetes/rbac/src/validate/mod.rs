//! Whether roles and bindings are well formed, and the defaults of bindings.
//!
//! Metadata (names, labels, ...) is validated elsewhere, before these. Objects come as the API server has decoded them.
//! Upstream: `pkg/apis/rbac/validation` and `pkg/apis/rbac/v1/defaults.go`, release 1.35.

mod binding;
mod role;

pub use binding::{
    default_binding, validate_cluster_role_binding, validate_cluster_role_binding_update, validate_role_binding,
    validate_role_binding_update,
};
pub use role::{validate_cluster_role, validate_cluster_role_update, validate_role, validate_role_update};

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::ObjectError;

/// An object that cannot even be read, which a decoder should have refused.
fn unreadable(error: &ObjectError) -> Vec<FieldError> {
    vec![FieldError::type_invalid("<nil>", Value::Null, error.to_string())]
}
