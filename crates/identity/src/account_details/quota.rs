//! How much an account may store (contracts/ocs-provisioning.md §4.2): a figure that the platform keeps for those who ask,
//! as it stores no files itself.

use std::{fmt, str::FromStr};

/// The most bytes of a quota: far more than there is, and exact in every reader's numbers.
const MOST: f64 = 4_503_599_627_370_496.0;

/// The longest text that is looked at.
const LONGEST: usize = 64;

const UNITS: [(&str, u32); 11] = [
    ("B", 0),
    ("K", 1),
    ("KB", 1),
    ("M", 2),
    ("MB", 2),
    ("G", 3),
    ("GB", 3),
    ("T", 4),
    ("TB", 4),
    ("P", 5),
    ("PB", 5),
];

/// A quota as it is set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Quota {
    /// As much as the platform gives everybody.
    Default,
    /// No limit.
    Unlimited,
    /// A size.
    Limited(Size),
}

/// A size in the form it is stored and shown in: a number that people can read, and its unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Size(String);

/// What the platform lets quotas be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaRules {
    /// Whether there may be none.
    pub unlimited: bool,
    /// The most bytes of one, if there is a bound.
    pub maximum: Option<u64>,
}

impl Default for QuotaRules {
    /// Anything goes.
    fn default() -> Self {
        Self { unlimited: true, maximum: None }
    }
}

/// Why a text is no quota here.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum QuotaRefusal {
    /// It is no size.
    #[error("this is not a quota")]
    Invalid,
    /// It is more than the platform's maximum.
    #[error("the quota exceeds the maximum")]
    TooLarge,
    /// There is none, and there has to be one.
    #[error("a quota has to be limited")]
    UnlimitedForbidden,
}

impl Quota {
    /// Reads `none`, `default`, a number of bytes, or a number with a unit of powers of 1024, in either case.
    ///
    /// # Errors
    /// [`QuotaRefusal`].
    pub fn read(text: &str, rules: &QuotaRules) -> Result<Self, QuotaRefusal> {
        let quota = text.parse::<Self>()?;
        let exceeds = |maximum| read_bytes(text).is_some_and(|bytes| bytes > as_number(maximum));
        match quota {
            Self::Unlimited if !rules.unlimited => Err(QuotaRefusal::UnlimitedForbidden),
            Self::Limited(_) if rules.maximum.is_some_and(exceeds) => Err(QuotaRefusal::TooLarge),
            quota => Ok(quota),
        }
    }

    /// The bytes that it limits to.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::Default | Self::Unlimited => None,
            Self::Limited(size) => Some(size.bytes()),
        }
    }
}

impl FromStr for Quota {
    type Err = QuotaRefusal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::Unlimited),
            "default" => Ok(Self::Default),
            _ => read_bytes(text).map(Size::of).map(Self::Limited).ok_or(QuotaRefusal::Invalid),
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Unlimited => f.write_str("none"),
            Self::Limited(Size(text)) => f.write_str(text),
        }
    }
}

impl Size {
    /// Rounds step by step, as the contract's own example does: to whole kilobytes first, to tenths from then on.
    fn of(bytes: f64) -> Self {
        if bytes < 1024.0 {
            return Self(format!("{bytes} B"));
        }
        let mut size = (bytes / 1024.0).round();
        for unit in ["KB", "MB", "GB", "TB"] {
            if size < 1024.0 {
                return Self(format!("{size} {unit}"));
            }
            size = (size / 1024.0 * 10.0).round() / 10.0;
        }
        Self(format!("{size} PB"))
    }

    /// The bytes that the rounded size stands for.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 0 to some more than MOST"
    )]
    pub fn bytes(&self) -> u64 {
        read_number(&self.0).unwrap_or_default() as u64
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bound that is compared with rounded sizes")]
const fn as_number(bytes: u64) -> f64 {
    bytes as f64
}

/// Whole bytes of a size that somebody may set.
fn read_bytes(text: &str) -> Option<f64> {
    read_number(text).filter(|bytes| *bytes <= MOST)
}

fn read_number(text: &str) -> Option<f64> {
    if text.len() > LONGEST {
        return None;
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let power = if unit.is_empty() && end == text.len() {
        0
    } else {
        UNITS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1
    };
    if !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('.') {
        return None;
    }
    let bytes = number.parse::<f64>().ok()? * as_number(1024_u64.pow(power));
    Some(bytes.round())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<(String, Option<u64>), QuotaRefusal> {
        Quota::read(text, &QuotaRules::default()).map(|quota| (quota.to_string(), quota.bytes()))
    }

    #[test]
    fn sizes_are_kept_as_people_read_them() {
        for (text, stored, bytes) in [
            ("3042824", "2.9 MB", 3_040_870),
            ("12MB", "12 MB", 12_582_912),
            ("12 mb", "12 MB", 12_582_912),
            ("0", "0 B", 0),
            ("1023", "1023 B", 1023),
            ("1024", "1 KB", 1024),
            ("1535", "1 KB", 1024),
            ("1536", "2 KB", 2048),
            ("1.5 GB", "1.5 GB", 1_610_612_736),
            ("1048575", "1 MB", 1_048_576),
            ("5 g", "5 GB", 5_368_709_120),
            ("7k", "7 KB", 7168),
            ("100b", "100 B", 100),
            ("2 T", "2 TB", 2_199_023_255_552),
            ("3P", "3 PB", 3_377_699_720_527_872),
            ("4 PB", "4 PB", 4_503_599_627_370_496),
            ("1.4", "1 B", 1),
        ] {
            assert_eq!(read(text), Ok((stored.to_owned(), Some(bytes))), "{text}");
        }
        assert_eq!(read("none"), Ok(("none".to_owned(), None)));
        assert_eq!(read("default"), Ok(("default".to_owned(), None)));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        let digits = "9".repeat(400);
        for text in [
            "",
            " ",
            "MB",
            "-1",
            "-3",
            "+1",
            "1e6",
            ".5",
            "5.",
            "1.2.3",
            "12 XB",
            "12  MB",
            " 12MB",
            "12MB ",
            "0x10",
            "inf",
            "NaN",
            "None",
            "NONE",
            "12,5 MB",
            "１２",
            "1 \u{a0}MB",
            "12 \0MB",
            "5 PB",
            "12 ",
            &digits,
        ] {
            assert_eq!(read(text), Err(QuotaRefusal::Invalid), "{text:?}");
        }
    }

    #[test]
    fn the_platform_has_its_bounds() {
        let rules = QuotaRules { unlimited: false, maximum: Some(1024 * 1024) };
        assert_eq!(Quota::read("none", &rules), Err(QuotaRefusal::UnlimitedForbidden));
        assert_eq!(Quota::read("default", &rules), Ok(Quota::Default));
        assert!(Quota::read("1MB", &rules).is_ok());
        assert_eq!(Quota::read("1.1 MB", &rules), Err(QuotaRefusal::TooLarge));
        assert_eq!(Quota::read("1048577", &rules), Err(QuotaRefusal::TooLarge));
        assert_eq!(Quota::read("tiny", &rules), Err(QuotaRefusal::Invalid));
    }

    proptest! {
        /// What is stored is stored again as it is, and stands for about what was asked for.
        #[test]
        fn a_stored_size_stays(bytes in 0..=4_503_599_627_370_496_u64) {
            let quota = bytes.to_string().parse::<Quota>().unwrap();
            prop_assert_eq!(quota.to_string().parse::<Quota>(), Ok(quota.clone()));
            let kept = quota.bytes().unwrap();
            prop_assert!(kept.abs_diff(bytes) <= bytes / 2, "{} for {}", kept, bytes);
        }

        #[test]
        fn any_text_is_judged(text in "\\PC{0,20}|[0-9.]{0,20} ?[a-zA-Z]{0,2}") {
            if let Ok(quota) = text.parse::<Quota>() {
                prop_assert_eq!(quota.to_string().parse::<Quota>(), Ok(quota));
            }
        }
    }
}
