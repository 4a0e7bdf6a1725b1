//! Why something another party holds could not be had.

/// The other side was unreachable, or answered nonsense. Carries a sentence for the log, never a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(String);

impl SourceError {
    /// Says in one sentence what went wrong.
    #[must_use]
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}
