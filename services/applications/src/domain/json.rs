//! JSON texts that may be kept as they are. A text is looked through once, without recursion, before any parser sees
//! it.

/// How deep arrays and objects of a request may be nested. Far from where parsers of clients give up (128 levels in
/// some), also when an application is shown in a page.
pub const DEEPEST: usize = 100;

/// Why a text is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unkept {
    /// Deeper than [`DEEPEST`].
    #[error("JSON is nested too deeply")]
    TooDeep,
    /// Half of a surrogate pair, which is no character: readers would fail on it.
    #[error("JSON holds an unpaired surrogate")]
    Surrogate,
}

/// Looks through a text. What is no JSON may pass: that is left to the parser.
///
/// # Errors
/// [`Unkept`].
pub fn look_through(text: &str) -> Result<(), Unkept> {
    let (mut depth, mut rest) = (0_usize, text.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => rest = past_string(rest)?,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(Unkept::TooDeep);
        }
    }
    Ok(())
}

/// What follows a string, whose first quotation mark is gone.
fn past_string(mut rest: &[u8]) -> Result<&[u8], Unkept> {
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Ok(after),
            [b'\\', b'u', after @ ..] => past_escape(after)?,
            [b'\\', _, after @ ..] | [_, after @ ..] => after,
            [] => return Ok(rest),
        };
    }
}

/// What follows `\u` and its digits, and the second half of a pair.
fn past_escape(rest: &[u8]) -> Result<&[u8], Unkept> {
    let Some((unit, after)) = unit(rest) else { return Ok(rest) };
    match unit {
        0xDC00..=0xDFFF => Err(Unkept::Surrogate),
        0xD800..=0xDBFF => match after {
            [b'\\', b'u', second @ ..] => match self::unit(second) {
                Some((0xDC00..=0xDFFF, after)) => Ok(after),
                _ => Err(Unkept::Surrogate),
            },
            _ => Err(Unkept::Surrogate),
        },
        _ => Ok(after),
    }
}

fn unit(rest: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, after) = rest.split_at_checked(4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok().map(|unit| (unit, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{DEEPEST, Unkept, look_through};

    #[rstest]
    #[case::at_the_limit(DEEPEST, Ok(()))]
    #[case::one_more(DEEPEST + 1, Err(Unkept::TooDeep))]
    #[case::many(1_000_000, Err(Unkept::TooDeep))]
    fn nesting_has_an_end(#[case] depth: usize, #[case] expected: Result<(), Unkept>) {
        assert_eq!(look_through(&"[".repeat(depth)), expected);
        assert_eq!(look_through(&"{\"a\":".repeat(depth)), expected);
    }

    #[rstest]
    #[case::brackets_in_a_string(format!("\"{}\"", "[".repeat(200)), Ok(()))]
    #[case::after_a_quotation_mark(format!("\"\\\"{}\"", "[".repeat(200)), Ok(()))]
    #[case::after_a_backslash(format!("\"\\\\\"{}", "[".repeat(200)), Err(Unkept::TooDeep))]
    #[case::siblings("[]".repeat(10_000), Ok(()))]
    #[case::unbalanced("]".repeat(200) + &"[".repeat(100), Ok(()))]
    #[case::pair(r#""\ud83d\ude00""#.to_owned(), Ok(()))]
    #[case::first_half(r#""\uD83D""#.to_owned(), Err(Unkept::Surrogate))]
    #[case::first_half_and_more(r#""\ud83dx\ude00""#.to_owned(), Err(Unkept::Surrogate))]
    #[case::first_half_twice(r#""\ud83d\ud83d""#.to_owned(), Err(Unkept::Surrogate))]
    #[case::second_half(r#"{"\udE00":1}"#.to_owned(), Err(Unkept::Surrogate))]
    #[case::no_escape(r#""\\ud83d""#.to_owned(), Ok(()))]
    #[case::nul(r#""\u0000""#.to_owned(), Ok(()))]
    #[case::cut(r#""\ud8"#.to_owned(), Ok(()))]
    fn strings_are_told_from_structure(#[case] text: String, #[case] expected: Result<(), Unkept>) {
        assert_eq!(look_through(&text), expected);
    }

    proptest! {
        /// Whatever the parser takes passes, and whatever passes and is JSON the parser takes.
        #[test]
        fn it_agrees_with_a_parser(text in r#"[\[\]{}:,"\\ud83Ee0 ]{0,30}"#) {
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(&text);
            let syntax: Result<Box<serde_json::value::RawValue>, _> = serde_json::from_str(&text);
            if syntax.is_ok() {
                prop_assert_eq!(look_through(&text).is_ok(), parsed.is_ok(), "{}", text);
            }
        }
    }
}
