//! How long is measured, as flags.

use std::time::Duration;

use crate::bench::Pace;

/// Flags of every command that measures.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct PaceOptions {
    /// Length of a round [default: 5]
    #[arg(long, value_name = "N", value_parser = positive)]
    seconds: Option<f64>,
    /// How many rounds
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Seconds before the first round, which are not counted [default: 2]
    #[arg(long, value_name = "N", value_parser = positive)]
    warm_up: Option<f64>,
    /// Requests under way at once, instead of each scenario's own number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: Option<u32>,
    /// Rounds of one second after half a second: to see that something works, not for figures to publish
    #[arg(long)]
    quick: bool,
}

impl PaceOptions {
    /// What they come to.
    pub(crate) fn pace(self) -> Pace {
        let (warm_up, span) = if self.quick { (0.5, 1.0) } else { (2.0, 5.0) };
        Pace {
            warm_up: Duration::from_secs_f64(self.warm_up.unwrap_or(warm_up)),
            span: Duration::from_secs_f64(self.seconds.unwrap_or(span)),
            rounds: self.rounds as usize,
            connections: self.connections.map(|connections| connections as usize),
        }
    }
}

/// A length of time in seconds, an hour at most.
fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        _ => Err("a number of seconds, more than 0 and at most 3600".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_is_short_and_what_is_said_wins() {
        let options =
            PaceOptions { seconds: None, rounds: 3, warm_up: None, connections: None, quick: false };
        assert_eq!(options.pace().span, Duration::from_secs(5));
        let quick = PaceOptions { quick: true, warm_up: Some(0.1), ..options }.pace();
        assert_eq!((quick.span, quick.warm_up), (Duration::from_secs(1), Duration::from_millis(100)));
    }

    #[test]
    fn lengths_of_time_are_positive() {
        assert_eq!(positive("0.2"), Ok(0.2));
        for wrong in ["0", "-1", "NaN", "inf", "5s", ""] {
            assert!(positive(wrong).is_err(), "{wrong}");
        }
    }
}
