//! `metav1.Time` and `metav1.MicroTime`: reading and writing as Go does, with Go's words for what it cannot read.
//!
//! Times are held as seconds since 1970 (UTC) and nanoseconds; Go's zero time is the first second of year 1 and is written as null.

/// A moment as Go's `time.Time` holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) seconds: i64,
    /// Nanoseconds within that second.
    pub(crate) nanos: u32,
}

const SECONDS_PER_DAY: i64 = 86_400;

/// One step of a layout: the literal text before it, and what is read then.
type Step = (&'static str, &'static str, Element);

#[derive(Clone, Copy, PartialEq)]
enum Element {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Micros,
    Zone,
}

const RFC3339: (&str, &[Step]) = (
    "2006-01-02T15:04:05Z07:00",
    &[
        ("", "2006", Element::Year),
        ("-", "01", Element::Month),
        ("-", "02", Element::Day),
        ("T", "15", Element::Hour),
        (":", "04", Element::Minute),
        (":", "05", Element::Second),
        ("", "Z07:00", Element::Zone),
    ],
);

const RFC3339_MICRO: (&str, &[Step]) = (
    "2006-01-02T15:04:05.000000Z07:00",
    &[
        ("", "2006", Element::Year),
        ("-", "01", Element::Month),
        ("-", "02", Element::Day),
        ("T", "15", Element::Hour),
        (":", "04", Element::Minute),
        (":", "05", Element::Second),
        ("", ".000000", Element::Micros),
        ("", "Z07:00", Element::Zone),
    ],
);

impl Moment {
    /// Go's zero time.
    pub(crate) const ZERO: Self = Self { seconds: -62_135_596_800, nanos: 0 };

    /// Reads a `metav1.Time`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        parse(text, RFC3339.0, RFC3339.1)
    }

    /// Reads a `metav1.MicroTime`: exactly six digits after the second.
    pub(crate) fn parse_micro(text: &str) -> Result<Self, String> {
        parse(text, RFC3339_MICRO.0, RFC3339_MICRO.1)
    }

    /// Writes a `metav1.Time`: whole seconds, UTC; none for the zero time.
    pub(crate) fn format(self) -> Option<String> {
        (self != Self::ZERO).then(|| self.date_time() + "Z")
    }

    /// Writes a `metav1.MicroTime`; none for the zero time.
    pub(crate) fn format_micro(self) -> Option<String> {
        (self != Self::ZERO).then(|| format!("{}.{:06}Z", self.date_time(), self.nanos / 1000))
    }

    fn date_time(self) -> String {
        let (year, month, day) = civil(self.seconds.div_euclid(SECONDS_PER_DAY));
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY);
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }
}

/// Why one element does not fit.
enum Misfit {
    /// It is not what the layout says.
    Bad,
    /// It is a number beyond its range.
    Range(&'static str),
}

/// `time.Parse` for layouts of this module.
fn parse(text: &str, layout: &str, steps: &[Step]) -> Result<Moment, String> {
    let mut rest = text.as_bytes();
    let mut found = Parts::default();
    let cannot = |rest: &[u8], element: &str| {
        let (value, layout) = (quote(text.as_bytes()), quote(layout.as_bytes()));
        format!("parsing time {value} as {layout}: cannot parse {} as {}", quote(rest), quote(element.as_bytes()))
    };
    let micros = steps.iter().any(|(.., element)| *element == Element::Micros);
    for (prefix, name, element) in steps {
        match rest.strip_prefix(prefix.as_bytes()) {
            Some(after) => rest = after,
            None => return Err(cannot(rest, prefix)),
        }
        let before = rest;
        match found.read(*element, &mut rest, micros) {
            Ok(()) => {}
            Err(Misfit::Bad) => return Err(cannot(before, name)),
            Err(Misfit::Range(what)) => {
                return Err(format!("parsing time {}: {what} out of range", quote(text.as_bytes())));
            }
        }
    }
    if !rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quote(text.as_bytes()), quote(rest)));
    }
    if found.day < 1 || found.day > days_in(found.year, found.month) {
        return Err(format!("parsing time {}: day out of range", quote(text.as_bytes())));
    }
    let seconds = days(found.year, found.month, found.day) * SECONDS_PER_DAY
        + found.hour * 3600
        + found.minute * 60
        + found.second
        - found.offset;
    Ok(Moment { seconds, nanos: found.nanos })
}

#[derive(Default)]
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    offset: i64,
}

impl Parts {
    fn read(&mut self, element: Element, rest: &mut &[u8], micros: bool) -> Result<(), Misfit> {
        match element {
            Element::Year => {
                let (digits, after) = rest.split_at_checked(4).ok_or(Misfit::Bad)?;
                self.year = number(digits).ok_or(Misfit::Bad)?;
                *rest = after;
            }
            Element::Month => self.month = within(two_digits(rest, true)?, 1..=12, "month")?,
            Element::Day => self.day = two_digits(rest, true)?,
            Element::Hour => self.hour = within(two_digits(rest, false)?, 0..=23, "hour")?,
            Element::Minute => self.minute = within(two_digits(rest, true)?, 0..=59, "minute")?,
            Element::Second => {
                self.second = within(two_digits(rest, true)?, 0..=59, "second")?;
                // A fraction may follow though the layout has none.
                if !micros && matches!(rest, [b'.' | b',', digit, ..] if digit.is_ascii_digit()) {
                    let count = rest[1..].iter().take_while(|c| c.is_ascii_digit()).count();
                    self.nanos = fraction(&rest[1..=count]).ok_or(Misfit::Bad)?;
                    *rest = &rest[count + 1..];
                }
            }
            Element::Micros => {
                let (digits, after) = rest.split_at_checked(7).ok_or(Misfit::Bad)?;
                let [b'.' | b',', digits @ ..] = digits else {
                    return Err(Misfit::Bad);
                };
                self.nanos = fraction(digits).ok_or(Misfit::Bad)?;
                *rest = after;
            }
            Element::Zone => self.offset = zone(rest)?,
        }
        Ok(())
    }
}

fn zone(rest: &mut &[u8]) -> Result<i64, Misfit> {
    if let Some(after) = rest.strip_prefix(b"Z") {
        *rest = after;
        return Ok(0);
    }
    let [sign, h1, h2, b':', m1, m2, after @ ..] = *rest else {
        return Err(Misfit::Bad);
    };
    let hours = number(&[*h1, *h2]).ok_or(Misfit::Bad)?;
    let minutes = number(&[*m1, *m2]).ok_or(Misfit::Bad)?;
    // Go takes offsets of 24 hours and of 60 minutes: some people write them.
    within(hours, 0..=24, "time zone offset hour")?;
    within(minutes, 0..=60, "time zone offset minute")?;
    *rest = after;
    match sign {
        b'+' => Ok(hours * 3600 + minutes * 60),
        b'-' => Ok(-(hours * 3600 + minutes * 60)),
        _ => Err(Misfit::Bad),
    }
}

fn within(number: i64, range: std::ops::RangeInclusive<i64>, what: &'static str) -> Result<i64, Misfit> {
    if range.contains(&number) { Ok(number) } else { Err(Misfit::Range(what)) }
}

/// One or two digits; both are needed where the layout is fixed.
fn two_digits(rest: &mut &[u8], fixed: bool) -> Result<i64, Misfit> {
    let digit = |at: usize| rest.get(at).filter(|c| c.is_ascii_digit()).map(|c| i64::from(c - b'0'));
    let (value, width) = match (digit(0), digit(1)) {
        (Some(tens), Some(ones)) => (tens * 10 + ones, 2),
        (Some(ones), None) if !fixed => (ones, 1),
        _ => return Err(Misfit::Bad),
    };
    *rest = &rest[width..];
    Ok(value)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, c| c.is_ascii_digit().then(|| sum * 10 + i64::from(c - b'0')))
}

/// Nanoseconds from the digits after the point; what is beyond the ninth is dropped.
fn fraction(digits: &[u8]) -> Option<u32> {
    let kept = &digits[..digits.len().min(9)];
    let scale = 10_i64.pow(9 - u32::try_from(kept.len()).ok()?);
    u32::try_from(number(kept)? * scale).ok()
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar: years are counted from March, so that leap days come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = (shifted + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// The quoting of Go's `time` package, which escapes every byte beyond ASCII.
fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'\x7f' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}
