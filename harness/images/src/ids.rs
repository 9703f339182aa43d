//! Ids that the originals draw at random: here they follow from what they are for, so that a run repeats itself.

use ring::digest::{Context, SHA256};
use uuid::Builder;

/// An id in the form of a random UUID, the same for the same parts.
pub(crate) fn uuid<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut digest = Context::new(&SHA256);
    for part in parts {
        digest.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finish().as_ref()[..16]);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}
