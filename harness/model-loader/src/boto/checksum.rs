//! Checksums that S3 sends with an object, as far as botocore can compute them without its native library.

use crate::exception::{Exception, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use http::HeaderMap;

/// A checksum that is being computed.
pub(super) struct Checksum {
    expected: String,
    state: State,
}

enum State {
    Crc32(Box<crc_fast::Digest>),
    Sha(Box<ring::digest::Context>),
}

impl Checksum {
    /// The checksum that an answer carries. Checksums of checksums, which end in the number of parts, are no use here.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        ["crc32", "sha256", "sha1"].into_iter().find_map(|algorithm| {
            let expected = headers.get(format!("x-amz-checksum-{algorithm}"))?.to_str().ok()?;
            if expected.contains('-') {
                return None;
            }
            let state = match algorithm {
                "crc32" => State::Crc32(Box::new(crc_fast::Digest::new(CrcAlgorithm::Crc32IsoHdlc))),
                "sha256" => State::Sha(Box::new(ring::digest::Context::new(&ring::digest::SHA256))),
                _ => State::Sha(Box::new(ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY))),
            };
            Some(Self { expected: expected.to_owned(), state })
        })
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc32(digest) => digest.update(bytes),
            State::Sha(context) => context.update(bytes),
        }
    }

    /// Compares.
    pub(super) fn finish(self) -> Result<()> {
        let computed = match self.state {
            State::Crc32(digest) => STANDARD.encode(u32::try_from(digest.finalize()).unwrap_or_default().to_be_bytes()),
            State::Sha(context) => STANDARD.encode(context.finish()),
        };
        if computed == self.expected {
            return Ok(());
        }
        let message = format!("Expected checksum {} did not match calculated checksum: {computed}", self.expected);
        Err(Exception::new("botocore.exceptions.FlexibleChecksumError", message))
    }
}
