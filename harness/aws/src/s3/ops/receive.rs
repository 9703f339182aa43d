//! Bodies of uploads, whole or in parts.

use super::super::answer::Context;
use super::super::checksum;
use super::super::digests::Digesting;
use super::super::store::{Checksum, Collector, Data};
use crate::{BodyError, Fault};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::StreamExt as _;
use s3s::dto;

/// As much as one request may upload.
const LARGEST: u64 = 5 << 30;

/// A body that has arrived and holds what it said to hold.
pub(super) struct Received {
    pub(super) data: Data,
    /// The MD5 digest.
    pub(super) md5: [u8; 16],
    pub(super) checksum: Checksum,
}

/// Reads a body to its end, and checks length, MD5 and checksum.
pub(super) async fn receive(
    context: &Context,
    body: Option<dto::StreamingBlob>,
    length: Option<i64>,
    md5: Option<&str>,
    algorithm: Option<&str>,
) -> Result<Received, Fault> {
    let announced = context.header("x-amz-trailer").and_then(|name| name.trim().strip_prefix("x-amz-checksum-"));
    let named = context.headers.keys().find_map(|name| {
        let algorithm = checksum::algorithm(name.as_str().strip_prefix("x-amz-checksum-")?)?;
        Some(algorithm)
    });
    let algorithm = named.or(announced).or(algorithm).unwrap_or("CRC64NVME");
    let (mut digesting, mut collector) = (Digesting::new(algorithm), Collector::default());
    if let Some(mut body) = body {
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|error| broken(&*error))?;
            collector.push(&bytes);
            while let Some(segment) = collector.next_full() {
                digesting = digesting.go_on(segment).await?;
            }
            if collector.len() > LARGEST {
                return Err(Fault::new(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
                    .with("ProposedSize", collector.len().to_string())
                    .with("MaxSizeAllowed", LARGEST.to_string()));
            }
        }
    }
    if length.is_some_and(|length| u64::try_from(length) != Ok(collector.len())) {
        return Err(incomplete());
    }
    let (data, rest) = collector.finish();
    let (computed, checksum) = digesting.finish(rest).await?;
    if let Some(given) = md5 {
        let given_bytes = BASE64_STANDARD.decode(given).ok().filter(|bytes| bytes.len() == 16).ok_or_else(|| {
            Fault::new(400, "InvalidDigest", "The Content-MD5 you specified was invalid.").with("Content-MD5", given)
        })?;
        if given_bytes != computed {
            return Err(Fault::new(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
                .with("ExpectedDigest", given)
                .with("CalculatedDigest", BASE64_STANDARD.encode(computed)));
        }
    }
    let name = checksum::header(&checksum.algorithm);
    let given = context.header(&name).map(str::to_owned).or_else(|| context.trailers.get(&name));
    let length = |text: &str| BASE64_STANDARD.decode(text).ok().map(|bytes| bytes.len());
    if given.as_deref().is_some_and(|given| length(given) != length(&checksum.value)) {
        return Err(Fault::new(400, "InvalidRequest", format!("Value for {name} header is invalid.")));
    }
    if given.is_some_and(|given| given != checksum.value) {
        let message = format!("The {} you specified did not match the calculated checksum.", checksum.algorithm);
        return Err(Fault::new(400, "BadDigest", message));
    }
    Ok(Received { data, md5: computed, checksum })
}

/// A body that could not be read: refused with what was wrong with it, or cut off.
fn broken(error: &(dyn std::error::Error + 'static)) -> Fault {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return fault.clone();
        }
        if let Some(fault) = error.downcast_ref::<BodyError>().and_then(BodyError::fault) {
            return fault.clone();
        }
        at = error.source();
    }
    incomplete()
}

fn incomplete() -> Fault {
    Fault::new(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}
