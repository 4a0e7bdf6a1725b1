//! Events within a window that slides, in a bounded number of entries.

use std::collections::VecDeque;
use std::time::Duration;

/// How many events are too many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota {
    /// Events there may be within the window.
    pub(crate) most: usize,
    /// How long an event counts.
    pub(crate) window: Duration,
    /// Events closer together than this share an entry, and with it the instant at which they stop counting.
    pub(crate) shared: Duration,
}

/// Oldest first.
#[derive(Debug, Default)]
pub(crate) struct Events {
    runs: VecDeque<Run>,
    count: usize,
}

/// Some events of about the same time. All of them count until the last one leaves the window.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: Duration,
    last: Duration,
    count: usize,
}

impl Events {
    pub(crate) fn add(&mut self, quota: Quota, now: Duration) {
        self.forget(quota, now);
        self.count += 1;
        match self.runs.back_mut() {
            Some(run) if now.saturating_sub(run.first) < quota.shared => {
                run.last = run.last.max(now);
                run.count += 1;
            }
            _ => self.runs.push_back(Run { first: now, last: now, count: 1 }),
        }
    }

    /// How many count.
    pub(crate) fn count(&mut self, quota: Quota, now: Duration) -> usize {
        self.forget(quota, now);
        self.count
    }

    /// How long it takes until fewer count than the quota allows; `None` when that is so already.
    pub(crate) fn wait(&mut self, quota: Quota, now: Duration) -> Option<Duration> {
        self.forget(quota, now);
        let mut left = self.count;
        for run in &self.runs {
            if left < quota.most {
                return None;
            }
            left -= run.count;
            if left < quota.most {
                return Some(run.last.saturating_add(quota.window).saturating_sub(now));
            }
        }
        None
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn forget(&mut self, quota: Quota, now: Duration) {
        while let Some(run) = self.runs.front().filter(|run| run.last.saturating_add(quota.window) <= now) {
            self.count -= run.count;
            self.runs.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PART: u32 = 64;
    const HOUR: Quota = Quota {
        most: 200,
        window: Duration::from_hours(1),
        shared: Duration::from_millis(3_600_000 / PART as u64),
    };

    /// Threat 18: whatever the limit and however fast they come.
    #[test]
    fn threat_18_many_events_take_little_room() {
        let mut events = Events::default();
        for second in 0..20_000 {
            events.add(HOUR, Duration::from_millis(second * 700));
            assert!(events.runs.len() <= PART as usize + 2, "{} entries", events.runs.len());
        }
    }

    proptest! {
        /// An event counts for at least the window, and for at most a sixty-fourth of it longer.
        #[test]
        fn sharing_an_entry_makes_an_event_count_a_little_longer(
            mut times in proptest::collection::vec(0_u64..20_000, 1..300), now in 0_u64..20_000,
        ) {
            times.sort_unstable();
            let (mut events, now) = (Events::default(), Duration::from_secs(now));
            let past: Vec<Duration> = times.into_iter().map(Duration::from_secs).filter(|time| *time <= now).collect();
            for time in &past {
                events.add(HOUR, *time);
            }
            let within = |window: Duration| past.iter().filter(|time| now.saturating_sub(**time) < window).count();
            let counted = events.count(HOUR, now);
            prop_assert!(counted >= within(HOUR.window));
            prop_assert!(counted <= within(HOUR.window + HOUR.shared));
        }

        /// After the wait there is room, and just before there is none.
        #[test]
        fn the_wait_is_as_long_as_needed(
            times in proptest::collection::vec(0_u64..600, 1..60), most in 1_usize..20, exact in any::<bool>(),
        ) {
            let window = Duration::from_mins(1);
            let quota = Quota { most, window, shared: if exact { Duration::ZERO } else { window / PART } };
            let (mut events, mut now) = (Events::default(), Duration::ZERO);
            for pause in times {
                now += Duration::from_millis(pause);
                events.add(quota, now);
            }
            if let Some(wait) = events.wait(quota, now) {
                let just_before = (now + wait).saturating_sub(Duration::from_nanos(1));
                prop_assert!(events.count(quota, just_before) >= quota.most);
                prop_assert!(events.count(quota, now + wait) < quota.most);
            } else {
                prop_assert!(events.count(quota, now) < quota.most);
            }
        }
    }
}
