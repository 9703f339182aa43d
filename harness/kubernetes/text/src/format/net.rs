//! Names and addresses of networks.

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex::Regex;

/// A lowercase DNS label, of any length.
pub(super) fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = text.bytes().next().is_some_and(inner) && text.bytes().next_back().is_some_and(inner);
    ends && text.bytes().all(|b| inner(b) || b == b'-')
}

/// Either one label that may hold a dash in second place only, or labels and a top-level domain of letters.
pub(super) fn is_hostname(text: &str) -> bool {
    if text.len() > 255 || text.split('.').any(|part| part.len() > 63) {
        return false;
    }
    match text.rsplit_once('.') {
        None => {
            let mut chars = text.chars();
            let first = chars.next().is_some_and(in_label);
            let rest = chars.as_str();
            let rest = rest.strip_prefix('-').unwrap_or(rest);
            first && rest.chars().count() <= 62 && rest.chars().all(in_label)
        }
        Some((labels, top)) => {
            let inner = |label: &str| {
                let ends =
                    label.chars().next().is_some_and(in_label) && label.chars().next_back().is_some_and(in_label);
                ends && label.chars().all(|c| c == '-' || in_label(c))
            };
            let letters = top.chars().all(|c| c.is_ascii_alphabetic() || (in_label(c) && c.is_alphabetic()));
            labels.split('.').all(inner) && (2..=63).contains(&top.chars().count()) && letters
        }
    }
}

/// ASCII letters and digits, and every letter and symbol of Unicode.
fn in_label(c: char) -> bool {
    static OTHERS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^[\p{S}\p{L}]$").expect("the pattern is well formed"));
    c.is_ascii_alphanumeric() || OTHERS.is_match(c.encode_utf8(&mut [0; 4]))
}

/// An address of either family; leading zeros in dotted decimals do not count.
pub(super) fn is_ip_with_zeros(text: &str) -> bool {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().is_ok();
    }
    let octet = |part: &str| {
        let digits = part.trim_start_matches('0');
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (digits.is_empty() || digits.parse::<u8>().is_ok())
    };
    text.split('.').count() == 4 && text.split('.').all(octet)
}

pub(super) fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let most = if address.contains(':') { 128 } else { 32 };
    let fine = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
    fine && bits.parse::<u32>().is_ok_and(|bits| bits <= most) && is_ip_with_zeros(address)
}

/// Octets with `:` or `-`, or pairs of octets with dots; 6, 8 or 20 octets.
pub(super) fn is_mac(text: &str) -> bool {
    let (separator, width) = match text.as_bytes() {
        [_, _, b':', ..] => (':', 2),
        [_, _, b'-', ..] => ('-', 2),
        [_, _, _, _, b'.', ..] => ('.', 4),
        _ => return false,
    };
    let groups = text.split(separator).count();
    let octets = groups * width / 2;
    matches!(octets, 6 | 8 | 20)
        && text.split(separator).all(|group| group.len() == width && group.bytes().all(|b| b.is_ascii_hexdigit()))
}
