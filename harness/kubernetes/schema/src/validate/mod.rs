//! Validation of values against a schema, in the words and the order of the API server.
//!
//! A value of a custom resource goes through three checks, one after another, all of them always:
//! the schema proper (`kube-openapi/pkg/validation/validate`, [`Schema::validate_values`]), embedded resources
//! (`objectmeta.Validate`, [`Schema::validate_embedded`]) and list types (`listtype`, [`Schema::validate_lists`]).
//! [`Schema::validate`] and [`Schema::validate_update`] run the three. CEL rules come after them, unless [`stops_rules`].
//!
//! Where Kubernetes iterates over Go maps its order is random; here it is that of the schema, then of the value.

mod embedded;
mod lists;
mod old;
mod outcome;
mod scalar;
mod scale;
mod values;

use proofmark_json::Value;
use proofmark_status::{FieldError, FieldErrorKind};

use crate::schema::Schema;
pub(crate) use old::Old;
use values::Walker;

pub use scale::{ScalePaths, validate_scale};

impl Schema {
    /// Everything wrong with a new object. `at` is the path of the object: empty for a whole resource.
    pub fn validate(&self, object: &Value, at: &str) -> Vec<FieldError> {
        let mut errors = self.validate_values(object, at);
        errors.extend(self.validate_embedded(object, at));
        errors.extend(self.validate_lists(object, at));
        errors
    }

    /// Everything wrong with the new state of an object that exists. What was wrong before and has not changed is let pass
    /// (ratcheting, KEP-4008), list items being matched by key where the list has keys; list types are not checked
    /// when the old state violated them.
    pub fn validate_update(&self, new: &Value, old: &Value, at: &str) -> Vec<FieldError> {
        let mut errors = self.validate_values_update(new, old, at);
        errors.extend(self.validate_embedded(new, at));
        if self.validate_lists(old, at).is_empty() {
            errors.extend(self.validate_lists(new, at));
        }
        errors
    }

    /// What the schema proper says of a value.
    pub fn validate_values(&self, value: &Value, at: &str) -> Vec<FieldError> {
        Walker::new(false).run(self, value, None, at)
    }

    /// What the schema proper says of a value that replaces another.
    pub fn validate_values_update(&self, new: &Value, old: &Value, at: &str) -> Vec<FieldError> {
        Walker::new(false).run(self, new, Some(Old::new(self, new, old)), at)
    }

    /// What the schema proper says of a `default`: `x-kubernetes-int-or-string` does not restrict types here.
    pub(crate) fn validate_default(&self, value: &Value, at: &str) -> Vec<FieldError> {
        Walker::new(true).run(self, value, None, at)
    }
}

/// Whether these errors keep CEL rules from being evaluated: wrong types, missing and unsupported values, too long or too many.
pub fn stops_rules(errors: &[FieldError]) -> bool {
    use FieldErrorKind::{NotSupported, Required, TooLong, TooMany, TypeInvalid};
    errors.iter().any(|e| matches!(e.kind, NotSupported | Required | TooLong | TooMany | TypeInvalid))
}

/// What is said instead of the rules' verdicts when [`stops_rules`].
pub fn rules_not_checked() -> FieldError {
    let detail = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
    FieldError::invalid("<nil>", Value::Null, detail)
}
