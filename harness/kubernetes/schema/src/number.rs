//! JSON numbers as Kubernetes holds them: `int64` where the text was one, else `float64`.

use proofmark_json::Number;

/// A number as Go holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Num {
    /// `int64`
    Int(i64),
    /// `float64`, whole or not
    Float(f64),
}

impl Num {
    /// Integers beyond `int64` are floats.
    pub(crate) fn of(number: &Number) -> Self {
        number.as_i64().map_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::NAN)), Self::Int)
    }

    /// Whether a schema of type `integer` takes it. Floats count when they are whole and exact (below 2^53).
    pub(crate) fn is_integer(self) -> bool {
        match self {
            Self::Int(_) => true,
            Self::Float(f) => is_whole(f),
        }
    }
}

/// Whether a float passes for an integer, with the tolerance of `swag.IsFloat64AJSONInteger`.
pub(crate) fn is_whole(f: f64) -> bool {
    const MAX_EXACT: f64 = 9_007_199_254_740_991.0;
    const EPSILON: f64 = 1e-9;
    if !f.is_finite() || f.abs() > MAX_EXACT {
        return false;
    }
    if f == f.trunc() {
        return true;
    }
    // Go compares with the unsigned conversion, which wraps below zero: negative fractions are never close to it.
    if f < 1.0 {
        return false;
    }
    let whole = f.trunc();
    (f - whole) / (f + whole) < EPSILON
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_floats_are_integers_while_they_are_exact() {
        for f in [0.0, 1.0, -3.0, 9_007_199_254_740_991.0, 1e9 + 1e-4] {
            assert!(is_whole(f), "{f}");
        }
        for f in [0.5, -1.5, 1.5, 9_007_199_254_740_993.0, 1e300, f64::NAN] {
            assert!(!is_whole(f), "{f}");
        }
    }
}
