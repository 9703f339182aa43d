//! Values of Kubernetes' libraries.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use proofmark_text::Url;
use proofmark_text::quantity::Quantity;

use crate::library::authorizer::Check;
use crate::library::named_format::NamedFormat;
use crate::library::net::Cidr;
use crate::library::semver::Version;

/// A value that only the functions of a library can look into.
#[derive(Debug, Clone)]
pub enum Opaque<'v> {
    /// `quantity('1Gi')`
    Quantity(Arc<Quantity>),
    /// `url('https://example.com')`
    Url(Arc<Url>),
    /// `ip('10.0.0.1')`
    Ip(IpAddr),
    /// `cidr('10.0.0.0/8')`
    Cidr(Cidr),
    /// `semver('1.2.3')`
    Semver(Arc<Version>),
    /// `format.dns1123Label()`
    Format(&'static NamedFormat),
    /// `authorizer`, and what is asked of it.
    Authorizer(Check<'v>),
}

impl Opaque<'_> {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
            Self::Authorizer(check) => check.type_name(),
        }
    }

    /// Addresses are measured in bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Ip(ip) => address_size(*ip),
            Self::Cidr(cidr) => address_size(cidr.address),
            _ => 1,
        }
    }
}

fn address_size(ip: IpAddr) -> usize {
    if ip.is_ipv4() { 4 } else { 16 }
}

/// Equality within a library; values of different types are different.
impl PartialEq for Opaque<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Quantity(a), Self::Quantity(b)) => a == b,
            (Self::Url(a), Self::Url(b)) => a == b,
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Cidr(a), Self::Cidr(b)) => a == b,
            (Self::Semver(a), Self::Semver(b)) => a.cmp(b).is_eq(),
            (Self::Format(a), Self::Format(b)) => a.name == b.name,
            (Self::Authorizer(a), Self::Authorizer(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Opaque<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity(quantity) => write!(f, "{quantity}"),
            Self::Ip(ip) => write!(f, "{ip}"),
            Self::Cidr(cidr) => write!(f, "{cidr}"),
            Self::Semver(version) => write!(f, "{version}"),
            Self::Url(_) | Self::Format(_) | Self::Authorizer(_) => f.write_str(self.type_name()),
        }
    }
}
