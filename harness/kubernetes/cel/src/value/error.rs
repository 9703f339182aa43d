//! Why evaluation fails.

use thiserror::Error;

/// Why an expression has no value, in the words of cel-go and Kubernetes' libraries.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvalError {
    /// A map or object without that key.
    #[error("no such key: {0}")]
    NoSuchKey(String),
    /// A list without that index.
    #[error("index out of bounds: {0}")]
    OutOfBounds(i64),
    /// A variable that the caller did not give.
    #[error("no such attribute(s): {0}")]
    NoSuchAttribute(String),
    /// An operator that is not defined for its operands.
    #[error("no such overload")]
    NoSuchOverload,
    /// A function that is not defined for its arguments: its name, and what their types are.
    #[error("no such overload: {0}")]
    NoSuchOverloadOf(String),
    /// `1 / 0`
    #[error("division by zero")]
    DivisionByZero,
    /// `1 % 0`
    #[error("modulus by zero")]
    ModulusByZero,
    /// A result beyond 64 bits.
    #[error("{0} overflow")]
    Overflow(&'static str),
    /// A value that cannot become one of another type.
    #[error("type conversion error from '{from}' to '{to}'")]
    Conversion {
        /// The type that it has.
        from: String,
        /// The type that is wanted.
        to: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
    /// The evaluation has cost more than it may.
    #[error("operation cancelled: actual cost limit exceeded")]
    CostLimit,
}

impl EvalError {
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::Other(message.into())
    }

    /// Whether the error ends everything, so that not even `true ||` absorbs it.
    pub(crate) fn is_final(&self) -> bool {
        *self == Self::CostLimit
    }
}
