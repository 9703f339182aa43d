//! `jsonpatch.escapeKey`: a key as a part of a JSON pointer.

use super::mismatch;
use crate::types::Functions;
use crate::value::Value;

pub(super) fn declare(functions: &mut Functions) {
    functions.global(
        "jsonpatch.escapeKey",
        "string_jsonpatch_escapeKey_string",
        "string -> string",
        |args| match args {
            [Value::String(key)] => Ok(Value::string(key.replace('~', "~0").replace('/', "~1"))),
            _ => mismatch(),
        },
    );
}
