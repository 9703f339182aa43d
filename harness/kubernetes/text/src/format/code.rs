//! Identifiers with a fixed form or a check digit.

use std::sync::LazyLock;

use regex::Regex;

fn fixed(pattern: &str) -> Regex {
    // Constant patterns; the tests of the formats compile each of them.
    Regex::new(pattern).expect("the pattern is well formed")
}

pub(super) fn is_uuid(text: &str, version: Option<u8>) -> bool {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    static FORM: LazyLock<Regex> =
        LazyLock::new(|| fixed("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"));
    if !FORM.is_match(text) {
        return false;
    }
    let digit = |at: usize| digits.as_bytes().get(at).map(u8::to_ascii_lowercase);
    let variant = || matches!(digit(16), Some(b'8' | b'9' | b'a' | b'b'));
    match version {
        None => true,
        Some(3) => digit(12) == Some(b'3'),
        Some(version) => digit(12) == Some(b'0' + version) && variant(),
    }
}

/// The digits of an ISBN: white space and dashes removed.
fn isbn(text: &str) -> Vec<u8> {
    static GAPS: LazyLock<Regex> = LazyLock::new(|| fixed(r"[\t\n\f\r -]+"));
    GAPS.replace_all(text, "").into_owned().into_bytes()
}

pub(super) fn is_isbn10(text: &str) -> bool {
    let code = isbn(text);
    let Some((last, head)) = code.split_last() else {
        return false;
    };
    if head.len() != 9 || !head.iter().all(u8::is_ascii_digit) || !(last.is_ascii_digit() || *last == b'X') {
        return false;
    }
    let sum: u32 = head.iter().zip(1..).map(|(d, weight)| weight * u32::from(d - b'0')).sum();
    let check = if *last == b'X' { 10 } else { u32::from(last - b'0') };
    (sum + 10 * check).is_multiple_of(11)
}

pub(super) fn is_isbn13(text: &str) -> bool {
    let code = isbn(text);
    if code.len() != 13 || !code.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = code.iter().zip([1, 3].into_iter().cycle()).map(|(d, weight)| weight * u32::from(d - b'0')).sum();
    sum.is_multiple_of(10)
}

pub(super) fn is_credit_card(text: &str) -> bool {
    static ISSUERS: LazyLock<Regex> = LazyLock::new(|| {
        fixed(concat!(
            "^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}",
            "|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})$"
        ))
    });
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !ISSUERS.is_match(&digits) {
        return false;
    }
    let luhn = |(i, b): (usize, u8)| {
        let doubled = u32::from(b - b'0') << (i % 2);
        doubled / 10 + doubled % 10
    };
    digits.bytes().rev().enumerate().map(luhn).sum::<u32>().is_multiple_of(10)
}

pub(super) fn is_ssn(text: &str) -> bool {
    static FORM: LazyLock<Regex> = LazyLock::new(|| fixed("^[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}$"));
    FORM.is_match(text)
}

pub(super) fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

pub(super) fn is_rgb_color(text: &str) -> bool {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        let gap = r"[\t\n\f\r ]*";
        let part = "(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])";
        fixed(&format!(r"^rgb\({gap}{part}{gap},{gap}{part}{gap},{gap}{part}{gap}\)$"))
    });
    FORM.is_match(text)
}

pub(super) fn is_base64(text: &str) -> bool {
    let body = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    !body.is_empty()
        && text.len().is_multiple_of(4)
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}
