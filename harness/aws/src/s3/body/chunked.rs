//! `aws-chunked`: `size[;chunk-signature=...]\r\n data \r\n`, the last chunk is empty, trailing headers may follow.
//!
//! Chunks that are signed are handed on when their signature has been checked, others as they come. A signed chunk may be as long as
//! [`SIGNED_CHUNK`]; more is refused, since it has to be held.

use crate::{Body, BodyError, Fault};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use parking_lot::Mutex;
use proofmark_aws_sigv4::{ChunkSigner, same_signature};
use std::sync::Arc;

/// The longest signed chunk that is taken.
const SIGNED_CHUNK: u64 = 16 << 20;
/// The longest line: a size with its signature, or a trailing header.
const LINE: usize = 1024;

/// Headers that came behind the body, once it has been read.
#[derive(Debug, Clone, Default)]
pub(in crate::s3) struct Trailers(Arc<Mutex<Vec<(String, String)>>>);

impl Trailers {
    /// The value of a header, by its lower-case name.
    pub(in crate::s3) fn get(&self, name: &str) -> Option<String> {
        self.0.lock().iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

pub(super) struct Chunked {
    body: Body,
    buffer: BytesMut,
    signer: Option<ChunkSigner>,
    has_trailers: bool,
    /// What the content says to have left.
    expected: u64,
    /// What is left of an unsigned chunk.
    within: Option<u64>,
    done: bool,
    trailers: Trailers,
}

impl Chunked {
    pub(super) fn new(
        body: Body,
        signer: Option<ChunkSigner>,
        has_trailers: bool,
        expected: u64,
        trailers: Trailers,
    ) -> Self {
        Self { body, buffer: BytesMut::new(), signer, has_trailers, expected, within: None, done: false, trailers }
    }

    pub(super) fn into_body(self) -> Body {
        let frames = stream::unfold(Some(self), |state| async move {
            let mut chunked = state?;
            match chunked.next().await {
                Ok(Some(data)) => Some((Ok(Frame::data(data)), Some(chunked))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        StreamBody::new(frames).boxed_unsync()
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        if self.done {
            return Ok(None);
        }
        let left = match self.within.take() {
            Some(left) => left,
            None => match self.begin_chunk().await? {
                Begun::Whole(data) => return Ok(Some(data)),
                Begun::Unsigned(size) => size,
                Begun::Last => {
                    self.done = true;
                    return if self.expected == 0 { Ok(None) } else { Err(incomplete()) };
                }
            },
        };
        if self.buffer.is_empty() {
            self.fill().await?;
        }
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
        let data = self.buffer.split_to(take).freeze();
        let left = left - take as u64;
        if left == 0 {
            self.line_end().await?;
        } else {
            self.within = Some(left);
        }
        self.count(take as u64)?;
        Ok(Some(data))
    }

    async fn begin_chunk(&mut self) -> Result<Begun, BodyError> {
        let line = self.line().await?;
        let (size, extension) = line.split_once(';').unwrap_or((&line, ""));
        let size = u64::from_str_radix(size.trim(), 16).map_err(|_| malformed())?;
        let Some(signer) = &self.signer else {
            if size == 0 {
                self.read_trailers(None).await?;
                return Ok(Begun::Last);
            }
            return Ok(Begun::Unsigned(size));
        };
        if size > SIGNED_CHUNK {
            let message = format!("Signed chunks of more than {SIGNED_CHUNK} bytes are not taken.");
            return Err(BodyError::new(Fault::new(400, "InvalidChunkSizeError", message)));
        }
        let signature = extension.strip_prefix("chunk-signature=").ok_or_else(malformed)?.to_owned();
        let mut signer = signer.clone();
        let size = size as usize; // bounded above
        while self.buffer.len() < size {
            self.fill().await?;
        }
        let data = self.buffer.split_to(size).freeze();
        if !same_signature(signer.chunk(&data), &signature) {
            return Err(does_not_match());
        }
        if size == 0 {
            self.read_trailers(Some(signer)).await?;
            return Ok(Begun::Last);
        }
        self.signer = Some(signer);
        self.line_end().await?;
        self.count(size as u64)?;
        Ok(Begun::Whole(data))
    }

    /// What stands behind the last chunk's size: headers if they were announced, then an empty line.
    async fn read_trailers(&mut self, signer: Option<ChunkSigner>) -> Result<(), BodyError> {
        if !self.has_trailers {
            // Clients differ in whether they send the empty line.
            return self.drain().await;
        }
        let (mut signed, mut signature) = (String::new(), None);
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else {
                if line.is_empty() {
                    break;
                }
                return Err(malformed());
            };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if name == "x-amz-trailer-signature" {
                signature = Some(value.to_owned());
            } else {
                signed.push_str(&format!("{name}:{value}\n"));
                self.trailers.0.lock().push((name, value.to_owned()));
            }
        }
        if let Some(mut signer) = signer
            && !signature.is_some_and(|signature| same_signature(signer.trailer(&signed), &signature))
        {
            return Err(does_not_match());
        }
        self.drain().await
    }

    /// Reads to the end, where nothing may be left but line ends.
    async fn drain(&mut self) -> Result<(), BodyError> {
        loop {
            if self.buffer.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
                return Err(malformed());
            }
            self.buffer.clear();
            if !self.pull().await? {
                return Ok(());
            }
        }
    }

    async fn line(&mut self) -> Result<String, BodyError> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let line = self.buffer.split_to(end);
                self.buffer.advance(2);
                return String::from_utf8(line.to_vec()).map_err(|_| malformed());
            }
            if self.buffer.len() > LINE {
                return Err(malformed());
            }
            // A last line without its end is complete, too.
            if !self.pull().await? {
                let rest = self.buffer.split();
                return if rest.is_empty() && self.has_trailers && self.expected == 0 {
                    Ok(String::new())
                } else {
                    Err(incomplete())
                };
            }
        }
    }

    async fn line_end(&mut self) -> Result<(), BodyError> {
        while self.buffer.len() < 2 {
            self.fill().await?;
        }
        if self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
            Ok(())
        } else {
            Err(malformed())
        }
    }

    fn count(&mut self, bytes: u64) -> Result<(), BodyError> {
        self.expected = self.expected.checked_sub(bytes).ok_or_else(incomplete)?;
        Ok(())
    }

    async fn fill(&mut self) -> Result<(), BodyError> {
        if self.pull().await? { Ok(()) } else { Err(incomplete()) }
    }

    /// Takes what comes next; false at the end.
    async fn pull(&mut self) -> Result<bool, BodyError> {
        loop {
            match self.body.frame().await {
                None => return Ok(false),
                Some(frame) => {
                    if let Ok(data) = frame?.into_data()
                        && !data.is_empty()
                    {
                        self.buffer.extend_from_slice(&data);
                        return Ok(true);
                    }
                }
            }
        }
    }
}

enum Begun {
    /// A signed chunk.
    Whole(Bytes),
    /// The size of an unsigned one, whose data follows.
    Unsigned(u64),
    Last,
}

fn malformed() -> BodyError {
    let message = "The request body is not in the aws-chunked form that its headers announce.";
    BodyError::new(Fault::new(400, "InvalidRequest", message))
}

fn incomplete() -> BodyError {
    let message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
    BodyError::new(Fault::new(400, "IncompleteBody", message))
}

fn does_not_match() -> BodyError {
    let message = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
    BodyError::new(Fault::new(403, "SignatureDoesNotMatch", message))
}
