//! IP addresses and networks as Kubernetes reads them: older fields take forms that newer ones refuse.
//!
//! Old fields allow leading zeros in octets and lengths, and IPv4 inside of IPv6; [`address_warning`] and [`network_warnings`] tell
//! what their authors should know. New fields take the canonical form only: [`canonical_address`], [`canonical_network`].
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation/ip.go`, release 1.35.

use std::net::IpAddr;

use proofmark_status::quote;

use crate::content::{self, parse_ip};

/// An address with the length of its network's prefix: `10.0.0.1/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    /// The address as it was given.
    pub(crate) address: IpAddr,
    /// How many bits of it name the network.
    pub(crate) length: u8,
}

impl Network {
    /// Reads a network as older fields do.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let (address, mapped) = (parse_ip(address)?, address.contains(':'));
        let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
        let length: u8 = length.parse().ok().filter(|_| digits)?;
        match address {
            IpAddr::V4(_) if mapped => length.checked_sub(96).filter(|n| *n <= 32),
            IpAddr::V4(_) => Some(length).filter(|n| *n <= 32),
            IpAddr::V6(_) => Some(length).filter(|n| *n <= 128),
        }
        .map(|length| Self { address, length })
    }

    /// The first address of the network.
    pub(crate) fn first(self) -> IpAddr {
        let keep = |bits: u32| bits - u32::from(self.length).min(bits);
        match self.address {
            IpAddr::V4(a) => IpAddr::V4((a.to_bits() & u32::MAX.checked_shl(keep(32)).unwrap_or(0)).into()),
            IpAddr::V6(a) => IpAddr::V6((a.to_bits() & u128::MAX.checked_shl(keep(128)).unwrap_or(0)).into()),
        }
    }

    /// Whether an address is in the network.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4() && Self { address, ..self }.first() == self.first()
    }

    fn canonical(self) -> String {
        format!("{}/{}", self.first(), self.length)
    }
}

/// Whether an address is written as `netip` reads it; IPv4 inside of IPv6 is.
fn is_strict(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok()
}

/// Whether this is IPv4 written as IPv6.
fn is_mapped(address: &str) -> bool {
    address.contains(':') && parse_ip(address).is_some_and(|a| a.is_ipv4())
}

/// Whether a length is written without leading zeros.
fn is_plain(length: &str) -> bool {
    length == "0" || !length.starts_with('0')
}

/// What the author of an address in an older field should know; nothing about what is no address.
pub(crate) fn address_warning(text: &str) -> Option<String> {
    let address = parse_ip(text)?;
    let (given, better) = (quote(text), quote(&address.to_string()));
    if !is_strict(text) || is_mapped(text) {
        return Some(format!(
            "non-standard IP address {given} will be considered invalid in a future Kubernetes release: use {better}"
        ));
    }
    let short = address.is_ipv4() || address.to_string() == text;
    (!short).then(|| format!("IPv6 address {given} should be in RFC 5952 canonical format ({better})"))
}

/// What the author of a network in an older field should know; nothing about what is no network.
pub(crate) fn network_warnings(text: &str) -> Vec<String> {
    let (Some(network), Some((address, length))) = (Network::parse(text), text.split_once('/')) else {
        return Vec::new();
    };
    let (given, better) = (quote(text), quote(&network.canonical()));
    let mut out = Vec::new();
    if network.first() != network.address {
        let single = quote(&format!("{}/{}", network.address, if network.address.is_ipv4() { 32 } else { 128 }));
        out.push(format!("CIDR value {given} is ambiguous in this context (should be {better} or {single}?)"));
    }
    if !is_strict(address) || is_mapped(address) || !is_plain(length) {
        out.push(format!(
            "non-standard CIDR value {given} will be considered invalid in a future Kubernetes release: use {better}"
        ));
    }
    if out.is_empty() && network.address.is_ipv6() && network.canonical() != text {
        out.push(format!("IPv6 CIDR value {given} should be in RFC 5952 canonical format ({better})"));
    }
    out
}

/// Complaints about an address in a newer field.
pub(crate) fn canonical_address(text: &str) -> Vec<String> {
    let complaint = match parse_ip(text) {
        None => return content::ip(text),
        Some(_) if !is_strict(text) => "must not have leading 0s".to_owned(),
        Some(_) if is_mapped(text) => "must not be an IPv4-mapped IPv6 address".to_owned(),
        Some(address) if address.to_string() != text => {
            format!("must be in canonical form ({})", quote(&address.to_string()))
        }
        Some(_) => return Vec::new(),
    };
    vec![complaint]
}

/// Complaints about a network in a newer field.
pub(crate) fn canonical_network(text: &str) -> Vec<String> {
    let (Some(network), Some((address, length))) = (Network::parse(text), text.split_once('/')) else {
        return content::cidr(text);
    };
    let complaint = if !is_strict(address) || !is_plain(length) {
        "must not have leading 0s in IP or prefix length".to_owned()
    } else if is_mapped(address) {
        "must not have an IPv4-mapped IPv6 address".to_owned()
    } else if network.first() != network.address {
        "must not have bits set beyond the prefix length".to_owned()
    } else if network.canonical() != text {
        format!("must be in canonical form ({})", quote(&network.canonical()))
    } else {
        return Vec::new();
    };
    vec![complaint]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_fields_are_warned_of_odd_forms() {
        let odd = "will be considered invalid in a future Kubernetes release: use";
        let cases = [
            ("10.0.0.1", None),
            ("fe80::1", None),
            ("01.2.3.4", Some(format!("non-standard IP address \"01.2.3.4\" {odd} \"1.2.3.4\""))),
            ("::ffff:1.2.3.4", Some(format!("non-standard IP address \"::ffff:1.2.3.4\" {odd} \"1.2.3.4\""))),
            (
                "FE80::1",
                Some("IPv6 address \"FE80::1\" should be in RFC 5952 canonical format (\"fe80::1\")".to_owned()),
            ),
        ];
        for (text, want) in cases {
            assert_eq!(address_warning(text), want, "{text}");
        }
        let mapped = format!("non-standard CIDR value \"::ffff:1.2.3.0/120\" {odd} \"1.2.3.0/24\"");
        assert_eq!(network_warnings("::ffff:1.2.3.0/120"), [mapped]);
        let ambiguous =
            "CIDR value \"10.0.0.1/8\" is ambiguous in this context (should be \"10.0.0.0/8\" or \"10.0.0.1/32\"?)";
        assert_eq!(network_warnings("10.0.0.1/8"), [ambiguous]);
    }

    #[test]
    fn networks_contain_addresses_of_their_family() {
        let within = |ip: &str, network: &str| Network::parse(network).unwrap().contains(ip.parse().unwrap());
        assert!(
            within("10.1.2.3", "10.0.0.0/8")
                && within("1.2.3.4", "0.0.0.0/0")
                && within("2001:db8::1", "2001:db8::/32")
        );
        assert!(!within("11.0.0.1", "10.0.0.0/8") && !within("::1", "0.0.0.0/0"));
    }

    #[test]
    fn newer_fields_take_one_form() {
        for fine in ["10.5.0.0/24", "2001:db8::/112", "0.0.0.0/0"] {
            assert!(canonical_network(fine).is_empty(), "{fine}");
        }
        let cases = [
            ("10.5.0.1/24", "must not have bits set beyond the prefix length"),
            ("10.05.0.0/24", "must not have leading 0s in IP or prefix length"),
            ("2001:DB8::/112", "must be in canonical form (\"2001:db8::/112\")"),
        ];
        for (text, want) in cases {
            assert_eq!(canonical_network(text), [want]);
        }
        assert_eq!(canonical_address("192.168.001.1"), ["must not have leading 0s"]);
    }
}
