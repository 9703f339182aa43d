//! Durations for people: two or three significant figures.

use jiff::{SignedDuration, Timestamp};
use proofmark_json::Value;

/// What Go's `time.Duration` can hold: 2^63 nanoseconds. Ages beyond are cut to it.
const LONGEST: i64 = i64::MAX / 1_000_000_000;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// A duration as tables show it: `119s`, `2m`, `9m59s`, `3h5m`, `2d7h`, `730d`, `3y12d`.
///
/// Up to two seconds below zero count as zero, because clocks differ; less is `<invalid>`.
/// Source: `k8s.io/apimachinery/pkg/util/duration.HumanDuration`.
pub fn human_duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().clamp(-LONGEST, LONGEST);
    let two = |large: i64, unit: &str, small: i64, of: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit}{small}{of}"),
    };
    let (minutes, hours) = (seconds / MINUTE, seconds / HOUR);
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => two(minutes, "m", seconds % MINUTE, "s"),
        _ if seconds < 3 * HOUR => format!("{minutes}m"),
        _ if seconds < 8 * HOUR => two(hours, "h", minutes % 60, "m"),
        _ if seconds < 2 * DAY => format!("{hours}h"),
        _ if seconds < 8 * DAY => two(hours / 24, "d", hours % 24, "h"),
        _ if seconds < 2 * YEAR => format!("{}d", hours / 24),
        _ if seconds < 8 * YEAR => two(hours / 24 / 365, "y", hours / 24 % 365, "d"),
        _ => format!("{}y", hours / 24 / 365),
    }
}

/// A duration in its largest unit alone: `59s`, `59m`, `23h`, `364d`, `1y`.
/// Source: `k8s.io/apimachinery/pkg/util/duration.ShortHumanDuration`.
pub fn short_human_duration(duration: SignedDuration) -> String {
    match duration.as_secs().clamp(-LONGEST, LONGEST) {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        seconds @ ..MINUTE => format!("{seconds}s"),
        seconds @ ..HOUR => format!("{}m", seconds / MINUTE),
        seconds @ ..DAY => format!("{}h", seconds / HOUR),
        seconds @ ..YEAR => format!("{}d", seconds / DAY),
        seconds => format!("{}y", seconds / YEAR),
    }
}

/// How long ago a time field was: `<unknown>` when it is absent.
pub(crate) fn since(time: &Value, now: Timestamp) -> String {
    match time.as_str().and_then(|text| text.parse::<Timestamp>().ok()) {
        Some(then) => human_duration(now.duration_since(then)),
        None => "<unknown>".to_owned(),
    }
}

/// Reads a time as Go's `time.RFC3339` does, which is narrower than RFC 3339: a capital `T` and `Z`, no leap seconds.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (date, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix('T')?;
    let (clock, rest) = time.split_at_checked(8)?;
    let shape = |text: &str, pattern: &str| {
        text.bytes().zip(pattern.bytes()).all(
            |(got, want)| {
                if want == b'0' { got.is_ascii_digit() } else { got == want }
            },
        )
    };
    if !shape(date, "0000-00-00") || !shape(clock, "00:00:00") || clock.ends_with("60") {
        return None;
    }
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone_at);
    let fraction_digits = fraction.strip_prefix(['.', ',']).unwrap_or(fraction);
    if !digits(fraction_digits)
        || fraction.len() == 1
        || (!fraction.is_empty() && fraction_digits.len() == fraction.len())
    {
        return None;
    }
    if zone != "Z" && !(zone.len() == 6 && shape(zone.get(1..)?, "00:00")) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(-2, "<invalid>")]
    #[case(-1, "0s")]
    #[case(0, "0s")]
    #[case(119, "119s")]
    #[case(120, "2m")]
    #[case(121, "2m1s")]
    #[case(599, "9m59s")]
    #[case(600, "10m")]
    #[case(3 * HOUR - 1, "179m")]
    #[case(3 * HOUR, "3h")]
    #[case(3 * HOUR + 5 * MINUTE, "3h5m")]
    #[case(8 * HOUR - 1, "7h59m")]
    #[case(8 * HOUR, "8h")]
    #[case(2 * DAY - 1, "47h")]
    #[case(2 * DAY, "2d")]
    #[case(2 * DAY + 7 * HOUR, "2d7h")]
    #[case(8 * DAY - 1, "7d23h")]
    #[case(8 * DAY, "8d")]
    #[case(2 * YEAR - 1, "729d")]
    #[case(2 * YEAR, "2y")]
    #[case(3 * YEAR + 12 * DAY, "3y12d")]
    #[case(8 * YEAR - 1, "7y364d")]
    #[case(8 * YEAR, "8y")]
    #[case(1000 * YEAR, "292y")]
    fn human(#[case] seconds: i64, #[case] text: &str) {
        assert_eq!(human_duration(SignedDuration::from_secs(seconds)), text);
    }

    #[rstest]
    #[case(-2, "<invalid>")]
    #[case(-1, "0s")]
    #[case(59, "59s")]
    #[case(60, "1m")]
    #[case(HOUR, "1h")]
    #[case(DAY - 1, "23h")]
    #[case(YEAR - 1, "364d")]
    #[case(YEAR, "1y")]
    fn short(#[case] seconds: i64, #[case] text: &str) {
        assert_eq!(short_human_duration(SignedDuration::from_secs(seconds)), text);
    }

    #[test]
    fn fractions_are_cut_towards_zero() {
        assert_eq!(human_duration(SignedDuration::from_millis(-1999)), "0s");
        assert_eq!(human_duration(SignedDuration::from_millis(1999)), "1s");
    }

    #[rstest]
    #[case("2026-01-02T03:04:05Z", true)]
    #[case("2026-01-02T03:04:05.123456789Z", true)]
    #[case("2026-01-02T03:04:05,5Z", true)]
    #[case("2026-01-02T03:04:05+02:00", true)]
    #[case("2026-01-02t03:04:05z", false)]
    #[case("2026-01-02 03:04:05Z", false)]
    #[case("2026-01-02T03:04:05", false)]
    #[case("2026-01-02T03:04:60Z", false)]
    #[case("2026-01-02T03:04:05.Z", false)]
    #[case("2026-01-02T03:04:055Z", false)]
    #[case("2026-13-02T03:04:05Z", false)]
    #[case("2026-01-02T03:04:05+0200", false)]
    #[case("soon", false)]
    #[case("", false)]
    fn go_times(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(parse_rfc3339(text).is_some(), valid);
    }
}
