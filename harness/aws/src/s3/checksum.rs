//! Checksums of objects. Source: S3 User Guide, "Checking object integrity in Amazon S3".

use super::store::Checksum;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crc_fast::{CrcAlgorithm, Digest as Crc};
use ring::digest;

/// A checksum in the making.
pub(super) enum Running {
    Crc(&'static str, Crc, usize),
    Sha(&'static str, digest::Context),
}

/// The algorithms by their names, which end the names of their headers.
const ALGORITHMS: [&str; 5] = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];

/// The algorithm with this name, whatever its case.
pub(super) fn algorithm(name: &str) -> Option<&'static str> {
    ALGORITHMS.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// `x-amz-checksum-crc32`
pub(super) fn header(algorithm: &str) -> String {
    format!("x-amz-checksum-{}", algorithm.to_ascii_lowercase())
}

/// The checksum of several parts: of their checksums, or of all their bytes. None where their algorithm has no such sum.
pub(super) fn of_parts(algorithm: &'static str, composite: bool, parts: &[(&Checksum, u64)]) -> Option<Checksum> {
    let raw = parts.iter().map(|(sum, len)| Some((BASE64_STANDARD.decode(&sum.value).ok()?, *len)));
    let raw: Vec<(Vec<u8>, u64)> = raw.collect::<Option<_>>()?;
    if composite {
        let mut sum = Running::new(algorithm);
        raw.iter().for_each(|(bytes, _)| sum.update(bytes));
        let sum = sum.finish();
        return Some(Checksum { value: format!("{}-{}", sum.value, raw.len()), composite: true, ..sum });
    }
    let (kind, width) = match algorithm {
        "CRC32" => (CrcAlgorithm::Crc32IsoHdlc, 4),
        "CRC32C" => (CrcAlgorithm::Crc32Iscsi, 4),
        "CRC64NVME" => (CrcAlgorithm::Crc64Nvme, 8),
        _ => return None,
    };
    let number = |bytes: &[u8]| bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let whole = raw
        .iter()
        .map(|(bytes, len)| (number(bytes), *len))
        .reduce(|(before, total), (next, len)| (crc_fast::checksum_combine(kind, before, next, len), total + len));
    let value = BASE64_STANDARD.encode(&whole.map_or(0, |(sum, _)| sum).to_be_bytes()[8 - width..]);
    Some(Checksum { algorithm: algorithm.to_owned(), value, composite: false })
}

impl Running {
    /// Begins one; what it does not know counts as CRC64NVME, the default.
    pub(super) fn new(name: &str) -> Self {
        match algorithm(name) {
            Some(name @ "CRC32") => Self::Crc(name, Crc::new(CrcAlgorithm::Crc32IsoHdlc), 4),
            Some(name @ "CRC32C") => Self::Crc(name, Crc::new(CrcAlgorithm::Crc32Iscsi), 4),
            Some(name @ "SHA1") => Self::Sha(name, digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
            Some(name @ "SHA256") => Self::Sha(name, digest::Context::new(&digest::SHA256)),
            _ => Self::Crc("CRC64NVME", Crc::new(CrcAlgorithm::Crc64Nvme), 8),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(_, crc, _) => crc.update(bytes),
            Self::Sha(_, sha) => sha.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Checksum {
        let (algorithm, value) = match self {
            Self::Crc(name, crc, width) => (name, BASE64_STANDARD.encode(&crc.finalize().to_be_bytes()[8 - width..])),
            Self::Sha(name, sha) => (name, BASE64_STANDARD.encode(sha.finish())),
        };
        Checksum { algorithm: algorithm.to_owned(), value, composite: false }
    }
}

#[cfg(test)]
mod tests {
    use super::Running;
    use rstest::rstest;

    #[rstest]
    #[case("CRC32")]
    #[case("CRC32C")]
    #[case("CRC64NVME")]
    fn parts_add_up_to_the_whole(#[case] name: &'static str) {
        let sum = |bytes: &[u8]| {
            let mut sum = Running::new(name);
            sum.update(bytes);
            sum.finish()
        };
        let (a, b) = (sum(b"1234"), sum(b"56789"));
        assert_eq!(super::of_parts(name, false, &[(&a, 4), (&b, 5)]), Some(sum(b"123456789")));
        assert!(super::of_parts(name, true, &[(&a, 4), (&b, 5)]).unwrap().value.ends_with("-2"));
    }

    /// The check values of the catalogues: over `123456789`.
    #[rstest]
    #[case("crc32", "y/Q5Jg==")]
    #[case("CRC32C", "4waSgw==")]
    #[case("CRC64NVME", "rosUhgp5mIg=")]
    #[case("SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE=")]
    #[case("SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=")]
    fn check_values(#[case] name: &str, #[case] expected: &str) {
        let mut sum = Running::new(name);
        sum.update(b"1234");
        sum.update(b"56789");
        assert_eq!(sum.finish().value, expected);
    }
}
