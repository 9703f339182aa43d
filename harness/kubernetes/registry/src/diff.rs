//! Unified diffs of pretty-printed JSON, as some refusals carry them.
//!
//! The matching is that of Python's `difflib` (which Go's port has, too), with its rule that in texts of 200 lines and more
//! the frequent lines anchor no match: another algorithm would show other lines as changed.

use std::collections::BTreeMap;

use proofmark_json::Value;
use serde_json::ser::PrettyFormatter;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// What leads from one value to another; empty where they print alike.
pub(crate) fn unified(a: &Value, b: &Value) -> String {
    let (a, b) = (pretty(a), pretty(b));
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let mut out = String::new();
    for group in groups(&edits(&a, &b)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (from, to) = (range(first.a.0, last.a.1), range(first.b.0, last.b.1));
        out.push_str(&format!("@@ -{from} +{to} @@\n"));
        for edit in &group {
            if edit.equal {
                a[edit.a.0..edit.a.1].iter().for_each(|line| out.push_str(&format!(" {line}\n")));
            } else {
                a[edit.a.0..edit.a.1].iter().for_each(|line| out.push_str(&format!("-{line}\n")));
                b[edit.b.0..edit.b.1].iter().for_each(|line| out.push_str(&format!("+{line}\n")));
            }
        }
    }
    out
}

fn pretty(value: &Value) -> String {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b" "));
    // Writing a value into memory cannot fail.
    let _ = serde::Serialize::serialize(value, &mut serializer);
    String::from_utf8_lossy(&out).into_owned()
}

fn range(start: usize, end: usize) -> String {
    match end - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        length => format!("{},{length}", start + 1),
    }
}

/// Lines `a.0..a.1` stand for lines `b.0..b.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edit {
    equal: bool,
    a: (usize, usize),
    b: (usize, usize),
}

/// The whole way from one text to the other.
fn edits(a: &[&str], b: &[&str]) -> Vec<Edit> {
    let mut blocks = Vec::new();
    Matcher::new(a, b).blocks((0, a.len()), (0, b.len()), &mut blocks);
    blocks.push((a.len(), b.len(), 0));
    let mut edits: Vec<Edit> = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (at_a, at_b, size) in blocks {
        if i < at_a || j < at_b {
            edits.push(Edit { equal: false, a: (i, at_a), b: (j, at_b) });
        }
        (i, j) = (at_a + size, at_b + size);
        match edits.last_mut() {
            // Neighbouring matches are one.
            Some(last) if last.equal && last.a.1 == at_a && last.b.1 == at_b => (last.a.1, last.b.1) = (i, j),
            _ if size > 0 => edits.push(Edit { equal: true, a: (at_a, i), b: (at_b, j) }),
            _ => {}
        }
    }
    edits
}

/// Edits with what surrounds them, far ones apart.
fn groups(edits: &[Edit]) -> Vec<Vec<Edit>> {
    let mut edits = edits.to_vec();
    if let Some(first) = edits.first_mut().filter(|e| e.equal) {
        first.a.0 = first.a.0.max(first.a.1.saturating_sub(CONTEXT));
        first.b.0 = first.b.0.max(first.b.1.saturating_sub(CONTEXT));
    }
    if let Some(last) = edits.last_mut().filter(|e| e.equal) {
        last.a.1 = last.a.1.min(last.a.0 + CONTEXT);
        last.b.1 = last.b.1.min(last.b.0 + CONTEXT);
    }
    let mut groups = Vec::new();
    let mut group: Vec<Edit> = Vec::new();
    for edit in edits {
        let (a, b) = (edit.a, edit.b);
        if edit.equal && a.1 - a.0 > 2 * CONTEXT {
            group.push(Edit { equal: true, a: (a.0, a.1.min(a.0 + CONTEXT)), b: (b.0, b.1.min(b.0 + CONTEXT)) });
            groups.push(std::mem::take(&mut group));
            group.push(Edit { equal: true, a: (a.0.max(a.1 - CONTEXT), a.1), b: (b.0.max(b.1 - CONTEXT), b.1) });
        } else {
            group.push(edit);
        }
    }
    groups.push(group);
    groups.retain(|g| g.iter().any(|e| !e.equal));
    groups
}

struct Matcher<'a> {
    a: &'a [&'a str],
    b: &'a [&'a str],
    /// Where each line of `b` stands; frequent lines of long texts are left out.
    places: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Matcher<'a> {
    fn new(a: &'a [&'a str], b: &'a [&'a str]) -> Self {
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (j, line) in b.iter().enumerate() {
            places.entry(line).or_default().push(j);
        }
        if b.len() >= 200 {
            let most = b.len() / 100 + 1;
            places.retain(|_, at| at.len() <= most);
        }
        Self { a, b, places }
    }

    /// Matching blocks `(in a, in b, size)` in order: the longest, then those before and behind it.
    fn blocks(&self, a: (usize, usize), b: (usize, usize), out: &mut Vec<(usize, usize, usize)>) {
        let (i, j, size) = self.longest(a, b);
        if size == 0 {
            return;
        }
        if a.0 < i && b.0 < j {
            self.blocks((a.0, i), (b.0, j), out);
        }
        out.push((i, j, size));
        if i + size < a.1 && j + size < b.1 {
            self.blocks((i + size, a.1), (j + size, b.1), out);
        }
    }

    /// The longest run of equal lines; the earliest of several.
    fn longest(&self, a: (usize, usize), b: (usize, usize)) -> (usize, usize, usize) {
        let mut best = (a.0, b.0, 0);
        let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
        for i in a.0..a.1 {
            let mut next = BTreeMap::new();
            for &j in self.places.get(self.a[i]).into_iter().flatten() {
                if j < b.0 {
                    continue;
                }
                if j >= b.1 {
                    break;
                }
                let before = j.checked_sub(1).and_then(|j| lengths.get(&j)).copied().unwrap_or(0);
                let length = before + 1;
                next.insert(j, length);
                if length > best.2 {
                    best = (i + 1 - length, j + 1 - length, length);
                }
            }
            lengths = next;
        }
        let (mut i, mut j, mut size) = best;
        while i > a.0 && j > b.0 && self.a[i - 1] == self.b[j - 1] {
            (i, j, size) = (i - 1, j - 1, size + 1);
        }
        while i + size < a.1 && j + size < b.1 && self.a[i + size] == self.b[j + size] {
            size += 1;
        }
        (i, j, size)
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::unified;

    #[test]
    fn shows_a_change_with_its_surroundings() {
        let a = json!({"A": 1, "B": 2, "C": 3, "D": 4, "E": 5});
        let mut b = a.clone();
        b["E"] = json!(6);
        assert_eq!(
            unified(&a, &b),
            "@@ -3,5 +3,5 @@\n  \"B\": 2,\n  \"C\": 3,\n  \"D\": 4,\n- \"E\": 5\n+ \"E\": 6\n }\n"
        );
        assert_eq!(unified(&a, &a), "");
    }

    #[test]
    fn far_changes_stand_apart() {
        let a = proofmark_json::Value::Array((0..40).map(|n| json!(n)).collect());
        let mut b = a.clone();
        b[2] = json!("x");
        b[37] = json!("y");
        let diff = unified(&a, &b);
        assert_eq!(diff.matches("@@ -").count(), 2, "{diff}");
    }
}
