//! `resource.Quantity`: numbers with a suffix (`100m`, `1Gi`, `12e6`), brought into Kubernetes' canonical form.
//!
//! The rules are those of `k8s.io/apimachinery/pkg/api/resource` (1.35), with their surprises: a text that is canonical enough is
//! kept as it came (`1.500` stays, `1.5` becomes `1500m`); finer than a nano is rounded away from zero; binary amounts end at 2^63-1;
//! decimal amounts beyond `E` lose their suffix. The value is held as decimal digits and an exponent, so nothing overflows
//! and an amount like `1e999999999` costs nothing.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

/// Why a text is no quantity. The words are the API server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// It does not look like a quantity.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// Its suffix is unknown.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

/// How a quantity is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// `12e6`
    Exponent,
    /// `12M`
    Decimal,
    /// `12Mi`
    Binary,
}

/// An amount of a resource.
#[derive(Debug, Clone)]
pub struct Quantity {
    amount: Decimal,
    format: Format,
    /// The text that it came as, where that counts as canonical.
    text: Option<String>,
    /// The exponent that it came with, where Go holds it in its fast form.
    fast: Option<i64>,
}

/// A quantity as Go holds it after reading it from a text.
#[derive(Debug, Default)]
pub struct GoForm {
    /// `int64Amount.value`; 0 for an amount that is held as a big number.
    pub value: i128,
    /// `int64Amount.scale`
    pub scale: i64,
    /// A big number: whether it is negative, its magnitude in 64-bit words from the lowest on, and how many of its digits are decimals.
    pub big: Option<(bool, Vec<u64>, i64)>,
    /// The text that is kept for printing.
    pub text: String,
    /// The name of the format.
    pub format: &'static str,
}

/// The largest binary amount.
const MAX_BINARY: &str = "9223372036854775807";
/// Digits that Go holds in its fast form.
const FAST_DIGITS: i64 = 18;
/// The finest exponent: nano.
const FINEST: i64 = -9;

impl Quantity {
    /// Reads a quantity as it stands in JSON (`ParseQuantity`).
    ///
    /// # Errors
    /// [`QuantityError`], worded as the API server's.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let zero = Self { amount: Decimal::default(), format: Format::Decimal, text: None, fast: Some(0) };
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        let parts = Parts::split(text)?;
        let Some(parts) = parts else { return Ok(zero) };
        let (exponent, mut format) = suffix(parts.suffix).ok_or(QuantityError::Suffix)?;
        let count = |digits: &str| i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let shifted = format!("{}{}", parts.whole, parts.fraction);
        let (length, places) = (count(&shifted), count(parts.fraction));
        let power = if format == Format::Binary { 0 } else { exponent };
        let mut amount = Decimal::new(parts.negative, &shifted, power - places);
        if format == Format::Binary {
            amount = amount.shift_left(exponent);
        }
        let fast = match format {
            // Ten bits are three digits, and two are kept in reserve.
            Format::Binary => places == 0 && 14 - length - exponent * 3 / 10 >= 0,
            _ => length <= FAST_DIGITS && power - places >= FINEST,
        };
        if fast {
            let kept = match format {
                Format::Binary => shifted.parse::<u64>().is_ok_and(|value| value & 7 != 0),
                _ => (power - places) % 3 == 0 && !shifted.ends_with("000") && !shifted.starts_with('0'),
            };
            let text = kept.then(|| text.to_owned());
            return Ok(Self { amount, format, text, fast: Some(power - places) });
        }
        amount = amount.round(FINEST);
        if format == Format::Binary {
            let (max, one) = (Decimal::new(false, MAX_BINARY, 0), Decimal::new(false, "1", 0));
            if amount.cmp_magnitude(&max) == Ordering::Greater {
                amount = Decimal { negative: amount.negative, ..max };
            }
            if !amount.is_zero() && amount.cmp_magnitude(&one) == Ordering::Less {
                format = Format::Decimal;
            }
        }
        Ok(Self { amount, format, text: None, fast: None })
    }

    /// Rounds away from zero to a power of ten (`-3`: milli), as the defaulting of resource lists does (`RoundUp`).
    #[must_use]
    pub fn round_up(self, exponent: i64) -> Self {
        if self.amount.exponent >= exponent {
            return self;
        }
        Self { amount: self.amount.round(exponent), text: None, fast: None, ..self }
    }

    /// How Go holds it.
    pub fn go_form(&self) -> GoForm {
        let format = match self.format {
            Format::Exponent => "DecimalExponent",
            Format::Decimal => "DecimalSI",
            Format::Binary => "BinarySI",
        };
        if self.amount.is_zero() {
            return GoForm { text: "0".to_owned(), format, ..GoForm::default() };
        }
        let text = self.text.clone().unwrap_or_default();
        if let Some(scale) = self.fast {
            return GoForm { value: self.scaled(scale).unwrap_or_default(), scale, big: None, text, format };
        }
        let mut rest = self.scaled(FINEST).unwrap_or_default().unsigned_abs();
        let mut words = Vec::new();
        while rest > 0 {
            words.push(u64::try_from(rest & u128::from(u64::MAX)).unwrap_or_default());
            rest >>= 64;
        }
        GoForm { big: Some((self.amount.negative, words, -FINEST)), text, format, ..GoForm::default() }
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        match (self.amount.is_zero(), self.amount.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// The amount in units of a power of ten (`0`: whole ones, `-3`: milli), rounded away from zero; none where it exceeds 128 bits.
    pub fn scaled(&self, exponent: i64) -> Option<i128> {
        let rounded = self.amount.clone().round(exponent);
        let zeros = usize::try_from(rounded.exponent - exponent).ok()?;
        if rounded.is_zero() {
            return Some(0);
        }
        if zeros > 40 {
            return None;
        }
        let magnitude: i128 = format!("{}{}", rounded.digits, "0".repeat(zeros)).parse().ok()?;
        Some(if rounded.negative { -magnitude } else { magnitude })
    }
}

/// Sums and numbers.
impl Quantity {
    /// The amount as a whole number, if Go holds it in whole units: `1500m` and `500m` are 2, and yet no integer (`AsInt64`).
    pub fn as_integer(&self) -> Option<i64> {
        self.fast.filter(|unit| *unit >= 0)?;
        self.scaled(0).and_then(|whole| i64::try_from(whole).ok())
    }

    /// The amount as a float, which need not be exact (`AsApproximateFloat64`).
    pub fn as_float(&self) -> f64 {
        let sign = if self.amount.negative { "-" } else { "" };
        let text = format!("{sign}{}e{}", self.amount.digits, self.amount.exponent);
        if self.amount.is_zero() { 0.0 } else { text.parse().unwrap_or(f64::NAN) }
    }

    /// The sum. It is written as the first amount is, unless that is zero.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let format = if self.amount.is_zero() { other.format } else { self.format };
        let unit = match (self.amount.is_zero(), other.amount.is_zero()) {
            (_, true) => self.fast,
            (true, false) => other.fast,
            (false, false) => self.fast.zip(other.fast).map(|(a, b)| a.min(b)),
        };
        let amount = self.amount.plus(&other.amount);
        let fits = unit.is_some_and(|unit| amount.fits(unit));
        Self { amount, format, text: None, fast: unit.filter(|_| fits) }
    }

    /// The difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let amount = Decimal { negative: !other.amount.negative, ..other.amount.clone() };
        self.plus(&Self { amount, ..other.clone() })
    }
}

impl From<i64> for Quantity {
    fn from(whole: i64) -> Self {
        let amount = Decimal::new(whole < 0, &whole.unsigned_abs().to_string(), 0);
        Self { amount, format: Format::Exponent, text: None, fast: Some(0) }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By amount, whatever the suffix.
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.sign(), other.sign()) {
            (-1, -1) => other.amount.cmp_magnitude(&self.amount),
            (1, 1) => self.amount.cmp_magnitude(&other.amount),
            (a, b) => a.cmp(&b),
        }
    }
}

/// The canonical form.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.amount.is_zero() {
            return f.write_str("0");
        }
        if let Some(text) = &self.text {
            return f.write_str(text);
        }
        let sign = if self.amount.negative { "-" } else { "" };
        let small = self.amount.cmp_magnitude(&Decimal::new(false, "1024", 0)) == Ordering::Less;
        if self.format == Format::Binary && !small && self.amount.exponent >= 0 {
            let (amount, times) = self.amount.whole().map_or((String::new(), 0), remove_1024);
            return write!(f, "{sign}{amount}{}", BINARY.get(times).copied().unwrap_or_default());
        }
        // The exponent becomes a multiple of three.
        let zeros = self.amount.exponent.rem_euclid(3);
        let exponent = self.amount.exponent - zeros;
        write!(f, "{sign}{}{}", self.amount.digits, &"00"[..usize::try_from(zeros).unwrap_or_default()])?;
        match self.format {
            Format::Exponent if exponent != 0 => write!(f, "e{exponent}"),
            Format::Exponent => Ok(()),
            _ => f.write_str(DECIMAL.iter().find(|(_, e)| *e == exponent).map_or("", |(name, _)| name)),
        }
    }
}

const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: [(&str, i64); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

/// What a suffix stands for: a power of two (binary) or of ten.
fn suffix(text: &str) -> Option<(i64, Format)> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == text) {
        return Some((*exponent, Format::Decimal));
    }
    if let Some(times) = BINARY.iter().position(|name| *name == text) {
        return Some((i64::try_from(times).ok()? * 10, Format::Binary));
    }
    let exponent: i64 = text.strip_prefix(['e', 'E'])?.parse().ok()?;
    // Go keeps the lower 32 bits.
    let exponent = i32::from_le_bytes(exponent.to_le_bytes().first_chunk().copied()?);
    Some((exponent.into(), Format::Exponent))
}

/// A text in its parts.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

impl<'a> Parts<'a> {
    /// None: nothing but a sign and zeros.
    fn split(text: &'a str) -> Result<Option<Self>, QuantityError> {
        let negative = text.starts_with('-');
        let rest = text.strip_prefix(['-', '+']).unwrap_or(text).trim_start_matches('0');
        if rest.is_empty() {
            return Ok(None);
        }
        let (whole, rest) = digits(rest);
        let whole = if whole.is_empty() { "0" } else { whole };
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), digits);
        let letters = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
        let (_, end) = digits(letters.strip_prefix(['-', '+']).unwrap_or(letters));
        if !end.is_empty() {
            return Err(QuantityError::Format);
        }
        Ok(Some(Self { negative, whole, fraction, suffix }))
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Takes the factors of 1024 out of a whole number.
fn remove_1024(mut amount: u128) -> (String, usize) {
    let mut times = 0;
    while amount != 0 && amount.is_multiple_of(1024) {
        amount /= 1024;
        times += 1;
    }
    (amount.to_string(), times)
}

/// `digits * 10^exponent`, without zeros at either end of the digits; zero has none at all.
#[derive(Debug, Clone, Default)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn new(negative: bool, digits: &str, exponent: i64) -> Self {
        let leading = digits.trim_start_matches('0');
        let kept = leading.trim_end_matches('0');
        let zeros = i64::try_from(leading.len() - kept.len()).unwrap_or_default();
        if kept.is_empty() {
            return Self::default();
        }
        Self { negative, digits: kept.to_owned(), exponent: exponent + zeros }
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Where the first digit stands.
    fn magnitude(&self) -> i64 {
        self.exponent + i64::try_from(self.digits.len()).unwrap_or(i64::MAX)
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // Without zeros at the end, a longer text with the same beginning is the larger one.
            (false, false) => self.magnitude().cmp(&other.magnitude()).then_with(|| self.digits.cmp(&other.digits)),
        }
    }

    /// The digits down to a power of ten, lowest first; none where that is unreasonably many.
    fn digits_from(&self, exponent: i64) -> Option<Vec<u8>> {
        const MOST: i64 = 100_000;
        let zeros = usize::try_from(Some(self.exponent - exponent).filter(|n| *n <= MOST)?).ok()?;
        let own = self.digits.bytes().rev().map(|d| d - b'0');
        Some(std::iter::repeat_n(0, zeros).chain(own).collect())
    }

    /// The sum; where one is beyond all measure larger, that one.
    fn plus(&self, other: &Self) -> Self {
        let (large, small) = if self.cmp_magnitude(other) == Ordering::Less { (other, self) } else { (self, other) };
        if small.is_zero() {
            return large.clone();
        }
        let exponent = large.exponent.min(small.exponent);
        let (Some(mut digits), Some(added)) = (large.digits_from(exponent), small.digits_from(exponent)) else {
            return large.clone();
        };
        let subtract = large.negative != small.negative;
        let mut carry = 0_i16;
        digits.push(0);
        for (i, digit) in digits.iter_mut().enumerate() {
            let other = i16::from(added.get(i).copied().unwrap_or_default());
            let sum = i16::from(*digit) + if subtract { -other } else { other } + carry;
            carry = sum.div_euclid(10);
            *digit = u8::try_from(sum.rem_euclid(10)).unwrap_or_default();
        }
        let text: String = digits.iter().rev().map(|d| char::from(d + b'0')).collect();
        Self::new(large.negative, &text, exponent)
    }

    /// Whether the amount is a 64 bit number of units.
    fn fits(&self, unit: i64) -> bool {
        let zeros = self.exponent - unit;
        self.is_zero() || (zeros >= 0 && i64::try_from(self.digits.len()).is_ok_and(|n| n + zeros <= 18))
    }

    /// The magnitude of a whole number.
    fn whole(&self) -> Option<u128> {
        let value: u128 = self.digits.parse().ok()?;
        value.checked_mul(10_u128.checked_pow(u32::try_from(self.exponent).ok()?)?)
    }

    /// Away from zero, to a power of ten.
    fn round(self, exponent: i64) -> Self {
        if self.is_zero() || self.exponent >= exponent {
            return self;
        }
        let drop = usize::try_from(exponent - self.exponent).unwrap_or(usize::MAX);
        let kept = self.digits.len().checked_sub(drop).map_or("", |at| &self.digits[..at]);
        // What is dropped is never zero, since the digits do not end in zeros.
        let mut digits = kept.as_bytes().to_vec();
        let nines = digits.iter().rev().take_while(|d| **d == b'9').count();
        let at = digits.len() - nines;
        digits[at..].fill(b'0');
        match at.checked_sub(1).and_then(|last| digits.get_mut(last)) {
            Some(last) => *last += 1,
            None => digits.insert(0, b'1'),
        }
        Self::new(self.negative, &String::from_utf8_lossy(&digits), exponent)
    }

    /// Times two to a power.
    fn shift_left(self, bits: i64) -> Self {
        let mut digits: Vec<u8> = self.digits.bytes().rev().map(|d| d - b'0').collect();
        for _ in 0..bits / 10 {
            let mut carry = 0_u32;
            for digit in &mut digits {
                let value = u32::from(*digit) * 1024 + carry;
                *digit = u8::try_from(value % 10).unwrap_or_default();
                carry = value / 10;
            }
            while carry > 0 {
                digits.push(u8::try_from(carry % 10).unwrap_or_default());
                carry /= 10;
            }
        }
        let text: String = digits.iter().rev().map(|d| char::from(d + b'0')).collect();
        Self::new(self.negative, &text, self.exponent)
    }
}
