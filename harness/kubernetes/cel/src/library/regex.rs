//! Regular expressions: `matches`, `find`, `findAll`. Patterns are Go's.

use proofmark_text::Pattern;

use super::mismatch;
use crate::types::Functions;
use crate::value::{EvalError, Evaluated, Value};

pub(super) fn declare(functions: &mut Functions) {
    functions.global("matches", "matches", "string, string -> bool", |args| compiled("matches", args));
    functions.method("matches", "matches_string", "string, string -> bool", |args| compiled("matches", args));
    functions.method("find", "string_find_string", "string, string -> string", |args| compiled("find", args));
    functions.method("findAll", "string_find_all_string", "string, string -> list(string)", |args| {
        compiled("findAll", args)
    });
    functions.method("findAll", "string_find_all_string_int", "string, string, int -> list(string)", |args| {
        compiled("findAll", args)
    });
}

/// A call whose pattern is not known before.
fn compiled<'v>(function: &str, args: &[Value<'v>]) -> Evaluated<'v> {
    let [_, Value::String(text), ..] = args else { return mismatch() };
    let pattern = Pattern::new(text);
    match pattern.mistake() {
        None => apply(function, args, &pattern),
        Some(mistake) if function == "matches" => Err(EvalError::other(mistake)),
        Some(mistake) => Err(EvalError::other(format!("Illegal regex: {mistake}"))),
    }
}

/// A call whose second argument, the pattern, is compiled.
pub(crate) fn apply<'v>(function: &str, args: &[Value<'v>], pattern: &Pattern) -> Evaluated<'v> {
    let Some(Value::String(text)) = args.first() else { return mismatch() };
    let found = || pattern.find(text).map(|part| Value::string(part.to_owned()));
    match (function, args.get(2)) {
        ("matches", None) => Ok(Value::Bool(pattern.is_match(text))),
        ("find", None) => Ok(found().next().unwrap_or_else(|| Value::string(""))),
        ("findAll", None) => Ok(Value::list(found().collect())),
        ("findAll", Some(Value::Int(most))) => {
            Ok(Value::list(found().take(usize::try_from(*most).unwrap_or(usize::MAX)).collect()))
        }
        _ => mismatch(),
    }
}
