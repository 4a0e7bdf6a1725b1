//! Looks for many texts at once.

use super::Secret;

/// By how much two bytes, from which secrets begin, are told apart.
const BUCKETS: usize = 1024;

/// Secrets by their first two bytes, so that one pass over a text finds all of them. An automaton would read faster, but
/// building one takes an unoptimised test longer than the few kilobytes that it logs are worth.
pub(super) struct Search<'a>(Vec<Vec<&'a Secret>>);

impl<'a> Search<'a> {
    pub(super) fn of(secrets: &'a [Secret]) -> Self {
        let mut buckets = vec![Vec::new(); BUCKETS];
        for secret in secrets {
            if let [first, second, ..] = secret.text.as_bytes() {
                buckets[bucket(*first, *second)].push(secret);
            }
        }
        Self(buckets)
    }

    pub(super) fn find_in(&self, text: &str) -> impl Iterator<Item = &'a Secret> {
        let bytes = text.as_bytes();
        bytes.windows(2).enumerate().flat_map(move |(at, pair)| {
            let begun = &self.0[bucket(pair[0], pair[1])];
            begun.iter().copied().filter(move |secret| bytes[at..].starts_with(secret.text.as_bytes()))
        })
    }
}

fn bucket(first: u8, second: u8) -> usize {
    (usize::from(first) * 31 + usize::from(second)) % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_found_wherever_it_begins() {
        let secret = |text: &str| Secret { text: text.to_owned(), kind: String::new() };
        let secrets = ["abcd", "abce", "cd", "über", ""].map(secret);
        let search = Search::of(&secrets);
        let found = |text| search.find_in(text).map(|secret| secret.text.as_str()).collect::<Vec<_>>();
        assert_eq!(found("abcd"), ["abcd", "cd"]);
        assert_eq!(found("ababce"), ["abce"]);
        assert_eq!(found("xüber cd"), ["über", "cd"]);
        for none in ["", "a", "abc", "abde", "c d"] {
            assert_eq!(found(none), [""; 0], "{none}");
        }
    }
}
