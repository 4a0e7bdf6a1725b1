//! How a path may be spelt. `contracts/rdv-sign-in.md` §1, "Endpoint list".

/// A path as it is, with a slash at its end, and with the suffix `.json`: all are served, and none redirects to another.
#[must_use]
pub fn spellings(path: &str) -> [String; 3] {
    [path.to_owned(), format!("{path}/"), format!("{path}.json")]
}

/// The number in a path, or nothing: signs, blanks, letters behind the digits and numbers beyond `i64` name nobody.
/// `contracts/rdv-sign-in.md` §16, "Numeric-prefix ids".
#[must_use]
pub fn id(segment: &str) -> Option<i64> {
    let digits = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| segment.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::id;

    #[rstest]
    #[case("12", Some(12))]
    #[case("012", Some(12))]
    #[case("9223372036854775807", Some(i64::MAX))]
    #[case("9223372036854775808", None)]
    #[case("99999999999999999999999", None)]
    #[case("12abc", None)]
    #[case("abc", None)]
    #[case("-1", None)]
    #[case("+1", None)]
    #[case(" 1", None)]
    #[case("1.0", None)]
    #[case("١", None)]
    #[case("", None)]
    fn only_digits_are_an_id(#[case] segment: &str, #[case] expected: Option<i64>) {
        assert_eq!(id(segment), expected);
    }
}
