//! Quantities such as `500m` and `1Gi`, read as Kubernetes' `resource.Quantity` reads them.
//!
//! The source of the grammar and of its rounding is `k8s.io/apimachinery/pkg/api/resource/quantity.go`. The module must
//! not know where a quantity stands or what it measures: cores, bytes and plain ratios are all the same to it.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

/// The smallest amount there is, as a power of ten.
const NANO: i64 = -9;
const NANOS_PER_UNIT: i128 = 1_000_000_000;

/// Where Kubernetes caps a quantity with a binary suffix: 2^63-1 units.
const MAX_BINARY: u128 = i64::MAX as u128 * NANOS_PER_UNIT as u128;

/// A suffix, the power of ten and the power of 1024 it stands for. A misspelt suffix is taken for the first that it
/// resembles, so `M` stands before `m`.
const SUFFIXES: [(&str, i32, u32); 16] = [
    ("", 0, 0),
    ("Ki", 0, 1),
    ("Mi", 0, 2),
    ("Gi", 0, 3),
    ("Ti", 0, 4),
    ("Pi", 0, 5),
    ("Ei", 0, 6),
    ("k", 3, 0),
    ("M", 6, 0),
    ("G", 9, 0),
    ("T", 12, 0),
    ("P", 15, 0),
    ("E", 18, 0),
    ("m", -3, 0),
    ("u", -6, 0),
    ("n", -9, 0),
];

/// An amount, exact to a nano unit: `1024Mi` equals `1Gi`, and `0.5` equals `500m`.
///
/// It keeps its text, which is what `Display` shows: a message speaks of `1024Mi` where that is what stands in the
/// manifest. Comparisons look at the amount alone.
#[derive(Clone, Debug)]
pub struct Quantity {
    text: String,
    /// Holds what a cluster can tell apart: 2^63-1 units take 94 of the 127 bits. A decimal quantity is not capped by
    /// Kubernetes; from 1.7e29 units on it saturates here, and is then as large as any other that does.
    nanos: i128,
}

impl Quantity {
    /// Reads a number and a suffix: `[+-]` digits, with a point anywhere among them, and one of `n u m k M G T P E`,
    /// `Ki Mi Gi Ti Pi Ei`, nothing, or an exponent (`e3`, `E-3`; `1E` alone is 10^18).
    ///
    /// A number in YAML or JSON goes through its text: `2`, `0.1`, `1e+21`. As in Kubernetes, a part finer than a nano
    /// unit rounds away from zero, and a binary suffix leads to 2^63-1 units at most.
    ///
    /// # Errors
    /// Whatever else is written. Kubernetes takes a sign, a point or a suffix without any digit for zero, and wraps an
    /// exponent of more than 32 bits; nobody means that, so both are errors here.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        match read(text) {
            Ok(nanos) => Ok(Self { text: String::from(text), nanos }),
            Err(fault) => Err(QuantityError { text: excerpt(text), fault }),
        }
    }

    /// Whether it is nothing at all, however written.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// Whether it is less than nothing. The API refuses that in most places.
    #[must_use]
    pub const fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    /// Whether this is a whole number of times the other; of nothing, only nothing is.
    #[must_use]
    pub const fn is_multiple_of(&self, other: &Self) -> bool {
        match self.nanos.checked_rem(other.nanos) {
            Some(rest) => rest == 0,
            None => self.nanos == 0,
        }
    }

    /// Whether these together are more than this.
    #[must_use]
    pub fn is_exceeded_by(&self, parts: &[Self]) -> bool {
        parts.iter().fold(0_i128, |sum, part| sum.saturating_add(part.nanos)) > self.nanos
    }

    /// Whether this limit is more than `max` times the `request`. Exact: the products are compared, not a quotient.
    #[must_use]
    pub fn ratio_exceeds(&self, request: &Self, max: &Self) -> bool {
        product(self.nanos, NANOS_PER_UNIT) > product(request.nanos, max.nanos)
    }

    /// Whether this limit is less than `min` times the `request`.
    #[must_use]
    pub fn ratio_is_below(&self, request: &Self, min: &Self) -> bool {
        product(self.nanos, NANOS_PER_UNIT) < product(request.nanos, min.nanos)
    }
}

impl From<u32> for Quantity {
    fn from(units: u32) -> Self {
        Self { text: units.to_string(), nanos: i128::from(units) * NANOS_PER_UNIT }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A text that is no quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantityError {
    /// What was read, cut after 64 bytes.
    pub text: String,
    /// Why it is not a quantity.
    pub fault: QuantityFault,
}

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuantityFault {
    /// Nothing is written.
    Empty,
    /// A space, a tab or a line break stands somewhere in it.
    Whitespace,
    /// It does not begin with a number.
    NoNumber,
    /// What follows the number is no suffix.
    UnknownSuffix {
        /// What follows the number, cut after 64 bytes.
        suffix: String,
        /// The suffix that is probably meant: the one that differs in case or by a `B` for bytes.
        meant: Option<&'static str>,
    },
    /// The exponent is no whole number of 32 bits.
    BadExponent,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, fault } = self;
        write!(formatter, "`{text}` is no quantity: ")?;
        match fault {
            QuantityFault::Empty => formatter.write_str("write one such as `500m` or `1Gi`"),
            QuantityFault::Whitespace => formatter.write_str("remove the whitespace"),
            QuantityFault::NoNumber => formatter.write_str("it does not begin with a number"),
            QuantityFault::UnknownSuffix { suffix, meant: Some(meant) } => {
                write!(formatter, "for `{suffix}`, write `{meant}`")
            }
            QuantityFault::UnknownSuffix { suffix, meant: None } => write!(
                formatter,
                "`{suffix}` is not one of the suffixes n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi and Ei"
            ),
            QuantityFault::BadExponent => formatter.write_str("an exponent is a whole number of 32 bits"),
        }
    }
}

impl core::error::Error for QuantityError {}

/// The amount in nano units.
fn read(text: &str) -> Result<i128, QuantityFault> {
    if text.is_empty() {
        return Err(QuantityFault::Empty);
    }
    if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return Err(QuantityFault::Whitespace);
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, rest) = split_digits(unsigned);
    let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(QuantityFault::NoNumber);
    }
    let (ten, kibi) = match SUFFIXES.iter().find(|(name, ..)| *name == suffix) {
        Some(&(_, ten, kibi)) => (ten, kibi),
        None => (exponent(suffix)?, 0),
    };
    let nanos = nanos(whole, fraction, ten, kibi);
    Ok(if negative { -nanos } else { nanos })
}

/// The power of ten that an exponent stands for; `suffix` is known to be none of [`SUFFIXES`].
fn exponent(suffix: &str) -> Result<i32, QuantityFault> {
    match suffix.strip_prefix(['e', 'E']) {
        Some(digits) if digits.bytes().next().is_some_and(|first| matches!(first, b'0'..=b'9' | b'+' | b'-')) => {
            digits.parse().map_err(|_| QuantityFault::BadExponent)
        }
        _ => {
            // `KB`, `MiB`: the unit goes without saying.
            let bare = suffix.strip_suffix(['b', 'B']).unwrap_or(suffix);
            let meant = SUFFIXES.iter().map(|(name, ..)| *name).find(|name| name.eq_ignore_ascii_case(bare));
            Err(QuantityFault::UnknownSuffix { suffix: excerpt(suffix), meant })
        }
    }
}

/// The number `whole.fraction` x 10^ten x 1024^kibi in nano units, rounded up and capped.
fn nanos(whole: &str, fraction: &str, ten: i32, kibi: u32) -> i128 {
    // The decimal digits, the least significant first, as for sums on paper: exact at any length, and without the
    // division of 128 bits that would be the largest function of a small module.
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).rev().map(|digit| digit & 0xf).collect();
    for _ in 0..kibi {
        multiply_by_1024(&mut digits);
    }
    // The power of ten, counted in nano units, of the least significant digit.
    let lowest = i64::from(ten) - NANO - fraction.len() as i64;
    let mut nanos = 0_u128;
    let mut finer = false;
    for (index, digit) in digits.iter().enumerate().rev() {
        if index as i64 + lowest >= 0 {
            nanos = nanos.saturating_mul(10).saturating_add(u128::from(*digit));
        } else {
            finer |= *digit != 0;
        }
    }
    // 39 tenfold steps take any amount past the cap, however large the exponent is.
    for _ in 0..lowest.min(39) {
        nanos = nanos.saturating_mul(10);
    }
    let nanos = nanos.saturating_add(u128::from(finer));
    let cap = if kibi > 0 { MAX_BINARY } else { i128::MAX as u128 };
    nanos.min(cap) as i128
}

fn multiply_by_1024(digits: &mut Vec<u8>) {
    let mut carry = 0_u32;
    for digit in digits.iter_mut() {
        carry += u32::from(*digit) * 1024;
        *digit = (carry % 10) as u8;
        carry /= 10;
    }
    while carry > 0 {
        digits.push((carry % 10) as u8);
        carry /= 10;
    }
}

/// A product of two amounts, in an order that needs no 256-bit type: its sign, and the two halves of its magnitude,
/// mirrored for a negative one.
fn product(left: i128, right: i128) -> (i128, u128, u128) {
    let (low, high) = left.unsigned_abs().carrying_mul(right.unsigned_abs(), 0);
    let sign = left.signum() * right.signum();
    if sign < 0 { (sign, !high, !low) } else { (sign, high, low) }
}

/// The leading decimal digits, and what follows them.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// As much of a text as a message can bear.
fn excerpt(text: &str) -> String {
    String::from(text.get(..text.floor_char_boundary(64)).unwrap_or(text))
}

#[cfg(test)]
mod tests;
