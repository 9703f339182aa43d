//! Parts of dates and durations: `t.getFullYear()`, `t.getHours('Europe/Berlin')`, `d.getSeconds()`.

use jiff::civil::DateTime;

use super::mismatch;
use crate::types::Functions;
use crate::value::{Evaluated, Value};

pub(super) fn declare(functions: &mut Functions) {
    macro_rules! part {
        ($name:literal, $id:literal, $part:expr) => {
            functions.method($name, $id, "timestamp -> int", |args| part(args, $part));
            functions.method($name, concat!($id, "_with_tz"), "timestamp, string -> int", |args| part(args, $part));
        };
    }
    part!("getFullYear", "timestamp_to_year", |t| i64::from(t.year()));
    part!("getMonth", "timestamp_to_month", |t| i64::from(t.month()) - 1);
    part!("getDayOfYear", "timestamp_to_day_of_year", |t| i64::from(t.date().day_of_year()) - 1);
    part!("getDayOfMonth", "timestamp_to_day_of_month", |t| i64::from(t.day()) - 1);
    part!("getDate", "timestamp_to_day_of_month_1_based", |t| i64::from(t.day()));
    part!("getDayOfWeek", "timestamp_to_day_of_week", |t| i64::from(t.weekday().to_sunday_zero_offset()));
    part!("getHours", "timestamp_to_hours", |t| i64::from(t.hour()));
    part!("getMinutes", "timestamp_to_minutes", |t| i64::from(t.minute()));
    part!("getSeconds", "timestamp_to_seconds_tz", |t| i64::from(t.second()));
    part!("getMilliseconds", "timestamp_to_milliseconds", |t| i64::from(t.subsec_nanosecond() / 1_000_000));
    functions.method("getHours", "duration_to_hours", "duration -> int", |args| whole(args, 3_600_000_000_000));
    functions.method("getMinutes", "duration_to_minutes", "duration -> int", |args| whole(args, 60_000_000_000));
    functions.method("getSeconds", "duration_to_seconds", "duration -> int", |args| whole(args, 1_000_000_000));
    functions.method("getMilliseconds", "duration_to_milliseconds", "duration -> int", |args| whole(args, 1_000_000));
}

fn part<'v>(args: &[Value<'v>], part: fn(DateTime) -> i64) -> Evaluated<'v> {
    let local = match args {
        [Value::Timestamp(time)] => time.in_zone(None)?,
        [Value::Timestamp(time), Value::String(zone)] => time.in_zone(Some(zone))?,
        _ => return mismatch(),
    };
    Ok(Value::Int(part(local)))
}

fn whole<'v>(args: &[Value<'v>], nanos: i64) -> Evaluated<'v> {
    let [Value::Duration(span)] = args else { return mismatch() };
    Ok(Value::Int(span.0 / nanos))
}
