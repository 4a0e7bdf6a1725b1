//! The one source of time. A test holds a manual clock and moves it instead of sleeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// Tells the time. Clones of one clock agree, a moved manual clock included.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System { started: Instant },
    Manual { started: i64, now: Arc<AtomicI64> },
}

impl Clock {
    /// The clock of the operating system.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System { started: Instant::now() })
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(now: DateTime<Utc>) -> Self {
        let started = now.timestamp_micros();
        Self(Source::Manual { started, now: Arc::new(AtomicI64::new(started)) })
    }

    /// The current instant, truncated to microseconds: the coarser of the two databases' precisions, so that an
    /// instant that was stored and read again equals the one in memory.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System { .. } => system_now().trunc_subsecs(6),
            Source::Manual { now, .. } => {
                DateTime::from_timestamp_micros(now.load(Ordering::Acquire)).unwrap_or(DateTime::UNIX_EPOCH)
            }
        }
    }

    /// Seconds since the epoch, as JWTs count them.
    #[must_use]
    pub fn unix(&self) -> i64 {
        self.now().timestamp()
    }

    /// Time since this clock was made. Unlike [`Clock::now`] it does not jump when somebody sets the machine's
    /// time, so intervals (rate limits, ages of caches) are measured with it.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        match &self.0 {
            Source::System { started } => started.elapsed(),
            Source::Manual { started, now } => {
                let passed = now.load(Ordering::Acquire).saturating_sub(*started);
                Duration::from_micros(u64::try_from(passed).unwrap_or(0))
            }
        }
    }

    /// Moves a manual clock, and with it all its clones.
    ///
    /// # Panics
    /// When this is the system's clock: nobody can move that one, and a test that believes so is wrong.
    pub fn advance(&self, by: TimeDelta) {
        let Source::Manual { now, .. } = &self.0 else {
            unreachable!("only a manual clock can be moved");
        };
        now.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::AcqRel);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the Clock everybody else has to ask")]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Clock::manual(start);
        let other = clock.clone();
        clock.advance(TimeDelta::seconds(90));
        assert_eq!(other.now(), start + TimeDelta::seconds(90));
        assert_eq!(other.unix(), 1_800_000_090);
        assert_eq!(other.uptime(), Duration::from_secs(90));
    }

    #[test]
    fn instants_carry_no_more_than_microseconds() {
        let clock = Clock::system();
        assert!((0..1000).all(|_| clock.now().timestamp_subsec_nanos().is_multiple_of(1000)));
    }
}
