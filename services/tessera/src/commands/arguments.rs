//! Values of flags, parsed; what is wrong is told with the flag's name.

use crate::failure::Failure;

/// Parses the value of a flag, naming the flag when it is wrong.
pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    flag: &'static str,
) -> impl Fn(&str) -> Result<T, Failure> {
    move |text| text.parse().map_err(|error| Failure::Usage(format!("{flag} {text}: {error}")))
}

/// Parses each value of a repeatable flag.
pub(super) fn all<T: std::str::FromStr<Err: std::fmt::Display>>(
    flag: &'static str,
    texts: &[String],
) -> Result<Vec<T>, Failure> {
    texts.iter().map(|text| parsed(flag)(text)).collect()
}
