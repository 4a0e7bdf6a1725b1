//! Randomness as an argument, and uniform choices from it.

/// Fills a buffer with random bytes.
pub trait Randomness: Send + Sync + 'static {
    /// Fills `buffer`.
    ///
    /// # Errors
    /// The source gives nothing.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The operating system's random source, fit for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::fill(buffer).map_err(|error| RandomnessError(error.to_string()))
    }
}

/// The random source failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no random bytes: {0}")]
pub struct RandomnessError(String);

/// `count` characters of `alphabet` (ASCII, at most 128 characters), each equally likely.
pub(crate) fn characters(
    source: &dyn Randomness,
    alphabet: &[u8],
    count: usize,
) -> Result<String, RandomnessError> {
    let size = alphabet.len().clamp(1, 128);
    // Bytes past the last full multiple are drawn again, so that no character is favoured.
    let limit = 256 - 256 % size;
    let mut text = String::with_capacity(count);
    let mut buffer = [0_u8; 32];
    while text.len() < count {
        source.fill(&mut buffer)?;
        let fair = buffer.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < limit);
        let chosen = fair.filter_map(|byte| alphabet.get(byte % size)).map(|byte| char::from(*byte));
        text.extend(chosen.take(count - text.len()));
    }
    Ok(text)
}

#[cfg(test)]
pub(crate) mod testing {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::{Randomness, RandomnessError};

    /// Counts upwards from a start, so that a test knows what comes.
    #[derive(Debug, Default)]
    pub(crate) struct Counting(pub(crate) AtomicU8);

    impl Randomness for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
            buffer.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::Counting;
    use super::{Randomness, RandomnessError, SystemRandomness, characters};

    #[test]
    fn bytes_past_the_last_full_multiple_are_drawn_again() {
        // 250 to 255 would favour the digits 0 to 5.
        let source = Counting(248.into());
        assert_eq!(characters(&source, b"0123456789", 4).unwrap(), "8901");
    }

    #[test]
    fn every_character_occurs() {
        let drawn = characters(&SystemRandomness, b"abc", 1000).unwrap();
        assert_eq!(drawn.len(), 1000);
        assert!("abc".chars().all(|letter| drawn.contains(letter)));
    }

    #[test]
    fn a_failing_source_is_an_error() {
        struct Dry;
        impl Randomness for Dry {
            fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessError> {
                Err(RandomnessError("dry".to_owned()))
            }
        }
        assert_eq!(characters(&Dry, b"ab", 1).unwrap_err().to_string(), "no random bytes: dry");
    }
}
