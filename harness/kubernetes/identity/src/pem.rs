//! The PEM armour (RFC 7468) around DER.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Armours DER bytes: 64 columns and a final newline, as OpenSSL and Go write it.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// The DER bytes of the first section with this label; `None` when there is none or its base64 is broken.
pub(crate) fn decode(label: &str, text: &str) -> Option<Vec<u8>> {
    let (_, after) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = after.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armour_round_trips_and_wraps_at_64_columns() {
        for length in [0, 1, 47, 48, 49, 500] {
            let der = vec![7u8; length];
            let text = encode("CERTIFICATE", &der);
            assert!(text.lines().all(|line| line.len() <= 64));
            assert_eq!(decode("CERTIFICATE", &text), Some(der));
            assert_eq!(decode("PRIVATE KEY", &text), None);
        }
    }

    #[test]
    fn broken_base64_is_nothing() {
        assert_eq!(decode("X", "-----BEGIN X-----\n!!\n-----END X-----"), None);
        assert_eq!(decode("X", "-----BEGIN X-----\nAAAA"), None);
    }
}
