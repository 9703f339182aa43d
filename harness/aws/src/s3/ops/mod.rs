//! What operations do: find, ask, do, answer.

pub(super) mod attributes;
pub(super) mod bucket;
pub(super) mod complete;
pub(super) mod configuration;
pub(super) mod encryption;
pub(super) mod list;
pub(super) mod lists;
pub(super) mod multipart;
pub(super) mod object;
pub(super) mod policy;
mod receive;
pub(super) mod rules;
pub(super) mod tags;
pub(super) mod transfer;
pub(super) mod unset;
pub(super) mod versions;
mod write;

use jiff::Timestamp;
use s3s::dto;
use std::time::SystemTime;

/// A moment as answers carry it, in whole seconds, as S3 keeps them.
fn stamp(at: Timestamp) -> dto::Timestamp {
    let seconds = Timestamp::from_second(at.as_second()).unwrap_or(at);
    SystemTime::from(seconds).into()
}
