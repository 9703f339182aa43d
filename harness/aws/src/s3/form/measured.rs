//! The file of a form, held to the length that the policy allows.

use crate::{Body, BodyError, Fault};
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use multer::Field;
use std::ops::RangeInclusive;

/// The same bytes; they fail as soon as there are too many, or at their end when there are too few.
pub(super) fn within(file: Field<'static>, length: Option<RangeInclusive<u64>>) -> Body {
    let state = Some((file, 0u64, length));
    let frames = stream::unfold(state, |state| async move {
        let (mut file, seen, length) = state?;
        let refused = |fault| Some((Err(BodyError::new(fault)), None));
        match file.chunk().await {
            Ok(Some(bytes)) => {
                let seen = seen + bytes.len() as u64;
                match &length {
                    Some(range) if seen > *range.end() => refused(too_large(seen, *range.end())),
                    _ => Some((Ok(Frame::data(bytes)), Some((file, seen, length)))),
                }
            }
            Ok(None) => match &length {
                Some(range) if seen < *range.start() => refused(too_small(seen, *range.start())),
                _ => None,
            },
            Err(error) => Some((Err(BodyError::new(error)), None)),
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

fn too_large(seen: u64, most: u64) -> Fault {
    Fault::new(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        .with("ProposedSize", seen.to_string())
        .with("MaxSizeAllowed", most.to_string())
}

fn too_small(seen: u64, least: u64) -> Fault {
    Fault::new(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        .with("ProposedSize", seen.to_string())
        .with("MinSizeAllowed", least.to_string())
}
