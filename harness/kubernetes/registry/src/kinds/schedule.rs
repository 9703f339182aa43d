//! Cron schedules: whether one can be read, in the words of the parser that Kubernetes uses (`robfig/cron` v3, standard format).

/// Minutes, hours, days of the month, months, days of the week: bounds and names.
const FIELDS: [(u32, u32, &[&str]); 5] = [
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    (0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// Schedules by name.
const NAMED: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Why a schedule cannot be read, if so.
pub(super) fn problem(schedule: &str) -> Option<String> {
    if schedule.is_empty() {
        return Some("empty spec string".to_owned());
    }
    let zoned = schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=");
    let rest = if zoned { schedule.split_once(' ').map_or("", |(_, rest)| rest.trim()) } else { schedule };
    if rest.starts_with('@') {
        let known = NAMED.contains(&rest) || rest.starts_with("@every ");
        return (!known).then(|| format!("unrecognized descriptor: {rest}"));
    }
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Some(format!(
            "expected exactly {} fields, found {}: [{}]",
            FIELDS.len(),
            fields.len(),
            fields.join(" ")
        ));
    }
    let mut problems = fields.iter().zip(FIELDS).filter_map(|(text, bounds)| {
        text.split(',').filter(|part| !part.is_empty()).find_map(|part| range(part, bounds).err())
    });
    problems.next()
}

/// `*`, `n`, `a-b`, each with `/step`.
fn range(text: &str, (min, max, names): (u32, u32, &[&str])) -> Result<(), String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (ends, step) = match parts.as_slice() {
        [ends] => (*ends, None),
        [ends, step] => (*ends, Some(*step)),
        _ => return Err(format!("too many slashes: {text}")),
    };
    let bounds: Vec<&str> = ends.split('-').collect();
    let (start, mut end) = match bounds.as_slice() {
        ["*" | "?", ..] => (min, max),
        [one] => {
            let value = number(one, names)?;
            (value, value)
        }
        [start, end] => (number(start, names)?, number(end, names)?),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    let step = step.map_or(Ok(1), |s| number(s, &[]))?;
    if parts.len() == 2 && bounds.len() == 1 {
        end = max;
    }
    if start < min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {text}"));
    }
    if end > max {
        return Err(format!("end of range ({end}) above maximum ({max}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(())
}

fn number(text: &str, names: &[&str]) -> Result<u32, String> {
    if let Some(at) = names.iter().position(|n| n.eq_ignore_ascii_case(text)) {
        // Months count from one, days of the week from zero.
        let first = usize::from(names.len() == 12);
        return Ok(u32::try_from(at + first).unwrap_or(0));
    }
    match text.parse::<i64>() {
        Ok(n) if n < 0 => Err(format!("negative number ({n}) not allowed: {text}")),
        Ok(n) => u32::try_from(n).map_err(|_| format!("end of range ({n}) above maximum: {text}")),
        Err(_) => {
            let quoted = proofmark_status::quote(text);
            Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {quoted}: invalid syntax"))
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::problem;

    #[rstest]
    #[case("*/5 * * * *", None)]
    #[case("0 0 1 JAN mon-fri", None)]
    #[case("@hourly", None)]
    #[case("* * *", Some("expected exactly 5 fields, found 3: [* * *]"))]
    #[case("@nope", Some("unrecognized descriptor: @nope"))]
    #[case("60 * * * *", Some("end of range (60) above maximum (59): 60"))]
    #[case("* * 0 * *", Some("beginning of range (0) below minimum (1): 0"))]
    #[case("x * * * *", Some(r#"failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax"#))]
    fn tells_what_is_wrong(#[case] schedule: &str, #[case] want: Option<&str>) {
        assert_eq!(problem(schedule).as_deref(), want);
    }
}
