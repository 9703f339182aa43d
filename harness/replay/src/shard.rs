//! Parts of a run, so that several machines can share one.
//!
//! Which part a case belongs to follows from its own names and the number of parts alone, like its seed: not from what else is played, so a case stays in
//! its part when scenarios are added or left out. The price is that parts are not of exactly the same size.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::{Case, seed};

/// One of several parts. Shown as `2/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    of: u32,
}

/// Something that names no part.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShardError {
    /// Not two numbers with a slash between them.
    #[error("a part is named like 2/3: its number, counted from 1, and how many there are")]
    Form,
    /// A number outside of what there is.
    #[error("there is no part {number} of {of}: parts are counted from 1")]
    Outside {
        /// The number that was given.
        number: u32,
        /// How many parts there are said to be.
        of: u32,
    },
}

impl Shard {
    /// Part `number` of `of`, counted from 1.
    ///
    /// # Errors
    /// [`ShardError::Outside`] when there is no such part.
    pub fn new(number: u32, of: u32) -> Result<Self, ShardError> {
        if (1..=of).contains(&number) { Ok(Self { number, of }) } else { Err(ShardError::Outside { number, of }) }
    }

    /// Whether this part is to play a case.
    pub(crate) fn holds(self, case: &Case) -> bool {
        Self::holding(&case.full_name(), self.of) == self
    }

    /// The part, of so many, that a case of this full name belongs to. `of` is 1 at least.
    pub(crate) fn holding(name: &str, of: u32) -> Self {
        let at = seed::derive(0, &[name]) % u64::from(of);
        Self { number: u32::try_from(at).unwrap_or_default() + 1, of }
    }

    /// How many parts there are.
    pub fn of(self) -> u32 {
        self.of
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (number, of) = text.split_once('/').ok_or(ShardError::Form)?;
        let read = |digits: &str| {
            let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| all_digits).ok_or(ShardError::Form)
        };
        Self::new(read(number)?, read(of)?)
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Shard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The part that was played, and the whole that it is a part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slice {
    /// The part: `2/3`.
    #[serde(rename = "part")]
    pub shard: Shard,
    /// The full names of the whole run's cases, in order.
    pub plan: Vec<String>,
}

impl Slice {
    /// A part of the run of these cases.
    pub(crate) fn of<'a>(shard: Shard, cases: impl Iterator<Item = &'a Case>) -> Self {
        Self { shard, plan: cases.map(Case::full_name).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("1/1", Ok((1, 1)))]
    #[case("2/3", Ok((2, 3)))]
    #[case("0/3", Err(ShardError::Outside { number: 0, of: 3 }))]
    #[case("4/3", Err(ShardError::Outside { number: 4, of: 3 }))]
    #[case("1/0", Err(ShardError::Outside { number: 1, of: 0 }))]
    #[case("3", Err(ShardError::Form))]
    #[case("/3", Err(ShardError::Form))]
    #[case("+1/3", Err(ShardError::Form))]
    #[case("1/2/3", Err(ShardError::Form))]
    #[case("1/99999999999", Err(ShardError::Form))]
    fn parts_are_named_by_two_numbers(#[case] text: &str, #[case] meant: Result<(u32, u32), ShardError>) {
        assert_eq!(text.parse::<Shard>(), meant.map(|(number, of)| Shard { number, of }));
    }

    #[test]
    fn every_name_is_in_one_part_and_parts_are_alike_in_size() {
        let mut sizes = [0; 4];
        for index in 0..1000 {
            let shard = Shard::holding(&format!("scenario-{index} on KServe 0.14.1"), 4);
            sizes[shard.number as usize - 1] += 1;
        }
        assert!(sizes.iter().all(|size| (200..300).contains(size)), "{sizes:?}");
    }
}
