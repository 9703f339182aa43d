//! What nobody guesses, unlike everything that comes from a seed.

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::ExpectedError;

/// So many random bytes, two digits each.
pub(crate) fn hexadecimal<const BYTES: usize>() -> Result<String, ExpectedError> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|error| ExpectedError::System {
        what: "get random bytes",
        source: std::io::Error::other(error.to_string()),
    })?;
    Ok(hex::encode(bytes))
}
