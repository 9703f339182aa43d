//! Operators that compare, look into collections, or are evaluated in a way of their own.

use std::cmp::Ordering;

use super::{mismatch, planned};
use crate::syntax::ast::op;
use crate::types::Functions;
use crate::value::{Evaluated, Value, compare};

pub(super) fn declare(functions: &mut Functions) {
    functions.global(op::CONDITIONAL, "conditional", "bool, A, A -> A", planned);
    functions.global(op::AND, "logical_and", "bool, bool -> bool", planned);
    functions.global(op::OR, "logical_or", "bool, bool -> bool", planned);
    functions.global(op::NOT, "logical_not", "bool -> bool", not);
    functions.global(op::NOT_STRICTLY_FALSE, "not_strictly_false", "bool -> bool", planned);
    functions.global(op::EQUALS, "equals", "A, A -> bool", planned);
    functions.global(op::NOT_EQUALS, "not_equals", "A, A -> bool", planned);
    functions.global(op::INDEX, "index_list", "list(A), int -> A", planned);
    functions.global(op::INDEX, "index_map", "map(A, B), A -> B", planned);
    functions.global(op::INDEX, "optional_list_index_int", "optional(list(A)), int -> optional(A)", planned);
    functions.global(op::INDEX, "optional_map_index_value", "optional(map(A, B)), A -> optional(B)", planned);
    functions.global(op::OPT_SELECT, "select_optional_field", "dyn, string -> optional(A)", planned);
    for (id, signature) in [
        ("list_optindex_optional_int", "list(A), int -> optional(A)"),
        ("optional_list_optindex_optional_int", "optional(list(A)), int -> optional(A)"),
        ("map_optindex_optional_value", "map(A, B), A -> optional(B)"),
        ("optional_map_optindex_optional_value", "optional(map(A, B)), A -> optional(B)"),
    ] {
        functions.global(op::OPT_INDEX, id, signature, planned);
    }
    functions.global(op::MAP_INSERT, "@mapInsert_map_key_value", "map(A, B), A, B -> map(A, B)", planned);
    functions.global(op::MAP_INSERT, "@mapInsert_map_map", "map(A, B), map(A, B) -> map(A, B)", planned);
    functions.global(op::IN, "in_list", "A, list(A) -> bool", contained);
    functions.global(op::IN, "in_map", "A, map(A, B) -> bool", contained);
    functions.global("size", "size_bytes", "bytes -> int", size);
    functions.method("size", "bytes_size", "bytes -> int", size);
    functions.global("size", "size_list", "list(A) -> int", size);
    functions.method("size", "list_size", "list(A) -> int", size);
    functions.global("size", "size_map", "map(A, B) -> int", size);
    functions.method("size", "map_size", "map(A, B) -> int", size);
    functions.global("size", "size_string", "string -> int", size);
    functions.method("size", "string_size", "string -> int", size);
    declare_order(functions);
}

/// `<` and its kin: for each type, and for numbers of different types.
fn declare_order(functions: &mut Functions) {
    macro_rules! ordered {
        ($function:expr, $prefix:literal, $body:expr) => {
            functions.global($function, concat!($prefix, "_bool"), "bool, bool -> bool", $body);
            functions.global($function, concat!($prefix, "_int64"), "int, int -> bool", $body);
            functions.global($function, concat!($prefix, "_int64_double"), "int, double -> bool", $body);
            functions.global($function, concat!($prefix, "_int64_uint64"), "int, uint -> bool", $body);
            functions.global($function, concat!($prefix, "_uint64"), "uint, uint -> bool", $body);
            functions.global($function, concat!($prefix, "_uint64_double"), "uint, double -> bool", $body);
            functions.global($function, concat!($prefix, "_uint64_int64"), "uint, int -> bool", $body);
            functions.global($function, concat!($prefix, "_double"), "double, double -> bool", $body);
            functions.global($function, concat!($prefix, "_double_int64"), "double, int -> bool", $body);
            functions.global($function, concat!($prefix, "_double_uint64"), "double, uint -> bool", $body);
            functions.global($function, concat!($prefix, "_string"), "string, string -> bool", $body);
            functions.global($function, concat!($prefix, "_bytes"), "bytes, bytes -> bool", $body);
            functions.global($function, concat!($prefix, "_timestamp"), "timestamp, timestamp -> bool", $body);
            functions.global($function, concat!($prefix, "_duration"), "duration, duration -> bool", $body);
        };
    }
    ordered!(op::LESS, "less", |args| ordered(args, Ordering::is_lt));
    ordered!(op::LESS_EQUALS, "less_equals", |args| ordered(args, Ordering::is_le));
    ordered!(op::GREATER, "greater", |args| ordered(args, Ordering::is_gt));
    ordered!(op::GREATER_EQUALS, "greater_equals", |args| ordered(args, Ordering::is_ge));
}

fn ordered<'v>(args: &[Value<'v>], test: fn(Ordering) -> bool) -> Evaluated<'v> {
    let [a, b] = args else { return mismatch() };
    compare(a, b).map(|order| Value::Bool(test(order)))
}

fn not<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::Bool(b)] = args else { return mismatch() };
    Ok(Value::Bool(!b))
}

fn contained<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    match args {
        [value, Value::List(list)] => list.contains(value).map(Value::Bool),
        [key, Value::Map(map)] => Ok(Value::Bool(map.get(key)?.is_some())),
        _ => mismatch(),
    }
}

fn size<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [value] = args else { return mismatch() };
    Ok(Value::Int(i64::try_from(value.size()).unwrap_or(i64::MAX)))
}
