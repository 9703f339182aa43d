//! Sets of completion indexes as a status writes them: `1,3-5,7`.

use std::collections::BTreeSet;
use std::fmt;

use proofmark_json::Value;

use crate::kit::object;

/// The annotation, and the label, that says which index a pod has.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Indexes in intervals, in order. Both ends belong to an interval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Indexes(Vec<(usize, usize)>);

impl Indexes {
    /// Reads what a status or a rule says; indexes beyond the completions are left out, and so is what is no interval.
    pub(super) fn parse(text: &str, completions: usize) -> Self {
        let intervals = text.split(',').filter_map(|interval| {
            let (first, last) = interval.split_once('-').unwrap_or((interval, interval));
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            (first < completions).then(|| (first, last.min(completions - 1)))
        });
        Self::of(intervals.collect())
    }

    fn of(mut intervals: Vec<(usize, usize)>) -> Self {
        intervals.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(intervals.len());
        for (first, last) in intervals {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// These and those.
    pub(super) fn with(&self, more: impl IntoIterator<Item = usize>) -> Self {
        let more = more.into_iter().map(|index| (index, index));
        Self::of(self.0.iter().copied().chain(more).collect())
    }

    /// These and those of another set.
    pub(super) fn merge(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied().collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, index: usize) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&index))
    }

    /// How many are in both.
    pub(super) fn shared(&self, other: &Self) -> usize {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().map(move |b| (a, b)));
        pairs.map(|(a, b)| (a.1.min(b.1) + 1).saturating_sub(a.0.max(b.0))).sum()
    }

    /// The first so many that are missing below the completions.
    pub(super) fn missing(&self, count: usize, completions: usize) -> Vec<usize> {
        let (mut missing, mut next) = (Vec::new(), 0);
        for (first, last) in self.0.iter().copied().chain([(completions, completions)]) {
            missing.extend((next..first.min(completions)).take(count - missing.len()));
            next = last + 1;
        }
        missing
    }
}

impl fmt::Display for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{first}")?;
            match last - first {
                0 => {}
                1 => write!(f, ",{last}")?,
                _ => write!(f, "-{last}")?,
            }
        }
        Ok(())
    }
}

/// The index of a pod.
pub(super) fn index(pod: &Value) -> Option<usize> {
    object::annotation(pod, INDEX)?.parse().ok()
}

/// The indexes of pods.
pub(super) fn indexes<'a>(pods: impl Iterator<Item = &'a Value>) -> BTreeSet<usize> {
    pods.filter_map(index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_and_written() {
        for (text, completions, written, count) in [
            ("", 5, "", 0),
            ("0,2-4", 10, "0,2-4", 4),
            ("1,2", 10, "1,2", 2),
            ("1-2,3,9", 10, "1-3,9", 4),
            ("2-20,x", 5, "2-4", 3),
        ] {
            let indexes = Indexes::parse(text, completions);
            assert_eq!((indexes.to_string().as_str(), indexes.len()), (written, count), "{text}");
        }
    }

    #[test]
    fn sets_are_compared() {
        let indexes = Indexes::parse("0,2-4", 10);
        assert_eq!(indexes.missing(3, 10), [1, 5, 6]);
        assert_eq!(indexes.missing(9, 6), [1, 5]);
        assert_eq!(indexes.with([1, 7]).to_string(), "0-4,7");
        assert_eq!(indexes.shared(&Indexes::parse("3-7", 10)), 2);
        assert!(indexes.has(3) && !indexes.has(1));
    }
}
