//! Once, or for as long as somebody wants it to last.

use std::time::{Duration, Instant};

/// Seconds that each test under load is to last: `make soak`.
const SECONDS: &str = "TESSERA_SOAK_SECONDS";

/// The rounds of a test.
pub(super) struct Rounds {
    until: Instant,
    done: usize,
}

impl Rounds {
    /// One, and more where there is time for more.
    pub(super) fn begin() -> Self {
        #[expect(clippy::disallowed_methods, reason = "tests have no settings")]
        let given = std::env::var(SECONDS).ok();
        let seconds = given.map_or(0, |text| text.parse().expect(SECONDS));
        Self { until: Instant::now() + Duration::from_secs(seconds), done: 0 }
    }

    /// Whether there is another one.
    pub(super) fn more(&mut self) -> bool {
        self.done += 1;
        let more = self.done == 1 || Instant::now() < self.until;
        if more && self.done > 1 {
            println!("round {}", self.done);
        }
        more
    }
}
