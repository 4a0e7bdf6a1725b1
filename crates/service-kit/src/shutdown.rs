//! The word that the process is about to end, for whatever runs beside the requests.

use tokio::sync::watch;

/// Tells tasks and long polls that they should come to an end. Clones share one state.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Sender<bool>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Shutdown {
    /// Asks everybody to end. It cannot be taken back.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the end is asked for; at once if it was.
    pub async fn requested(&self) {
        // It fails only without a sender, and this is one.
        let _ = self.0.subscribe().wait_for(|requested| *requested).await;
    }
}
