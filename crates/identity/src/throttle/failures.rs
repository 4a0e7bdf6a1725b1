//! Failures within a window that slides, in a bounded number of entries.

use std::collections::VecDeque;
use std::time::Duration;

use super::Limit;

/// Failures closer together than this part of the window share an entry, so that a limit of thousands costs no more
/// memory than one of sixty-four.
const PART: u32 = 64;

/// Oldest first.
#[derive(Debug, Default)]
pub(super) struct Failures {
    runs: VecDeque<Run>,
    count: usize,
}

/// Some failures of about the same time. All of them count until the last one leaves the window.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: Duration,
    last: Duration,
    count: usize,
}

impl Failures {
    pub(super) fn add(&mut self, limit: Limit, now: Duration) {
        self.forget(limit, now);
        self.count += 1;
        match self.runs.back_mut() {
            Some(run) if now.saturating_sub(run.first) < limit.window / PART => {
                run.last = run.last.max(now);
                run.count += 1;
            }
            _ => self.runs.push_back(Run { first: now, last: now, count: 1 }),
        }
    }

    /// How many count.
    pub(super) fn count(&mut self, limit: Limit, now: Duration) -> usize {
        self.forget(limit, now);
        self.count
    }

    /// How long it takes until fewer count than the limit allows; `None` when that is so already.
    pub(super) fn wait(&mut self, limit: Limit, now: Duration) -> Option<Duration> {
        self.forget(limit, now);
        let mut left = self.count;
        for run in &self.runs {
            if left < limit.failures {
                return None;
            }
            left -= run.count;
            if left < limit.failures {
                return Some(run.last.saturating_add(limit.window).saturating_sub(now));
            }
        }
        None
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn forget(&mut self, limit: Limit, now: Duration) {
        while let Some(run) = self.runs.front().filter(|run| run.last.saturating_add(limit.window) <= now) {
            self.count -= run.count;
            self.runs.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Limit = Limit { failures: 200, window: Duration::from_hours(1) };

    /// Threat 18: whatever the limit and however fast the failures come.
    #[test]
    fn threat_18_many_failures_take_little_room() {
        let mut failures = Failures::default();
        for second in 0..20_000 {
            failures.add(HOUR, Duration::from_millis(second * 700));
            assert!(failures.runs.len() <= PART as usize + 2, "{} entries", failures.runs.len());
        }
    }

    proptest! {
        /// A failure counts for at least the window, and for at most a sixty-fourth of it longer.
        #[test]
        fn sharing_an_entry_makes_a_failure_count_a_little_longer(
            mut times in proptest::collection::vec(0_u64..20_000, 1..300), now in 0_u64..20_000,
        ) {
            times.sort_unstable();
            let (mut failures, now) = (Failures::default(), Duration::from_secs(now));
            let past: Vec<Duration> = times.into_iter().map(Duration::from_secs).filter(|time| *time <= now).collect();
            for time in &past {
                failures.add(HOUR, *time);
            }
            let within = |window: Duration| past.iter().filter(|time| now.saturating_sub(**time) < window).count();
            let counted = failures.count(HOUR, now);
            prop_assert!(counted >= within(HOUR.window));
            prop_assert!(counted <= within(HOUR.window + HOUR.window / PART));
        }

        /// After the wait there is room, and just before there is none.
        #[test]
        fn the_wait_is_as_long_as_needed(times in proptest::collection::vec(0_u64..600, 1..60), limit in 1_usize..20) {
            let limit = Limit { failures: limit, window: Duration::from_mins(1) };
            let (mut failures, mut now) = (Failures::default(), Duration::ZERO);
            for pause in times {
                now += Duration::from_millis(pause);
                failures.add(limit, now);
            }
            if let Some(wait) = failures.wait(limit, now) {
                let just_before = (now + wait).saturating_sub(Duration::from_nanos(1));
                prop_assert!(failures.count(limit, just_before) >= limit.failures);
                prop_assert!(failures.count(limit, now + wait) < limit.failures);
            } else {
                prop_assert!(failures.count(limit, now) < limit.failures);
            }
        }
    }
}
