//! Addresses as Go's `net/netip` reads them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proofmark_status::quote;

/// An address that was read.
pub(super) struct Parsed {
    pub(super) address: IpAddr,
    /// Whether a zone followed (`fe80::1%eth0`).
    pub(super) has_zone: bool,
}

/// What is wrong, and where, if that is said.
type Mistake<'t> = (&'static str, Option<&'t str>);

/// Reads an address.
///
/// # Errors
/// The complaint of `ParseAddr`.
pub(super) fn address(text: &str) -> Result<Parsed, String> {
    let read = match text.find(['.', ':', '%']).and_then(|at| text[at..].chars().next()) {
        Some('.') => v4(text).map(|ip| Parsed { address: ip.into(), has_zone: false }),
        Some(':') => v6(text),
        Some(_) => Err(("missing IPv6 address", None)),
        None => Err(("unable to parse IP", None)),
    };
    read.map_err(|(what, place)| {
        let place = place.map(|at| format!(" (at {})", quote(at))).unwrap_or_default();
        format!("ParseAddr({}): {what}{place}", quote(text))
    })
}

/// Reads an address and a number of bits.
///
/// # Errors
/// The complaint of `netip.ParsePrefix`.
pub(super) fn prefix(text: &str) -> Result<(IpAddr, u8), String> {
    let failed = |what: &str| format!("netip.ParsePrefix({}): {what}", quote(text));
    let (ip, bits) = text.rsplit_once('/').ok_or_else(|| failed("no '/'"))?;
    let parsed = address(ip).map_err(|what| failed(&what))?;
    if parsed.has_zone {
        return Err(failed("IPv6 zones cannot be present in a prefix"));
    }
    let most = if parsed.address.is_ipv4() { 32 } else { 128 };
    let plain = bits.bytes().all(|b| b.is_ascii_digit()) && (bits.len() == 1 || !bits.starts_with('0'));
    let bits = bits
        .parse::<u64>()
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| failed(&format!("bad bits after slash: {}", quote(bits))))?;
    let bits = u8::try_from(bits).ok().filter(|bits| *bits <= most);
    Ok((parsed.address, bits.ok_or_else(|| failed("prefix length out of range"))?))
}

fn v4(text: &str) -> Result<Ipv4Addr, Mistake<'_>> {
    let mut octets = [0_u8; 4];
    let (mut at, mut value, mut digits) = (0, 0_u16, 0);
    for (i, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' if digits == 1 && value == 0 => return Err(("IPv4 field has octet with leading zero", None)),
            b'0'..=b'9' => {
                value = value * 10 + u16::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return Err(("IPv4 field has value >255", None));
                }
            }
            b'.' if digits == 0 || i + 1 == text.len() => {
                return Err(("IPv4 field must have at least one digit", text.get(i..)));
            }
            b'.' if at == 3 => return Err(("IPv4 address too long", None)),
            b'.' => {
                octets[at] = u8::try_from(value).unwrap_or_default();
                (at, value, digits) = (at + 1, 0, 0);
            }
            _ => return Err(("unexpected character", text.get(i..))),
        }
    }
    if at < 3 {
        return Err(("IPv4 address too short", None));
    }
    octets[3] = u8::try_from(value).unwrap_or_default();
    Ok(octets.into())
}

fn v6(text: &str) -> Result<Parsed, Mistake<'_>> {
    let (mut rest, zone) = text.split_once('%').map_or((text, None), |(rest, zone)| (rest, Some(zone)));
    if zone == Some("") {
        return Err(("zone must be a non-empty string", None));
    }
    let mut groups: Vec<u16> = Vec::with_capacity(8);
    let mut gap = None;
    if let Some(after) = rest.strip_prefix("::") {
        gap = Some(0);
        rest = after;
    }
    while !rest.is_empty() && groups.len() < 8 {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits > 4 {
            return Err(("each group must have 4 or fewer digits", Some(rest)));
        }
        if digits == 0 {
            return Err(("each colon-separated field must have at least one digit", Some(rest)));
        }
        if rest[digits..].starts_with('.') {
            if gap.is_none() && groups.len() != 6 {
                return Err(("embedded IPv4 address must replace the final 2 fields of the address", Some(rest)));
            }
            if groups.len() > 6 {
                return Err(("too many hex fields to fit an embedded IPv4 at the end of the address", Some(rest)));
            }
            let [a, b, c, d] = v4(rest)?.octets();
            groups.extend([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
            rest = "";
            break;
        }
        groups.push(u16::from_str_radix(&rest[..digits], 16).unwrap_or_default());
        rest = &rest[digits..];
        if rest.is_empty() {
            break;
        }
        let Some(after) = rest.strip_prefix(':') else { return Err(("unexpected character, want colon", Some(rest))) };
        if after.is_empty() {
            return Err(("colon must be followed by more characters", Some(rest)));
        }
        rest = after;
        if let Some(after) = rest.strip_prefix(':') {
            if gap.is_some() {
                return Err(("multiple :: in address", Some(rest)));
            }
            gap = Some(groups.len());
            rest = after;
        }
    }
    if !rest.is_empty() {
        return Err(("trailing garbage after address", Some(rest)));
    }
    match gap {
        None if groups.len() < 8 => return Err(("address string too short", None)),
        Some(_) if groups.len() == 8 => return Err(("the :: must expand to at least one field of zeros", None)),
        Some(gap) => {
            let zeros = vec![0; 8 - groups.len()];
            groups.splice(gap..gap, zeros);
        }
        None => {}
    }
    let segments: [u16; 8] = groups.try_into().map_err(|_| ("address string too short", None))?;
    Ok(Parsed { address: Ipv6Addr::from(segments).into(), has_zone: zone.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_complaints() {
        let cases = [
            ("10.0.0.1", Ok("10.0.0.1")),
            ("::1", Ok("::1")),
            ("2001:db8::a:0:0:1", Ok("2001:db8::a:0:0:1")),
            ("::ffff:1.2.3.4", Ok("::ffff:1.2.3.4")),
            ("fe80::1%eth0", Ok("fe80::1")),
            ("1.2.3", Err("IPv4 address too short")),
            ("1.2.3.4.5", Err("IPv4 address too long")),
            ("1.2.3.256", Err("IPv4 field has value >255")),
            ("01.2.3.4", Err("IPv4 field has octet with leading zero")),
            ("1..2.3", Err("IPv4 field must have at least one digit (at \".2.3\")")),
            ("1.2.3.x", Err("unexpected character (at \"x\")")),
            ("abc", Err("unable to parse IP")),
            ("", Err("unable to parse IP")),
            ("1:2:3", Err("address string too short")),
            ("1::2::3", Err("multiple :: in address (at \":3\")")),
            ("12345::", Err("each group must have 4 or fewer digits (at \"12345::\")")),
            ("1:2:3:4:5:6:7:8:9", Err("trailing garbage after address (at \"9\")")),
        ];
        for (text, want) in cases {
            let got = address(text).map(|parsed| parsed.address.to_string());
            let want = want.map(str::to_owned).map_err(|what| format!("ParseAddr({}): {what}", quote(text)));
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn prefixes_and_complaints() {
        let cases = [
            ("10.0.0.0/8", Ok(8)),
            ("::/0", Ok(0)),
            ("10.0.0.0", Err("no '/'")),
            ("10.0.0.0/33", Err("prefix length out of range")),
            ("10.0.0.0/08", Err("bad bits after slash: \"08\"")),
            ("10.0.0.0/", Err("bad bits after slash: \"\"")),
            ("10.0.0/8", Err("ParseAddr(\"10.0.0\"): IPv4 address too short")),
        ];
        for (text, want) in cases {
            let want = want.map_err(|what| format!("netip.ParsePrefix({}): {what}", quote(text)));
            assert_eq!(prefix(text).map(|(_, bits)| bits), want, "{text}");
        }
    }
}
