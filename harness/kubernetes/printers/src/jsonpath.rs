//! The JSONPath of printer columns.
//!
//! Kubernetes' own dialect (`k8s.io/client-go/util/jsonpath`), as the API server uses it for `additionalPrinterColumns`: the path
//! stands inside braces, missing keys are no error, and evaluating gives a list of values. Fields (`.a`, `['a']`, `\.` for a dot), indices
//! and slices (`[0]`, `[-1]`, `[1:3]`, `[::2]`), unions (`[0,2]`), wildcards, recursive descent (`..`), filters
//! (`[?(@.a=="b")]`, with `== != < <= > >=` or bare for existence) and literals. `range` and `end` are read, but have no meaning
//! in a column: evaluating them is an error.

mod eval;
mod parse;
mod print;

use std::borrow::Cow;

use proofmark_json::Value;

pub(crate) use print::print;

/// A parsed path.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPath(Vec<Node>);

/// Why a path cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(String);

/// Why a path cannot be followed in an object: an index out of bounds, a filter on something else than a list, or a comparison of
/// values of different types. The column's cell is null then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvalError(String);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Field(String),
    Wildcard,
    Recursive,
    Slice(Slice),
    Union(Vec<Vec<Node>>),
    Filter { left: Vec<Node>, comparison: Option<(String, Vec<Node>)> },
    Literal(Value),
    Identifier(String),
}

/// `[start:end:step]`; a plain index ends after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slice {
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
    /// Whether the end was derived from a plain index.
    single: bool,
}

impl JsonPath {
    /// Reads a path such as `.status.conditions[?(@.type=='Ready')].status`.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(path: &str) -> Result<Self, ParseError> {
        parse::parse(path).map(Self)
    }

    /// The values that the path finds, in the order of the object.
    ///
    /// # Errors
    /// [`EvalError`] when the object's shape does not allow it.
    pub fn find<'a>(&self, object: &'a Value) -> Result<Vec<Cow<'a, Value>>, EvalError> {
        eval::list(vec![Cow::Borrowed(object)], &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmark_json::json;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_panics(path in r#"[.\[\]()?@$*:,'"<>=!a-c0-9 \\{}+-]{0,40}|\PC{0,20}"#) {
            if let Ok(path) = JsonPath::parse(&path) {
                for object in [json!({"a": [{"b": 1, "c": "x"}, {"b": 2.5}], "b": "text", "c": null}), json!([]), json!("é")] {
                    let _ = path.find(&object).map(|found| found.iter().map(|value| print(value)).collect::<Vec<_>>());
                }
            }
        }

        #[test]
        fn fields_are_found(keys in proptest::collection::vec("[a-z]{1,5}", 1..5)) {
            let object = keys.iter().rev().fold(json!("here"), |inner, key| json!({key.as_str(): inner}));
            let path = JsonPath::parse(&format!(".{}", keys.join("."))).unwrap();
            prop_assert_eq!(path.find(&object).unwrap(), [Cow::<Value>::Owned(json!("here"))]);
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(JsonPath::parse(&"[?(@".repeat(100_000)).is_err());
        assert!(JsonPath::parse(&".a".repeat(1000)).is_ok());
    }
}
