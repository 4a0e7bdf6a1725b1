//! How often callers may do what is counted. `contracts/ocs-provisioning.md` §7.5, §7.6.

use std::time::Duration;

use identity::accounts::AccountId;
use ocs_dialect::OcsError;
use rate_limit::{Rate, RequestRate};

use crate::settings::LimitSettings;

/// Callers that are remembered.
const CALLERS: usize = 10_000;

/// The counts, by caller.
#[derive(Debug)]
pub struct Rates {
    edits: RequestRate,
    address_edits: RequestRate,
    phone_searches: RequestRate,
}

impl Rates {
    /// With the numbers of the settings.
    #[must_use]
    pub fn new(limits: &LimitSettings) -> Self {
        let of = |requests, seconds| {
            let rate = Rate { requests, window: Duration::from_secs(seconds) };
            RequestRate::new((requests > 0).then_some(rate), CALLERS)
        };
        Self {
            edits: of(limits.edits, 600),
            address_edits: of(limits.address_edits, 60),
            phone_searches: of(limits.phone_searches, 3600),
        }
    }

    /// Counts a change of an account.
    ///
    /// # Errors
    /// [`OcsError::Throttled`].
    pub fn edit(&self, caller: AccountId, now: Duration) -> Result<(), OcsError> {
        hit(&self.edits, caller, now)
    }

    /// Counts a change of a further address.
    ///
    /// # Errors
    /// [`OcsError::Throttled`].
    pub fn edit_address(&self, caller: AccountId, now: Duration) -> Result<(), OcsError> {
        hit(&self.address_edits, caller, now)
    }

    /// Counts a search for telephone numbers, so that nobody finds out whose they are by trying all.
    ///
    /// # Errors
    /// [`OcsError::Throttled`].
    pub fn search_phones(&self, caller: AccountId, now: Duration) -> Result<(), OcsError> {
        hit(&self.phone_searches, caller, now)
    }
}

fn hit(rate: &RequestRate, caller: AccountId, now: Duration) -> Result<(), OcsError> {
    let hit = rate.hit(caller.as_uuid().as_bytes(), now);
    hit.map_err(|throttled| OcsError::Throttled { retry_after: throttled.retry_after })
}
