//! Tokens against forged requests: whoever can read the cookie can repeat them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// Where tokens come from: 32 bytes, written with letters that URLs know.
#[derive(Clone)]
pub struct Tokens(Source);

#[derive(Clone)]
enum Source {
    System(SystemRandom),
    /// The seed, and how many there have been.
    Seed(u64, Arc<Mutex<u64>>),
}

impl Tokens {
    /// Nobody guesses them.
    pub fn secret() -> Self {
        Self(Source::System(SystemRandom::new()))
    }

    /// They are the same in every run. For simulations.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seed(seed, Arc::default()))
    }

    /// The next one; none when the system has no random bytes.
    pub(super) fn next(&self) -> Option<String> {
        let mut bytes = [0; 32];
        match &self.0 {
            Source::System(random) => random.fill(&mut bytes).ok()?,
            Source::Seed(seed, count) => {
                let mut count = count.lock();
                *count += 1;
                bytes.copy_from_slice(digest(&SHA256, format!("{seed} {count}").as_bytes()).as_ref());
            }
        }
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_repeat_and_tokens_do_not() {
        let (tokens, again) = (Tokens::seeded(1), Tokens::seeded(1));
        let first = tokens.next().unwrap();
        assert_eq!(first.len(), 43);
        assert_eq!(Some(first.clone()), again.next());
        assert_ne!(Some(first), tokens.next());
        assert_ne!(Tokens::secret().next(), Tokens::secret().next());
    }
}
