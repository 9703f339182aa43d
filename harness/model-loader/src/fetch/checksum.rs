//! What a source says about a file's content, and whether it is so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use http::HeaderMap;
use md5::{Digest as _, Md5};
use std::io::{self, Read};

/// A checksum of a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha1,
    Crc64Nvme,
    Crc32c,
    Crc32,
    Md5,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha1 => "sha1",
            Self::Crc64Nvme => "crc64nvme",
            Self::Crc32c => "crc32c",
            Self::Crc32 => "crc32",
            Self::Md5 => "md5",
        }
    }

    /// A CRC's parameters and its width in bytes.
    fn crc(self) -> Option<(CrcAlgorithm, usize)> {
        match self {
            Self::Crc64Nvme => Some((CrcAlgorithm::Crc64Nvme, 8)),
            Self::Crc32c => Some((CrcAlgorithm::Crc32Iscsi, 4)),
            Self::Crc32 => Some((CrcAlgorithm::Crc32IsoHdlc, 4)),
            Self::Sha256 | Self::Sha1 | Self::Md5 => None,
        }
    }
}

impl Sum {
    /// The strongest checksum that an answer carries. Checksums of checksums are of no use; an ETag is an MD5 only where nothing speaks against it.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let named = [Algorithm::Sha256, Algorithm::Sha1, Algorithm::Crc64Nvme, Algorithm::Crc32c, Algorithm::Crc32];
        for algorithm in named {
            let value = text(&format!("x-amz-checksum-{}", algorithm.name()));
            if let Some(bytes) =
                value.filter(|value| !value.contains('-')).and_then(|value| STANDARD.decode(value).ok())
            {
                return Some(Self { algorithm, bytes });
            }
        }
        if let Some(bytes) = text("content-md5").and_then(|value| STANDARD.decode(value).ok()) {
            return Some(Self { algorithm: Algorithm::Md5, bytes });
        }
        let from_s3 = headers.contains_key("x-amz-request-id") || headers.contains_key("x-amz-id-2");
        let encrypted = text("x-amz-server-side-encryption").is_some_and(|kind| kind.starts_with("aws:"))
            || headers.contains_key("x-amz-server-side-encryption-customer-algorithm");
        let etag = text("etag").filter(|_| from_s3 && !encrypted)?.trim_matches('"');
        let digits: Option<Vec<u8>> =
            (0..16).map(|at| u8::from_str_radix(etag.get(at * 2..at * 2 + 2)?, 16).ok()).collect();
        digits.filter(|_| etag.len() == 32).map(|bytes| Self { algorithm: Algorithm::Md5, bytes })
    }

    /// Begins to hold content against it.
    pub(super) fn begin(self) -> Check {
        Check { state: State::new(self.algorithm), sum: self }
    }

    /// Begins a checksum of a part, if those of parts can be put together to that of the whole.
    pub(super) fn part(&self) -> Option<PartSum> {
        self.algorithm.crc().map(|(algorithm, _)| PartSum(crc_fast::Digest::new(algorithm)))
    }

    /// Holds checksums of all parts, in their order and each with the part's length (bytes), against it. Only for those of [`Sum::part`].
    pub(super) fn check_parts(self, parts: impl IntoIterator<Item = (u64, u64)>) -> Result<(), Mismatch> {
        let Some((algorithm, width)) = self.algorithm.crc() else { return self.compare(Vec::new()) };
        let whole = parts.into_iter().reduce(|(before, length), (next, more)| {
            (crc_fast::checksum_combine(algorithm, before, next, more), length + more)
        });
        let (whole, _) = whole.unwrap_or((crc_fast::Digest::new(algorithm).finalize(), 0));
        self.compare(big_endian(whole, width))
    }

    fn compare(self, computed: Vec<u8>) -> Result<(), Mismatch> {
        if computed == self.bytes {
            return Ok(());
        }
        let (expected, computed) = (hex::encode(&self.bytes), hex::encode(computed));
        Err(Mismatch { algorithm: self.algorithm.name(), expected, computed })
    }

    /// Reads a file; an error tells what is wrong with it.
    pub(super) fn check(self, mut file: impl Read) -> io::Result<Result<(), Mismatch>> {
        let mut check = self.begin();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(check.finish()),
                n => check.update(buffer.get(..n).unwrap_or_default()),
            }
        }
    }
}

/// Content that is not what the source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) algorithm: &'static str,
    /// In hexadecimal digits.
    pub(super) expected: String,
    /// In hexadecimal digits.
    pub(super) computed: String,
}

/// A checksum that is being computed.
pub(super) struct Check {
    state: State,
    sum: Sum,
}

impl Check {
    /// Takes the next bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    /// Compares.
    pub(super) fn finish(self) -> Result<(), Mismatch> {
        let Self { state, sum } = self;
        sum.compare(state.finish())
    }
}

/// A checksum of a part that is being computed.
pub(super) struct PartSum(crc_fast::Digest);

impl PartSum {
    /// Takes the next bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What it comes to.
    pub(super) fn finish(self) -> u64 {
        self.0.finalize()
    }
}

fn big_endian(crc: u64, width: usize) -> Vec<u8> {
    crc.to_be_bytes().iter().skip(8 - width).copied().collect()
}

enum State {
    Ring(ring::digest::Context),
    Crc(crc_fast::Digest, usize),
    Md5(Md5),
}

impl State {
    fn new(algorithm: Algorithm) -> Self {
        if let Some((algorithm, width)) = algorithm.crc() {
            return Self::Crc(crc_fast::Digest::new(algorithm), width);
        }
        match algorithm {
            Algorithm::Sha256 => Self::Ring(ring::digest::Context::new(&ring::digest::SHA256)),
            Algorithm::Sha1 => Self::Ring(ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY)),
            _ => Self::Md5(Md5::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Ring(context) => context.update(bytes),
            Self::Crc(digest, _) => digest.update(bytes),
            Self::Md5(digest) => digest.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Ring(context) => context.finish().as_ref().to_vec(),
            Self::Crc(digest, width) => big_endian(digest.finalize(), width),
            Self::Md5(digest) => digest.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn sum(headers: &[(&'static str, &'static str)]) -> Option<Sum> {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Sum::of(&HeaderMap::from_iter(headers))
    }

    #[test]
    fn checksums_are_those_that_services_publish() {
        let etag = "\"25f9e794323b453885f5181f1b624d0b\"";
        for headers in [
            [("x-amz-checksum-crc32", "y/Q5Jg=="), ("a", "b")],
            [("x-amz-checksum-crc32c", "4waSgw=="), ("a", "b")],
            [("x-amz-checksum-crc64nvme", "rosUhgp5mIg="), ("a", "b")],
            [("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="), ("a", "b")],
            [("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="), ("a", "b")],
            [("etag", etag), ("x-amz-request-id", "1")],
        ] {
            let sum = sum(&headers).unwrap();
            assert_eq!(sum.clone().check(&b"123456789"[..]).unwrap(), Ok(()), "{headers:?}");
            if let Some(mut first) = sum.part() {
                let mut second = sum.part().unwrap();
                first.update(b"1234");
                second.update(b"56789");
                let (first, second) = ((first.finish(), 4), (second.finish(), 5));
                assert_eq!(sum.clone().check_parts([first, second]), Ok(()), "{headers:?}");
                assert!(sum.clone().check_parts([second, first]).is_err());
                assert!(sum.clone().check_parts([]).is_err());
            }
            assert!(sum.check(&b"12345678"[..]).unwrap().is_err());
        }
        for headers in [
            [("etag", etag), ("a", "b")],
            [("etag", "\"25f9e794323b453885f5181f1b624d0b-2\""), ("x-amz-request-id", "1")],
            [("x-amz-checksum-crc32", "y/Q5Jg==-2"), ("a", "b")],
        ] {
            assert_eq!(sum(&headers), None, "{headers:?}");
        }
    }
}
