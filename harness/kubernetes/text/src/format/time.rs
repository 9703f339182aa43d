//! Dates, times and durations.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

/// `2006-01-02`, and a day that exists.
pub(super) fn is_date(text: &str) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return false;
    };
    let number = |digits: &[&u8]| {
        digits
            .iter()
            .all(|d| d.is_ascii_digit())
            .then(|| digits.iter().fold(0i16, |n, d| n * 10 + i16::from(**d - b'0')))
    };
    let parts = (number(&[y1, y2, y3, y4]), number(&[m1, m2]), number(&[d1, d2]));
    let (Some(year), Some(month), Some(day)) = parts else {
        return false;
    };
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else {
        return false;
    };
    Date::new(year, month, day).is_ok()
}

/// A date, a `t` in either case, a time with an offset; a second `t` and what follows it go unseen.
pub(super) fn is_date_time(text: &str) -> bool {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$")
            .expect("the pattern is well formed")
    });
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else {
        return false;
    };
    let Some(found) = TIME.captures(time) else { return false };
    let below = |i: usize, most: &str| found.get(i).is_some_and(|part| part.as_str() <= most);
    is_date(date) && below(1, "23") && below(2, "59") && below(3, "59")
}

/// What Go's `time.ParseDuration` takes, or a number and a unit in words somewhere in the text.
pub(super) fn is_duration(text: &str) -> bool {
    is_go_duration(text) || is_worded_duration(text)
}

fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    let mut any = false;
    while !rest.is_empty() {
        let number = rest.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(number);
        let unit = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let fine = digits.bytes().any(|b| b.is_ascii_digit()) && digits.matches('.').count() <= 1;
        if !fine || !["ns", "us", "µs", "μs", "ms", "s", "m", "h"].contains(&&after[..unit]) {
            return false;
        }
        rest = &after[unit..];
        any = true;
    }
    any
}

fn is_worded_duration(text: &str) -> bool {
    static PART: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"([0-9]+)[\t\n\f\r ]*([A-Za-zµ]+)").expect("the pattern is well formed"));
    // The last of each row may go on, as in `seconds`.
    const UNITS: [&[&str]; 8] = [
        &["ns", "nano"],
        &["us", "µs", "micro"],
        &["ms", "milli"],
        &["s", "sec"],
        &["m", "min"],
        &["h", "hr", "hour"],
        &["d", "day"],
        &["w", "wk", "week"],
    ];
    let mut any = false;
    for found in PART.captures_iter(text) {
        if found.get(1).is_some_and(|n| n.as_str().parse::<i64>().is_err()) {
            return false;
        }
        let unit = found.get(2).map(|u| u.as_str().to_lowercase()).unwrap_or_default();
        any |= UNITS
            .iter()
            .any(|row| row.contains(&unit.as_str()) || row.last().is_some_and(|last| unit.starts_with(last)));
    }
    any
}
