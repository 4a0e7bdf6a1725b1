//! Dial-in PINs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::random::{Randomness, RandomnessError, characters};

/// A room's dial-in PIN: decimal digits, leading zeros included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pin(String);

/// How many digits a PIN has: at least 4, at most 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "usize", into = "usize")]
pub struct PinLength(usize);

/// The length of a PIN is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinLengthError {
    /// Too easy to guess.
    #[error("PIN code length must be at least 4 digits for minimal security")]
    TooShort,
    /// Nobody could key it in.
    #[error("PIN code length must be at most 32 digits")]
    TooLong,
}

impl TryFrom<usize> for PinLength {
    type Error = PinLengthError;

    fn try_from(digits: usize) -> Result<Self, PinLengthError> {
        match digits {
            0..4 => Err(PinLengthError::TooShort),
            4..=32 => Ok(Self(digits)),
            _ => Err(PinLengthError::TooLong),
        }
    }
}

impl From<PinLength> for usize {
    fn from(length: PinLength) -> Self {
        length.0
    }
}

impl Default for PinLength {
    fn default() -> Self {
        Self(10)
    }
}

impl Pin {
    /// Draws a PIN. Digits drawn one by one are a uniform number in `[0, 10^length)`, padded with zeros.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate(source: &dyn Randomness, length: PinLength) -> Result<Self, RandomnessError> {
        characters(source, b"0123456789", length.0).map(Self)
    }

    /// A PIN read from the database.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Pin, PinLength, PinLengthError};
    use crate::domain::random::SystemRandomness;

    #[rstest]
    #[case::three(3, Err(PinLengthError::TooShort))]
    #[case::four(4, Ok(4))]
    #[case::ten(10, Ok(10))]
    #[case::thirty_two(32, Ok(32))]
    #[case::more(33, Err(PinLengthError::TooLong))]
    fn a_pin_has_four_to_thirty_two_digits(
        #[case] asked: usize,
        #[case] expected: Result<usize, PinLengthError>,
    ) {
        let drawn = PinLength::try_from(asked).map(|length| {
            let pin = Pin::generate(&SystemRandomness, length).unwrap();
            assert!(pin.as_str().bytes().all(|byte| byte.is_ascii_digit()), "{pin}");
            pin.as_str().len()
        });
        assert_eq!(drawn, expected);
    }

    #[test]
    fn pins_may_start_with_zero() {
        let length = PinLength::try_from(4).unwrap();
        let starts_with_zero =
            |_: &usize| Pin::generate(&SystemRandomness, length).unwrap().as_str().starts_with('0');
        assert!((0..1000).any(|draw| starts_with_zero(&draw)), "one in ten does");
    }
}
