//! Sums of quantities.

use proofmark_builtin::quantity::Quantity;

/// What an amount is counted in here: a billionth.
const NANO: i64 = -9;
const NANOS: i128 = 1_000_000_000;

/// `a + b`, written as `a` is (as `b`, where `a` is nothing).
pub fn add(a: &Quantity, b: &Quantity) -> Quantity {
    let like = if a.sign() == 0 { b } else { a };
    of_nanos(nanos(a).saturating_add(nanos(b)), like)
}

/// `a - b`, written as `a` is (as `b`, where `a` is nothing).
pub fn subtract(a: &Quantity, b: &Quantity) -> Quantity {
    let like = if a.sign() == 0 { b } else { a };
    of_nanos(nanos(a).saturating_sub(nanos(b)), like)
}

/// So many of something.
pub(crate) fn count(number: i64) -> Quantity {
    of_nanos(i128::from(number) * NANOS, &zero())
}

/// Nothing.
pub fn zero() -> Quantity {
    parse("0")
}

fn parse(text: &str) -> Quantity {
    match Quantity::parse(text) {
        Ok(quantity) => quantity,
        Err(_) => unreachable!("a number with a suffix of ours is a quantity"),
    }
}

fn nanos(quantity: &Quantity) -> i128 {
    quantity.scaled(NANO).unwrap_or(i128::MAX)
}

fn of_nanos(nanos: i128, like: &Quantity) -> Quantity {
    let whole = nanos / NANOS;
    if nanos % NANOS != 0 || !like.to_string().ends_with('i') {
        return parse(&format!("{nanos}n"));
    }
    if whole % 1024 == 0 { parse(&format!("{}Ki", whole / 1024)) } else { parse(&whole.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_the_first_suffix() {
        let sum = |a: &str, b: &str| add(&parse(a), &parse(b)).to_string();
        assert_eq!(sum("1Gi", "1Gi"), "2Gi");
        assert_eq!(sum("100m", "1"), "1100m");
        assert_eq!(sum("0", "1Mi"), "1Mi");
        assert_eq!(sum("1Ki", "1"), "1025");
        assert_eq!(subtract(&parse("2"), &parse("500m")).to_string(), "1500m");
        assert_eq!(count(3).to_string(), "3");
    }
}
