//! What a password that people choose for themselves must look like (contracts/rdv-sign-in.md §7).

use std::fmt;

/// The fewest characters.
pub const SHORTEST: usize = 12;

/// The most characters.
pub const LONGEST: usize = 128;

/// What a password lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleBroken {
    /// It has fewer than [`SHORTEST`] characters.
    TooShort,
    /// It has more than [`LONGEST`] characters.
    TooLong,
    /// It has no digit.
    NoDigit,
    /// It has no upper-case letter.
    NoUpperCase,
    /// It has nothing but letters without accents, digits and underscores.
    NoSpecial,
    /// It is one of those that everybody tries first.
    Common,
}

impl fmt::Display for RuleBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(f, "it has fewer than {SHORTEST} characters"),
            Self::TooLong => write!(f, "it has more than {LONGEST} characters"),
            Self::NoDigit => f.write_str("it has no digit"),
            Self::NoUpperCase => f.write_str("it has no upper-case letter"),
            Self::NoSpecial => f.write_str("it has no special character"),
            Self::Common => f.write_str("it is a common password"),
        }
    }
}

/// Words from which French speakers make the passwords that are found most often in leaks.
const COMMON_WORDS: [&str; 43] = [
    "administrateur",
    "anniversaire",
    "azerty",
    "azertyuiop",
    "bienvenue",
    "bonjour",
    "bonjourbonjour",
    "camille",
    "changezmoi",
    "chocolat",
    "chouchou",
    "coucou",
    "doudou",
    "france",
    "iloveyou",
    "isabelle",
    "jetaime",
    "jetaimejetaime",
    "julien",
    "loulou",
    "maman",
    "marseillaise",
    "marseille",
    "mercredi",
    "monmotdepasse",
    "motdepass",
    "motdepasse",
    "motdepasseazerty",
    "nicolas",
    "nouveaumotdepasse",
    "papamaman",
    "passw0rd",
    "password",
    "princesse",
    "qwerty",
    "sandrine",
    "secret",
    "septembre",
    "soleil",
    "solidarites",
    "thomas",
    "utilisateur",
    "vacances",
];

/// Checks a password that its owner chooses. Passwords set by operators do not pass through here.
///
/// # Errors
/// Every rule that it breaks, in the order of [`RuleBroken`].
pub fn check(password: &str) -> Result<(), Vec<RuleBroken>> {
    let length = password.chars().count();
    let has = |wanted: fn(char) -> bool| password.chars().any(wanted);
    let broken: Vec<RuleBroken> = [
        (length < SHORTEST, RuleBroken::TooShort),
        (length > LONGEST, RuleBroken::TooLong),
        (!has(|c| c.is_ascii_digit()), RuleBroken::NoDigit),
        (!has(char::is_uppercase), RuleBroken::NoUpperCase),
        (!has(|c| !c.is_ascii_alphanumeric() && c != '_'), RuleBroken::NoSpecial),
        (is_common(password), RuleBroken::Common),
    ]
    .into_iter()
    .filter_map(|(is_broken, rule)| is_broken.then_some(rule))
    .collect();
    if broken.is_empty() { Ok(()) } else { Err(broken) }
}

/// One of the words, with its first letter in either case and the usual decoration behind it: digits that count up or
/// name a year, and signs at the end of a row of keys. Whoever adds more than that has added something.
fn is_common(password: &str) -> bool {
    let mut rest = password.chars();
    let first = rest.next().map(|first| first.to_ascii_lowercase());
    let folded: String = first.into_iter().chain(rest).collect();
    let word = folded.trim_end_matches(|c: char| !c.is_alphabetic());
    let digits: String = folded[word.len()..].chars().filter(char::is_ascii_digit).collect();
    COMMON_WORDS.contains(&word) && is_usual(&digits)
}

fn is_usual(digits: &str) -> bool {
    let counts_up = "1234567890".starts_with(digits) || "0123456789".starts_with(digits);
    let repeats = digits.bytes().all(|digit| digits.as_bytes().first() == Some(&digit));
    let year = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
    counts_up || repeats || year
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_rule_is_named() {
        for (password, broken) in [
            ("Pivoine-Rou6", vec![]),
            ("Pivoine-Rou", vec![RuleBroken::TooShort, RuleBroken::NoDigit]),
            ("pivoine-rouge-26", vec![RuleBroken::NoUpperCase]),
            ("Pivoine_Rouge_26", vec![RuleBroken::NoSpecial]),
            ("Pivoine-Rouge", vec![RuleBroken::NoDigit]),
            ("Pivoine Rouge 26", vec![]),
            ("élodie-Étienne-1", vec![]),
            ("élodie Martin1", vec![]),
            ("Motdepasse123!", vec![RuleBroken::Common]),
            ("Azertyuiop2026!!", vec![RuleBroken::Common]),
            ("Motdepasse-8471-!", vec![]),
            (
                "",
                vec![
                    RuleBroken::TooShort,
                    RuleBroken::NoDigit,
                    RuleBroken::NoUpperCase,
                    RuleBroken::NoSpecial,
                ],
            ),
        ] {
            let expected = if broken.is_empty() { Ok(()) } else { Err(broken) };
            assert_eq!(check(password), expected, "{password}");
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        let of = |length: usize| format!("A1-{}", "é".repeat(length - 3));
        assert_eq!((check(&of(12)), check(&of(128))), (Ok(()), Ok(())));
        assert_eq!(check(&of(11)), Err(vec![RuleBroken::TooShort]));
        assert_eq!(check(&of(129)), Err(vec![RuleBroken::TooLong]));
    }

    proptest! {
        #[test]
        fn no_password_breaks_the_check(password in any::<String>()) {
            if check(&password).is_ok() {
                prop_assert!((SHORTEST..=LONGEST).contains(&password.chars().count()));
            }
        }
    }
}
