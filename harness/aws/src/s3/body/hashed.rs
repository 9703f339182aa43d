//! A body whose SHA-256 was signed.

use crate::{Body, BodyError, Fault};
use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use ring::digest::{Context, SHA256};

/// The same body; it fails at its end when its digest is another one.
pub(super) fn checked(body: Body, declared: String) -> Body {
    let state = Some((body, Context::new(&SHA256), declared));
    let frames = stream::unfold(state, |state| async move {
        let (mut body, mut digest, declared) = state?;
        match body.frame().await {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    digest.update(data);
                }
                Some((Ok(frame), Some((body, digest, declared))))
            }
            Some(Err(error)) => Some((Err(error), None)),
            None => {
                let computed = hex::encode(digest.finish());
                (computed != declared)
                    .then(|| (Err::<Frame<Bytes>, _>(BodyError::new(mismatch(&declared, &computed))), None))
            }
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

fn mismatch(declared: &str, computed: &str) -> Fault {
    Fault::new(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
    .with("ClientComputedContentSHA256", declared)
    .with("S3ComputedContentSHA256", computed)
}
