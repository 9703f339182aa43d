//! Numbers that may be percentages (`intstr.IntOrString`).

use proofmark_json::Value;

/// The number, or that share of `total`, rounded up or down. Absent or unreadable: none.
pub(crate) fn scaled(value: Option<&Value>, total: i64, up: bool) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let percent: i64 = text.strip_suffix('%')?.parse().ok()?;
            let product = percent.checked_mul(total)?;
            Some(if up { product.checked_add(99)?.div_euclid(100) } else { product.div_euclid(100) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded() {
        for (value, total, up, expected) in [
            (proofmark_json::json!(3), 10, true, Some(3)),
            (proofmark_json::json!("25%"), 10, true, Some(3)),
            (proofmark_json::json!("25%"), 10, false, Some(2)),
            (proofmark_json::json!("100%"), 7, false, Some(7)),
            (proofmark_json::json!("many"), 7, false, None),
        ] {
            assert_eq!(scaled(Some(&value), total, up), expected, "{value} of {total}");
        }
    }
}
