//! The bytes of an object: segments that are shared and never copied again.

use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// How long a segment is; the last one is shorter.
const SEGMENT: usize = 1 << 20;

/// Bytes in segments. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Data {
    segments: Arc<[Bytes]>,
    len: u64,
}

impl Data {
    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The segments of a range, which must lie within.
    pub(crate) fn slices(&self, range: Range<u64>) -> VecDeque<Bytes> {
        let mut start = 0u64;
        let mut slices = VecDeque::new();
        for segment in self.segments.iter() {
            let len = segment.len() as u64;
            let (from, to) = (range.start.max(start), range.end.min(start + len));
            if from < to {
                // Both lie within the segment, whose length is a usize.
                slices.push_back(segment.slice((from - start) as usize..(to - start) as usize));
            }
            start += len;
            if start >= range.end {
                break;
            }
        }
        slices
    }

    /// A range of it, which must lie within.
    pub(crate) fn part(&self, range: Range<u64>) -> Self {
        let len = range.end - range.start;
        Self { segments: self.slices(range).into_iter().collect(), len }
    }

    /// Several objects as one.
    pub(crate) fn concat<'a>(parts: impl IntoIterator<Item = &'a Data>) -> Self {
        let mut segments = vec![];
        let mut len = 0;
        for part in parts {
            segments.extend(part.segments.iter().cloned());
            len += part.len;
        }
        Self { segments: segments.into(), len }
    }
}

/// Collects a body as it arrives: copied once, so that no network buffer is kept.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    full: Vec<Bytes>,
    /// So many of them have been handed on.
    handed_on: usize,
    filling: BytesMut,
    len: u64,
}

impl Collector {
    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len() as u64;
        while !bytes.is_empty() {
            let take = bytes.len().min(SEGMENT - self.filling.len());
            self.filling.extend_from_slice(&bytes[..take]);
            bytes = &bytes[take..];
            if self.filling.len() == SEGMENT {
                self.full.push(self.filling.split().freeze());
                self.filling.reserve(SEGMENT);
            }
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// A segment that will not change any more, each once.
    pub(crate) fn next_full(&mut self) -> Option<Bytes> {
        let segment = self.full.get(self.handed_on)?.clone();
        self.handed_on += 1;
        Some(segment)
    }

    /// All of it, and the segments that were not handed on.
    pub(crate) fn finish(mut self) -> (Data, Vec<Bytes>) {
        if !self.filling.is_empty() {
            // What the last segment does not need is given back.
            self.full.push(Bytes::copy_from_slice(&self.filling));
        }
        let rest = self.full.iter().skip(self.handed_on).cloned().collect();
        (Data { segments: self.full.into(), len: self.len }, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::{Collector, SEGMENT};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranges_are_what_was_pushed(chunks in proptest::collection::vec(0usize..700_000, 0..6), a in 0u64..3_000_000, b in 0u64..3_000_000) {
            let mut whole = vec![];
            let mut collector = Collector::default();
            for (index, len) in chunks.iter().enumerate() {
                let chunk: Vec<u8> = (0..*len).map(|at| (at * 31 + index) as u8).collect();
                collector.push(&chunk);
                whole.extend(chunk);
            }
            let (data, _) = collector.finish();
            prop_assert_eq!(data.len(), whole.len() as u64);
            let (from, to) = (a.min(b).min(data.len()), a.max(b).min(data.len()));
            let got: Vec<u8> = data.slices(from..to).iter().flat_map(|slice| slice.to_vec()).collect();
            prop_assert_eq!(&got[..], &whole[from as usize..to as usize]);
            prop_assert!(data.slices(0..data.len()).iter().all(|slice| slice.len() <= SEGMENT));
        }
    }
}
