//! Everything random that a server makes, from one seed: uids, name suffixes, tokens.

use parking_lot::Mutex;

/// The letters of `generateName` suffixes (`k8s.io/apimachinery/pkg/util/rand`): no vowels, so that no words appear.
const SUFFIX: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A seeded source of names.
#[derive(Debug)]
pub(crate) struct Random(Mutex<fastrand::Rng>);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// Where it stands: seeded with this, another one goes on from here.
    pub(crate) fn state(&self) -> u64 {
        self.0.lock().get_seed()
    }

    /// A version 4 UUID.
    pub(crate) fn uid(&self) -> String {
        let bits = (self.0.lock().u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// Five letters for a generated name.
    pub(crate) fn suffix(&self) -> String {
        let mut rng = self.0.lock();
        (0..5).map(|_| char::from(SUFFIX[rng.usize(..SUFFIX.len())])).collect()
    }

    /// Hexadecimal digits, for bearer tokens.
    pub(crate) fn hex(&self, digits: usize) -> String {
        let mut rng = self.0.lock();
        (0..digits).map(|_| char::from_digit(rng.u32(..16), 16).unwrap_or('0')).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn uids_are_version_four_and_repeat_with_the_seed() {
        let uid = Random::seeded(7).uid();
        assert_eq!(uid, Random::seeded(7).uid());
        assert_ne!(uid, Random::seeded(8).uid());
        assert_eq!(uid.len(), 36);
        assert_eq!(&uid[14..15], "4");
        assert!("89ab".contains(&uid[19..20]), "{uid}");
    }
}
