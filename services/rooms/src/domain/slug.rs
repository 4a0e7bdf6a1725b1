//! Generated room names: three groups of lower-case letters, which are name, slug and web address at once.

use std::fmt;

use super::random::{Randomness, RandomnessError, characters};

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// A room's slug, `^[a-z]{3}-[a-z]{4}-[a-z]{3}$` when generated here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    /// Draws a slug. `contracts/meet.md` §8.3.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate(source: &dyn Randomness) -> Result<Self, RandomnessError> {
        let letters = characters(source, LETTERS, 10)?;
        Ok(Self(format!("{}-{}-{}", &letters[..3], &letters[3..7], &letters[7..])))
    }

    /// A slug read from the database.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Slug;
    use crate::domain::random::SystemRandomness;

    #[test]
    fn a_generated_slug_has_three_groups_of_three_four_and_three_letters() {
        let slugs: HashSet<_> =
            (0..200).map(|_| Slug::generate(&SystemRandomness).unwrap().to_string()).collect();
        assert_eq!(slugs.len(), 200, "no slug twice");
        for slug in slugs {
            let sizes: Vec<_> = slug.split('-').map(str::len).collect();
            assert_eq!(sizes, [3, 4, 3], "{slug}");
            assert!(slug.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()), "{slug}");
        }
    }
}
