//! A value of a condition, compiled for its operator.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;

use super::operator::{Order, Test};
use crate::context::Keys;
use crate::pattern::{ArnPattern, Pattern, Syntax};

/// What a key is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expected {
    Text(Pattern),
    Number(f64, Order),
    Date(Timestamp, Order),
    Bool(bool),
    Binary(Vec<u8>),
    Network {
        address: IpAddr,
        bits: u32,
    },
    Arn(ArnPattern),
    /// A value that is none of its operator's type matches nothing.
    Misfit,
}

impl Expected {
    pub(super) fn new(test: Test, text: &str, variables: bool) -> Self {
        let pattern =
            |wildcards, ignore_case| Self::Text(Pattern::new(text, Syntax { wildcards, variables, ignore_case }));
        let parsed = match test {
            Test::String => Some(pattern(false, false)),
            Test::StringIgnoreCase => Some(pattern(false, true)),
            Test::StringLike => Some(pattern(true, false)),
            Test::Numeric(order) => number(text).map(|n| Self::Number(n, order)),
            Test::Date(order) => date(text).map(|d| Self::Date(d, order)),
            Test::Bool | Test::Null => boolean(text).map(Self::Bool),
            Test::Binary => BASE64_STANDARD.decode(text).ok().map(Self::Binary),
            Test::Ip => network(text),
            Test::Arn => Some(Self::Arn(ArnPattern::new(text, variables))),
        };
        parsed.unwrap_or(Self::Misfit)
    }

    /// Whether a value of the request matches. A variable that cannot be resolved matches nothing.
    pub(super) fn matches(&self, given: &str, keys: &dyn Keys) -> bool {
        match self {
            Self::Text(pattern) => pattern.matches(given, keys) == Ok(true),
            Self::Arn(pattern) => pattern.matches(given, keys) == Ok(true),
            Self::Number(expected, order) => {
                number(given).and_then(|n| n.partial_cmp(expected)).is_some_and(|o| order.holds(o))
            }
            Self::Date(expected, order) => date(given).is_some_and(|d| order.holds(d.cmp(expected))),
            Self::Bool(expected) => boolean(given) == Some(*expected),
            Self::Binary(expected) => BASE64_STANDARD.decode(given).is_ok_and(|bytes| bytes == *expected),
            Self::Network { address, bits } => given.parse().is_ok_and(|given| contains(*address, *bits, given)),
            Self::Misfit => false,
        }
    }

    /// Whether only one value, or the addresses of one network, can match.
    pub(super) fn is_fixed(&self) -> bool {
        match self {
            Self::Text(pattern) => pattern.is_literal(),
            Self::Arn(pattern) => pattern.is_literal(),
            Self::Network { bits, .. } => *bits > 0,
            Self::Number(..) | Self::Date(..) | Self::Bool(_) | Self::Binary(_) | Self::Misfit => true,
        }
    }

    /// Whether it is the boolean `true`.
    pub(super) fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        t if t.eq_ignore_ascii_case("true") => Some(true),
        t if t.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|n: &f64| n.is_finite())
}

/// ISO 8601 in the forms of the W3C note (a day alone means its midnight), or seconds since 1970.
fn date(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>()
        && text.len() > 4
    {
        return Timestamp::from_second(seconds).ok();
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let day = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let day: Date = day.parse().ok()?;
    day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
}

fn network(text: &str) -> Option<Expected> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some(Expected::Network { address, bits })
}

fn contains(network: IpAddr, bits: u32, given: IpAddr) -> bool {
    // Both as 128 bits, aligned at the top.
    let top = |address| match address {
        IpAddr::V4(a) => u128::from(u32::from(a)) << 96,
        IpAddr::V6(a) => u128::from(a),
    };
    if network.is_ipv4() != given.is_ipv4() {
        return false;
    }
    let differing = top(network) ^ top(given);
    bits == 0 || (differing >> (128 - bits)).cmp(&0) == Ordering::Equal
}
