//! Lower and upper bounds.

use std::ops::{Add, Mul};

/// The least and the most that something can be: a size, or a cost in CEL's units. Sums and products stop at the largest number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
}

impl Bounds {
    pub(super) const NOTHING: Self = Self { min: 0, max: 0 };
    pub(super) const UNKNOWN: Self = Self { min: 0, max: u64::MAX };
    /// What a union begins with.
    pub(super) const EMPTY: Self = Self { min: u64::MAX, max: 0 };

    pub(super) fn exactly(value: u64) -> Self {
        Self { min: value, max: value }
    }

    pub(super) fn up_to(max: u64) -> Self {
        Self { min: 0, max }
    }

    /// Times a factor, rounded up.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { min: scaled(self.min, factor), max: scaled(self.max, factor) }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as in Go; saturates"
)]
fn scaled(value: u64, factor: f64) -> u64 {
    (value as f64 * factor).ceil() as u64
}

impl Add for Bounds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { min: self.min.saturating_add(other.min), max: self.max.saturating_add(other.max) }
    }
}

impl Mul for Bounds {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self { min: self.min.saturating_mul(other.min), max: self.max.saturating_mul(other.max) }
    }
}
