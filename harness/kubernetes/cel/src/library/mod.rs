//! The functions of Kubernetes 1.35's CEL environment, one file for each library.
//!
//! Enabled are CEL's standard, its extensions for strings (version 2), lists (3), sets, optional values and two-variable loops,
//! and Kubernetes' own libraries. Not enabled there, and so not here: `math`, `base64`, `cel.bind`, protobuf messages.
//! Source: `k8s.io/apiserver/pkg/cel/environment/base.go`.

mod arithmetic;
pub(crate) mod authorizer;
mod convert;
mod extended_lists;
pub(crate) mod format;
mod json_patch;
mod lists;
pub(crate) mod named_format;
pub(crate) mod net;
mod operators;
mod optional;
mod quantity;
pub(crate) mod regex;
pub(crate) mod semver;
mod sets;
mod strings;
mod time;
mod url;

use crate::types::Functions;
use crate::value::{EvalError, Evaluated, Value};

/// Every function.
pub(crate) fn functions() -> Functions {
    let mut functions = Functions::default();
    let declare = [
        operators::declare,
        arithmetic::declare,
        convert::declare,
        time::declare,
        strings::declare,
        format::declare,
        lists::declare,
        extended_lists::declare,
        sets::declare,
        regex::declare,
        optional::declare,
        url::declare,
        quantity::declare,
        net::declare,
        semver::declare,
        named_format::declare,
        authorizer::declare,
        json_patch::declare,
    ];
    declare.iter().for_each(|declare| declare(&mut functions));
    functions
}

/// What a body answers whose arguments are not what its overload says.
fn mismatch<'v>() -> Evaluated<'v> {
    Err(EvalError::NoSuchOverload)
}

/// A body for functions that the evaluator does by itself.
fn planned<'v>(_: &[Value<'v>]) -> Evaluated<'v> {
    mismatch()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::functions;
    use crate::types::Type;

    #[test]
    fn every_signature_can_be_read_and_every_overload_has_a_name_of_its_own() {
        let functions = functions();
        let mut seen = BTreeSet::new();
        for overload in functions.overloads() {
            assert_ne!(overload.result, Type::Error, "{}", overload.id);
            assert!(seen.insert(overload.id), "{} is declared twice", overload.id);
        }
    }
}
