//! Everything random in a cloud, from one seed: request ids, unique ids, secrets.

use parking_lot::Mutex;

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A seeded source of identifiers and secrets.
#[derive(Debug)]
pub(crate) struct Random(Mutex<fastrand::Rng>);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// An id as IAM makes them: a prefix (`AIDA`, `AROA`, `AKIA`, `ASIA`) and 17 (keys: 16) letters and digits.
    pub(crate) fn unique_id(&self, prefix: &str) -> String {
        let letters = if prefix.starts_with("AK") || prefix.starts_with("AS") { 16 } else { 17 };
        format!("{prefix}{}", self.draw(BASE32, letters))
    }

    /// A secret access key: 40 characters.
    pub(crate) fn secret(&self) -> String {
        self.draw(BASE64, 40)
    }

    /// Characters that may stand in a session token or a version id.
    pub(crate) fn token(&self, length: usize) -> String {
        self.draw(&BASE64[..62], length)
    }

    /// Upper-case hexadecimal digits: S3's request ids have 16.
    pub(crate) fn request_id(&self) -> String {
        self.draw(b"0123456789ABCDEF", 16)
    }

    /// Lower-case hexadecimal digits.
    pub(crate) fn hex(&self, digits: usize) -> String {
        self.draw(b"0123456789abcdef", digits)
    }

    /// A version 4 UUID: request ids of the other services, ids of KMS keys.
    pub(crate) fn uuid(&self) -> String {
        uuid::Builder::from_random_bytes(self.0.lock().u128(..).to_be_bytes()).into_uuid().to_string()
    }

    /// Lower-case letters and digits: ids of organisations and of their parts.
    pub(crate) fn lower(&self, length: usize) -> String {
        self.draw(b"abcdefghijklmnopqrstuvwxyz0123456789", length)
    }

    /// Digits: ids of accounts.
    pub(crate) fn digits(&self, length: usize) -> String {
        self.draw(b"0123456789", length)
    }

    /// Bytes of a key.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().fill(&mut bytes);
        bytes
    }

    fn draw(&self, alphabet: &[u8], length: usize) -> String {
        let mut rng = self.0.lock();
        (0..length).map(|_| char::from(alphabet[rng.usize(..alphabet.len())])).collect()
    }
}
