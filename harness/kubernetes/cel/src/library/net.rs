//! Addresses and networks: `cidr('10.0.0.0/8').containsIP('10.1.2.3')`.
//!
//! Addresses are read as Go's `net/netip` reads them, whose complaints are part of the messages.

mod parse;

use std::fmt;
use std::net::IpAddr;

use proofmark_status::quote;

use super::mismatch;
use crate::types::Functions;
use crate::value::{EvalError, Evaluated, Opaque, Value};

/// An address and the length of its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// The address as written, which need not be the network's first.
    pub address: IpAddr,
    /// The number of bits that the network has in common.
    pub bits: u8,
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Cidr {
    fn masked(self) -> Self {
        let address = match self.address {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or_default();
                IpAddr::V4((u32::from(ip) & mask).into())
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or_default();
                IpAddr::V6((u128::from(ip) & mask).into())
            }
        };
        Self { address, ..self }
    }

    fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && Self { address, ..self }.masked() == self.masked()
    }
}

pub(super) fn declare(functions: &mut Functions) {
    functions.global("ip", "string_to_ip", "string -> net.IP", |args| match args {
        [Value::String(text)] => ip(text).map(|ip| Value::Opaque(Opaque::Ip(ip))),
        _ => mismatch(),
    });
    functions.global("isIP", "is_ip", "string -> bool", |args| match args {
        [Value::String(text)] => Ok(Value::Bool(ip(text).is_ok())),
        _ => mismatch(),
    });
    functions.global("ip.isCanonical", "ip_is_canonical", "string -> bool", |args| match args {
        [Value::String(text)] => Ok(Value::Bool(ip(text)?.to_string() == **text)),
        _ => mismatch(),
    });
    functions
        .global("string", "ip_to_string", "net.IP -> string", |args| with_ip(args, |ip| Value::string(ip.to_string())));
    functions.method("family", "ip_family", "net.IP -> int", |args| {
        with_ip(args, |ip| Value::Int(if ip.is_ipv4() { 4 } else { 6 }))
    });
    let mut test = |name, id, body| functions.method(name, id, "net.IP -> bool", body);
    test("isUnspecified", "ip_is_unspecified", |args| with_ip(args, |ip| Value::Bool(ip.is_unspecified())));
    test("isLoopback", "ip_is_loopback", |args| with_ip(args, |ip| Value::Bool(ip.is_loopback())));
    test("isLinkLocalMulticast", "ip_is_link_local_multicast", |args| {
        with_ip(args, |ip| Value::Bool(is_link_local_multicast(ip)))
    });
    test("isLinkLocalUnicast", "ip_is_link_local_unicast", |args| with_ip(args, |ip| Value::Bool(is_link_local(ip))));
    test("isGlobalUnicast", "ip_is_global_unicast", |args| with_ip(args, |ip| Value::Bool(is_global(ip))));
    declare_cidr(functions);
}

fn declare_cidr(functions: &mut Functions) {
    functions.global("cidr", "string_to_cidr", "string -> net.CIDR", |args| match args {
        [Value::String(text)] => cidr(text).map(|cidr| Value::Opaque(Opaque::Cidr(cidr))),
        _ => mismatch(),
    });
    functions.global("isCIDR", "is_cidr", "string -> bool", |args| match args {
        [Value::String(text)] => Ok(Value::Bool(cidr(text).is_ok())),
        _ => mismatch(),
    });
    functions.global("string", "cidr_to_string", "net.CIDR -> string", |args| {
        with_cidr(args, |cidr| Value::string(cidr.to_string()))
    });
    functions.method("ip", "cidr_ip", "net.CIDR -> net.IP", |args| {
        with_cidr(args, |cidr| Value::Opaque(Opaque::Ip(cidr.address)))
    });
    functions.method("prefixLength", "cidr_prefix_length", "net.CIDR -> int", |args| {
        with_cidr(args, |cidr| Value::Int(cidr.bits.into()))
    });
    functions.method("masked", "cidr_masked", "net.CIDR -> net.CIDR", |args| {
        with_cidr(args, |cidr| Value::Opaque(Opaque::Cidr(cidr.masked())))
    });
    functions.method("containsIP", "cidr_contains_ip_string", "net.CIDR, string -> bool", contains_ip);
    functions.method("containsIP", "cidr_contains_ip_ip", "net.CIDR, net.IP -> bool", contains_ip);
    functions.method("containsCIDR", "cidr_contains_cidr_string", "net.CIDR, string -> bool", contains_cidr);
    functions.method("containsCIDR", "cidr_contains_cidr", "net.CIDR, net.CIDR -> bool", contains_cidr);
}

fn with_ip<'v>(args: &[Value<'v>], body: fn(IpAddr) -> Value<'v>) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Ip(ip))] = args else { return mismatch() };
    Ok(body(*ip))
}

fn with_cidr<'v>(args: &[Value<'v>], body: fn(Cidr) -> Value<'v>) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Cidr(cidr))] = args else { return mismatch() };
    Ok(body(*cidr))
}

fn contains_ip<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let (cidr, other) = match args {
        [Value::Opaque(Opaque::Cidr(cidr)), Value::Opaque(Opaque::Ip(other))] => (cidr, *other),
        // What cannot be read is no address, and then the function does not fit.
        [Value::Opaque(Opaque::Cidr(cidr)), Value::String(text)] => {
            (cidr, ip(text).map_err(|_| EvalError::NoSuchOverload)?)
        }
        _ => return mismatch(),
    };
    Ok(Value::Bool(cidr.contains(other)))
}

fn contains_cidr<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let (outer, inner) = match args {
        [Value::Opaque(Opaque::Cidr(outer)), Value::Opaque(Opaque::Cidr(inner))] => (outer, *inner),
        [Value::Opaque(Opaque::Cidr(outer)), Value::String(text)] => (outer, cidr(text)?),
        _ => return mismatch(),
    };
    Ok(Value::Bool(outer.bits <= inner.bits && outer.contains(inner.address)))
}

fn ip(text: &str) -> Result<IpAddr, EvalError> {
    let shown = quote(text);
    let parsed = parse::address(text).map_err(|why| {
        EvalError::other(format!("IP Address {shown} parse error during conversion from string: {why}"))
    })?;
    if parsed.has_zone {
        return Err(EvalError::other(format!("IP address {shown} with zone value is not allowed")));
    }
    if is_mapped(parsed.address) {
        return Err(EvalError::other(format!("IPv4-mapped IPv6 address {shown} is not allowed")));
    }
    Ok(parsed.address)
}

fn cidr(text: &str) -> Result<Cidr, EvalError> {
    const FAILED: &str = "network address parse error during conversion from string: ";
    let (address, bits) = parse::prefix(text).map_err(|why| EvalError::other(format!("{FAILED}{FAILED}{why}")))?;
    if is_mapped(address) {
        return Err(EvalError::other(format!("{FAILED}IPv4-mapped IPv6 address {} is not allowed", quote(text))));
    }
    Ok(Cidr { address, bits })
}

fn is_mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn is_link_local_multicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets().starts_with(&[224, 0, 0]),
        IpAddr::V6(ip) => ip.segments().first().is_some_and(|first| first & 0xff0f == 0xff02),
    }
}

fn is_global(ip: IpAddr) -> bool {
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(is_broadcast || ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || is_link_local(ip))
}
