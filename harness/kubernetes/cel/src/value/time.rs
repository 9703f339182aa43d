//! Points and spans of time, read and written as Go does.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil;
use jiff::tz::{Offset, TimeZone};

use super::EvalError;

const NANOS: i64 = 1_000_000_000;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const EARLIEST: i64 = -62_135_596_800;
const LATEST: i64 = 253_402_300_799;

/// A point in time, with the offset that it was written with.
#[derive(Debug, Clone, Copy)]
pub struct Timestamp {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    /// Below a thousand million.
    pub(crate) nanos: u32,
    /// Seconds east of Greenwich.
    offset: i32,
}

/// A span of time, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub i64);

impl Timestamp {
    pub(crate) fn from_unix(seconds: i64) -> Result<Self, EvalError> {
        Self { seconds, nanos: 0, offset: 0 }.checked()
    }

    fn checked(self) -> Result<Self, EvalError> {
        let fits = (EARLIEST..=LATEST).contains(&self.seconds);
        if fits { Ok(self) } else { Err(EvalError::Overflow("timestamp")) }
    }

    /// RFC 3339, as Go's `time.Parse` takes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let zone = time.find(['Z', '+', '-'])?;
        Self::assemble(date, &time[..zone], &time[zone..])
    }

    /// The forms that Kubernetes' `date-time` takes: RFC 3339 in either case, also with a space, without offset or without colons.
    pub(crate) fn parse_loosely(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let (date, time) = upper.split_once(['T', ' '])?;
        let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
        let offset = match &time[zone..] {
            "" => "Z".to_owned(),
            short if short.len() == 5 && !short.contains(':') => format!("{}:{}", &short[..3], &short[3..]),
            other => other.to_owned(),
        };
        Self::assemble(date, &time[..zone], &offset)
    }

    /// `2006-01-02`
    pub(crate) fn parse_date(text: &str) -> Option<Self> {
        Self::assemble(text, "00:00:00", "Z")
    }

    fn assemble(date: &str, time: &str, zone: &str) -> Option<Self> {
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let (clock, fraction) = time.split_once(['.', ',']).unwrap_or((time, "0"));
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let is_fraction = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
        let nanos: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
        let offset = match zone.split_at_checked(1)? {
            ("Z", "") => 0,
            (sign @ ("+" | "-"), rest) => {
                let [hours, minutes] = numbers(rest, ':', [2, 2])?;
                let seconds = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
                if sign == "-" { -seconds } else { seconds }
            }
            _ => return None,
        };
        let small = |n: i32| i8::try_from(n).ok();
        let date = civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
        let time = civil::Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
        let local = date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
        let nanos = is_fraction.then(|| nanos.parse().ok())??;
        Some(Self { seconds: local - i64::from(offset), nanos, offset })
    }

    pub(crate) fn add(self, duration: Duration) -> Result<Self, EvalError> {
        let nanos = i64::from(self.nanos) + duration.0.rem_euclid(NANOS);
        let seconds = self.seconds.checked_add(duration.0.div_euclid(NANOS) + nanos / NANOS);
        let seconds = seconds.ok_or(EvalError::Overflow("timestamp"))?;
        Self { seconds, nanos: u32::try_from(nanos % NANOS).unwrap_or_default(), ..self }.checked()
    }

    pub(crate) fn subtract(self, duration: Duration) -> Result<Self, EvalError> {
        self.add(duration.negate()?)
    }

    pub(crate) fn since(self, earlier: Self) -> Result<Duration, EvalError> {
        let nanos = i128::from(self.seconds - earlier.seconds) * i128::from(NANOS) + i128::from(self.nanos)
            - i128::from(earlier.nanos);
        i64::try_from(nanos).map(Duration).map_err(|_| EvalError::Overflow("timestamp"))
    }

    /// Date and time in a zone: a name, an offset (`+01:30`), or none for UTC.
    pub(crate) fn in_zone(self, zone: Option<&str>) -> Result<civil::DateTime, EvalError> {
        let instant = jiff::Timestamp::new(self.seconds, i32::try_from(self.nanos).unwrap_or_default());
        let instant = instant.map_err(|why| EvalError::other(why.to_string()))?;
        Ok(instant.to_zoned(zone.map_or(Ok(TimeZone::UTC), find_zone)?).datetime())
    }
}

/// Numbers of so many digits, with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i32; N]> {
    let mut out = [0; N];
    let mut parts = text.split(separator);
    for (slot, digits) in out.iter_mut().zip(digits) {
        let part = parts.next()?;
        let fits = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        *slot = fits.then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(out)
}

fn find_zone(name: &str) -> Result<TimeZone, EvalError> {
    let Some((hours, minutes)) = name.split_once(':') else {
        if name.is_empty() {
            return Ok(TimeZone::UTC);
        }
        return TimeZone::get(name).map_err(|_| EvalError::other(format!("unknown time zone {name}")));
    };
    let number = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let syntax =
            || EvalError::other(format!("strconv.Atoi: parsing {}: invalid syntax", proofmark_status::quote(text)));
        digits.parse::<i32>().map_err(|_| syntax())
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minutes = if name.starts_with('-') { -minutes } else { minutes };
    let seconds = hours.saturating_mul(3600).saturating_add(minutes.saturating_mul(60));
    let offset = Offset::from_seconds(seconds).map_err(|why| EvalError::other(why.to_string()))?;
    Ok(TimeZone::fixed(offset))
}

/// Points in time are compared wherever they were written.
impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos))
    }
}

/// RFC 3339 with as many digits as needed.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = jiff::Timestamp::from_second(self.seconds + i64::from(self.offset)).map_err(|_| fmt::Error)?;
        let local = local.to_zoned(TimeZone::UTC).datetime();
        write!(f, "{:04}-{:02}-{:02}T", local.year(), local.month(), local.day())?;
        write!(f, "{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())?;
        if self.nanos > 0 {
            write!(f, ".{}", format!("{:09}", self.nanos).trim_end_matches('0'))?;
        }
        if self.offset == 0 {
            return f.write_str("Z");
        }
        let (sign, minutes) = (if self.offset < 0 { '-' } else { '+' }, self.offset.abs() / 60);
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// Units of durations, in nanoseconds.
const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS),
    ("m", 60 * NANOS),
    ("h", 3600 * NANOS),
];

impl Duration {
    /// What Go's `time.ParseDuration` takes: `1h30m`, `-1.5s`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let negative = text.starts_with('-');
        let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        if rest == "0" {
            return Some(Self(0));
        }
        let mut total: i128 = 0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let end = rest.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            let unit = UNITS.iter().find(|(name, _)| *name == unit)?.1;
            total += amount(number, unit)?;
            rest = after;
        }
        i64::try_from(if negative { -total } else { total }).ok().map(Self)
    }

    /// The forms that Kubernetes' `duration` takes: Go's, or numbers and units in words (`3 days`).
    pub(crate) fn parse_loosely(text: &str) -> Option<Self> {
        const WORDS: [(&[&str], i64); 8] = [
            (&["ns", "nano"], 1),
            (&["us", "µs", "micro"], 1_000),
            (&["ms", "milli"], 1_000_000),
            (&["s", "sec"], NANOS),
            (&["m", "min"], 60 * NANOS),
            (&["h", "hr", "hour"], 3600 * NANOS),
            (&["d", "day"], 24 * 3600 * NANOS),
            (&["w", "wk", "week"], 7 * 24 * 3600 * NANOS),
        ];
        if let Some(duration) = Self::parse(text) {
            return Some(duration);
        }
        let mut total: Option<i64> = None;
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let digits = &rest[start..];
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let after = digits[end..].trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
            let word = after.find(|c: char| !(c.is_ascii_alphabetic() || c == 'µ')).unwrap_or(after.len());
            let unit = after[..word].to_lowercase();
            let fits = |names: &[&str]| {
                names.contains(&unit.as_str()) || names.last().is_some_and(|last| unit.starts_with(last))
            };
            if let Some((_, unit)) = WORDS.iter().find(|(names, _)| !unit.is_empty() && fits(names)) {
                let count: i64 = digits[..end].parse().ok()?;
                total = Some(total.unwrap_or_default().wrapping_add(count.wrapping_mul(*unit)));
            }
            rest = &after[word..];
        }
        total.map(Self)
    }

    pub(crate) fn negate(self) -> Result<Self, EvalError> {
        self.0.checked_neg().map(Self).ok_or(EvalError::Overflow("duration"))
    }

    #[expect(clippy::cast_precision_loss, reason = "as Go's Duration.Seconds")]
    fn seconds(self) -> f64 {
        (self.0 / NANOS) as f64 + (self.0 % NANOS) as f64 / NANOS as f64
    }
}

/// A number with an optional fraction, in nanoseconds.
fn amount(number: &str, unit: i64) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digits: String = fraction.chars().take(18).collect();
    let places = 10_i128.pow(u32::try_from(digits.len()).ok()?);
    let part: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let total = whole.checked_mul(i128::from(unit))?.checked_add(part * i128::from(unit) / places)?;
    (total <= i128::from(i64::MAX) + 1).then_some(total)
}

/// In seconds: `90s`, `0.5s`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_as_in_go() {
        let cases = [
            ("2024-02-29T12:34:56Z", Some("2024-02-29T12:34:56Z")),
            ("2024-02-29T12:34:56.500+01:30", Some("2024-02-29T12:34:56.5+01:30")),
            ("2024-02-29T12:34:56+00:00", Some("2024-02-29T12:34:56Z")),
            ("2023-02-29T12:34:56Z", None),
            ("2024-02-29 12:34:56Z", None),
            ("2024-02-29T12:34Z", None),
            ("2024-02-29", None),
        ];
        for (text, want) in cases {
            assert_eq!(Timestamp::parse(text).map(|t| t.to_string()).as_deref(), want, "{text}");
        }
        assert_eq!(Timestamp::parse_loosely("2024-02-29t12:34:56z").map(|t| t.seconds), Some(1_709_210_096));
    }

    #[test]
    fn durations_are_read_and_written_as_in_go() {
        let cases = [
            ("1h30m", Some("5400s")),
            ("-1.5s", Some("-1.5s")),
            ("0", Some("0s")),
            ("1us", Some("0.000001s")),
            (".5m", Some("30s")),
            ("1", None),
            ("1d", None),
            ("", None),
            ("9999999999h", None),
        ];
        for (text, want) in cases {
            assert_eq!(Duration::parse(text).map(|d| d.to_string()).as_deref(), want, "{text}");
        }
        assert_eq!(Duration::parse_loosely("3 days"), Some(Duration(3 * 86_400 * NANOS)));
        assert_eq!(Duration::parse_loosely("soon"), None);
    }

    #[test]
    fn zones() {
        let time = Timestamp::parse("2024-07-01T22:00:00Z").expect("well formed");
        let hour = |zone| time.in_zone(zone).map(|t| t.hour());
        assert_eq!(hour(None), Ok(22));
        assert_eq!(hour(Some("Europe/Berlin")), Ok(0));
        assert_eq!(hour(Some("-02:30")), Ok(19));
        assert_eq!(hour(Some("Nowhere")), Err(EvalError::other("unknown time zone Nowhere")));
    }
}
