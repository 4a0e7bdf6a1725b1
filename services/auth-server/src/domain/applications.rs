//! Which application a token is bound to (`contracts/auvious-applications.md` §3.6).
//!
//! A request may name an application; a client may be registered as bound to one. So far the directory knows of an
//! application only through the clients bound to it, so any other name is an unknown application. Their state
//! (disabled, expired) is checked here too once the directory holds it.

/// Why a request is not bound to the application it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingRefusal {
    /// Unknown, or not this client's: which of the two is nobody's business.
    Foreign,
}

impl BindingRefusal {
    /// The contract's sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Foreign => "Bad credentials",
        }
    }
}

/// The application a token is bound to, if any.
///
/// # Errors
/// [`BindingRefusal::Foreign`] when the request names one the client is not bound to.
pub fn bind(registered: Option<&str>, requested: Option<&str>) -> Result<Option<String>, BindingRefusal> {
    match (registered, requested) {
        (registered, None) => Ok(registered.map(str::to_owned)),
        (Some(registered), Some(requested)) if registered == requested => Ok(Some(registered.to_owned())),
        (_, Some(_)) => Err(BindingRefusal::Foreign),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::unbound(None, None, Ok(None))]
    #[case::registered(Some("a"), None, Ok(Some("a")))]
    #[case::named(Some("a"), Some("a"), Ok(Some("a")))]
    #[case::another(Some("a"), Some("b"), Err(BindingRefusal::Foreign))]
    #[case::unknown(None, Some("b"), Err(BindingRefusal::Foreign))]
    fn binds(
        #[case] registered: Option<&str>,
        #[case] requested: Option<&str>,
        #[case] expected: Result<Option<&str>, BindingRefusal>,
    ) {
        assert_eq!(bind(registered, requested), expected.map(|id| id.map(str::to_owned)));
    }
}
