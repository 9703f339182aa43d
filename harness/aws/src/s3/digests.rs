//! The MD5 digest and the checksum of bytes, made while the rest of them arrives.
//!
//! MD5 cannot be made in parts, and takes longer than everything else that an upload needs. So what is long is digested on a thread of its own. In a runtime of one
//! thread that is left alone: simulated universes live there, and no other thread may have a say in the order of what happens in them.

use super::checksum::Running;
use super::store::{Checksum, Data};
use crate::Fault;
use bytes::Bytes;
use md5::{Digest as _, Md5};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// As many segments wait for the thread at most; who reads the socket waits then, too.
const WAITING: usize = 16;

/// Both, in the making.
pub(super) struct Digests {
    md5: Md5,
    checksum: Running,
}

impl Digests {
    pub(super) fn new(algorithm: &str) -> Self {
        Self { md5: Md5::new(), checksum: Running::new(algorithm) }
    }

    /// Those of bytes that are there already.
    pub(super) fn of(data: &Data, algorithm: &str) -> ([u8; 16], Checksum) {
        let mut digests = Self::new(algorithm);
        for slice in data.slices(0..data.len()) {
            digests.update(&slice);
        }
        digests.finish()
    }

    fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.checksum.update(bytes);
    }

    fn finish(self) -> ([u8; 16], Checksum) {
        (self.md5.finalize().into(), self.checksum.finish())
    }
}

/// Who makes them.
pub(super) enum Digesting {
    /// Whoever brings the bytes.
    Here(Box<Digests>),
    /// A thread.
    Beside { segments: mpsc::Sender<Bytes>, thread: JoinHandle<Box<Digests>> },
}

impl Digesting {
    pub(super) fn new(algorithm: &str) -> Self {
        Self::Here(Box::new(Digests::new(algorithm)))
    }

    /// Takes a segment. More is likely to come, so from here on a thread digests.
    pub(super) async fn go_on(self, segment: Bytes) -> Result<Self, Fault> {
        match self {
            Self::Here(mut digests) if !has_threads() => {
                digests.update(&segment);
                Ok(Self::Here(digests))
            }
            Self::Here(mut digests) => {
                let (segments, mut arriving) = mpsc::channel::<Bytes>(WAITING);
                let thread = tokio::task::spawn_blocking(move || {
                    digests.update(&segment);
                    while let Some(segment) = arriving.blocking_recv() {
                        digests.update(&segment);
                    }
                    digests
                });
                Ok(Self::Beside { segments, thread })
            }
            Self::Beside { segments, thread } => {
                segments.send(segment).await.map_err(|_| lost())?;
                Ok(Self::Beside { segments, thread })
            }
        }
    }

    /// Takes the last segments.
    pub(super) async fn finish(self, rest: impl IntoIterator<Item = Bytes>) -> Result<([u8; 16], Checksum), Fault> {
        let mut digests = match self {
            Self::Here(digests) => digests,
            Self::Beside { segments, thread } => {
                drop(segments);
                thread.await.map_err(|_| lost())?
            }
        };
        for segment in rest {
            digests.update(&segment);
        }
        Ok(digests.finish())
    }
}

fn has_threads() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}

/// The runtime is about to end.
fn lost() -> Fault {
    Fault::new(500, "InternalError", "We encountered an internal error. Please try again.")
}

#[cfg(test)]
mod tests {
    use super::{Digesting, Digests};
    use crate::s3::store::Collector;
    use rstest::rstest;

    /// A thread makes what whoever reads makes, however long the bytes are.
    #[rstest]
    #[case(&[])]
    #[case(&[1])]
    #[case(&[1 << 20])]
    #[case(&[(1 << 20) + 1, 3 << 20, 7])]
    fn a_thread_makes_no_difference(#[case] chunks: &[usize]) {
        let arrive = async || {
            let (mut collector, mut digesting) = (Collector::default(), Digesting::new("SHA256"));
            for (index, len) in chunks.iter().enumerate() {
                let chunk: Vec<u8> = (0..*len).map(|at| (at * 31 + index) as u8).collect();
                collector.push(&chunk);
                while let Some(segment) = collector.next_full() {
                    digesting = digesting.go_on(segment).await.expect("a thread");
                }
            }
            let (data, rest) = collector.finish();
            (digesting.finish(rest).await.expect("digests"), data)
        };
        let one = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let many = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let (here, data) = one.block_on(arrive());
        let (beside, _) = many.block_on(arrive());
        assert_eq!(here, beside);
        assert_eq!(here, Digests::of(&data, "sha256"));
        let whole: Vec<u8> = data.slices(0..data.len()).iter().flat_map(|slice| slice.to_vec()).collect();
        assert_eq!(here.1.value, {
            use base64::Engine as _;
            base64::prelude::BASE64_STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, &whole))
        });
    }
}
