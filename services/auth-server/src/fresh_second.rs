//! Where a second is too coarse.
//!
//! `iat` counts whole seconds (RFC 7519 §4.1.6), and what revokes all tokens of an account hits those of the same second,
//! too: also the one that somebody gets who has just changed the password and signs in with the new one. That token would
//! be dead from the start. So whoever reads the subject of a token asks here; if it would be dead, the request waits for the
//! next second and begins again there. Again from the start: whatever was read may have been revoked meanwhile.

use std::time::Duration;

use auth_claims::clock::Clock;
use auth_claims::revocations::RevocationReason;
use chrono::{DateTime, Utc};
use identity::IdentityError;
use identity::accounts::AccountId;

use crate::app::App;

/// How often the clock is looked at while a second passes.
const LOOK: Duration = Duration::from_millis(50);
/// After how many looks a clock is taken to stand still: some more than a second has.
const PATIENCE: u32 = 25;

/// Why there is no later second.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoFreshSecond {
    /// The clock stands still, or was set back.
    #[error("the clock does not reach the next second")]
    Clock,
    /// The directory could not be asked.
    #[error(transparent)]
    Directory(#[from] IdentityError),
}

/// None when a token that the account gets from `issued_at` on outlives what was revoked so far. Otherwise the second is
/// over when this returns: begin again at the instant given.
///
/// # Errors
/// [`NoFreshSecond`] when nobody can tell, or the second does not end.
pub(crate) async fn later(
    app: &App,
    account: AccountId,
    issued_at: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, NoFreshSecond> {
    after(app, app.identity.find_account_revocation(account, issued_at).await?, issued_at).await
}

/// [`later`], for whoever has asked already why everything is revoked that the account had at `issued_at`.
///
/// # Errors
/// [`NoFreshSecond::Clock`].
pub(crate) async fn after(
    app: &App,
    revoked: Option<RevocationReason>,
    issued_at: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, NoFreshSecond> {
    // A state hits whatever is issued while it lasts, in any second: that is decided elsewhere.
    if revoked.is_none_or(RevocationReason::is_state) {
        return Ok(None);
    }
    next_second(app.identity.clock(), issued_at).await.map(Some).ok_or(NoFreshSecond::Clock)
}

async fn next_second(clock: &Clock, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    for _ in 0..PATIENCE {
        let now = clock.now();
        if now.timestamp() > after.timestamp() {
            return Some(now);
        }
        tokio::time::sleep(LOOK).await;
    }
    None
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[actix_web::test]
    async fn waits_until_the_second_is_over() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH + TimeDelta::milliseconds(300));
        let start = clock.now();
        let moved = async {
            for _ in 0..2 {
                tokio::time::sleep(LOOK * 2).await;
                clock.advance(TimeDelta::milliseconds(400));
            }
        };
        let (next, ()) = tokio::join!(next_second(&clock, start), moved);
        assert_eq!(next, Some(start + TimeDelta::milliseconds(800)));
    }

    #[actix_web::test]
    async fn does_not_wait_for_a_clock_that_stands_still() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        assert_eq!(next_second(&clock, clock.now()).await, None);
    }
}
