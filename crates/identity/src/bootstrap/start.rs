//! Applying what is declared for the start of a process.

use super::{BootstrapError, Change, Document, Source};
use crate::{audit::Origin, identity::Identity};

impl Identity {
    /// Applies one file after the other. Each change is logged.
    ///
    /// # Errors
    /// [`BootstrapError`]; nothing of the file that failed was applied.
    pub async fn apply_at_start(
        &self,
        sources: &[Source],
        demo: bool,
        origin: &Origin,
    ) -> Result<(), BootstrapError> {
        for source in sources {
            report(&self.apply_bootstrap(&Document::of(source, demo)?, false, origin).await?);
        }
        Ok(())
    }
}

fn report(changes: &[Change]) {
    for change in changes {
        tracing::info!("bootstrap: {change}");
    }
}
