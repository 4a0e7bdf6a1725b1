//! What `seen`, `group-commit` and `saturation` have in common: each is about one limit of a server in a state of its own,
//! rather than about how a scenario compares with its floor.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::bench::{DATABASE, Pace};
use crate::figures::ELSEWHERE;
use crate::findings::Findings;
use crate::load::Fault;
use crate::machine::Circumstances;
use crate::output::Output;
use crate::pace::PaceOptions;
use crate::process::{self, Process};
use crate::seed::Seed;
use crate::server::{Backend, Server, Setup};
use crate::slower_disk;

/// What is measured, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// On which kind of database
    #[arg(long, value_name = "KIND", default_value = "sqlite")]
    backend: Backend,
    #[command(flatten)]
    pace: PaceOptions,
    #[command(flatten)]
    output: Output,
}

/// A server with everything that scenarios find on it.
pub(crate) struct Stand<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) server: &'a Server,
    pub(crate) seed: Seed,
    pub(crate) pace: Pace,
}

/// A measurement as it is written down.
#[derive(Serialize)]
pub(crate) struct Report {
    /// Its command.
    pub(crate) measurement: &'static str,
    /// Which kind of database it was made on.
    pub(crate) backend: &'static str,
    /// Where and with what.
    pub(crate) circumstances: Circumstances,
    /// How long, where that is chosen by time.
    pub(crate) pace: Option<Pace>,
    /// The share of the server's core that processes used which have no business there, where time is measured.
    pub(crate) elsewhere: Option<f64>,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Figures, or why there are none.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Measured(Findings),
    Refused { why: String },
}

/// Measures on a server of its own and says what came of it; whether there are figures. `steps`: how often something goes on
/// for [`Pace::span`] in a round.
pub(crate) async fn run(
    measurement: &'static str,
    steps: usize,
    options: &Options,
    setup: &Setup,
    measure: impl AsyncFnOnce(&Stand<'_>) -> anyhow::Result<Findings>,
) -> anyhow::Result<bool> {
    let (backend, pace) = (options.backend, options.pace.pace());
    let (server, seed) = Server::seeded(setup, backend).await?;
    let circumstances = Circumstances::note(setup, &server)?;
    eprintln!(
        "{measurement}: rounds of {steps} × {:?}, {} of them (--seconds, --rounds, --quick)",
        pace.span, pace.rounds
    );
    let used = || used(&server, setup);
    let (before, begun) = (used()?, Instant::now());
    let outcome = measure(&Stand { setup, server: &server, seed, pace }).await;
    let elsewhere = 1.0 - (used()?.saturating_sub(before)).as_secs_f64() / begun.elapsed().as_secs_f64();
    let mut report = Report::new(measurement, backend, circumstances, outcome)?;
    report.pace = Some(pace);
    report.elsewhere = Some(elsewhere.max(0.0));
    report.give(&options.output)
}

/// How long the server's core has run for this measurement, or not at all.
fn used(server: &Server, setup: &Setup) -> anyhow::Result<Duration> {
    // Floors have ended, and been waited for, when what they used is asked.
    let (server, floors) = (server.process()?.cpu_time()?, Process::own().cpu_time_of_ended_children()?);
    let disk = setup.slower_flush.map(|_| process::cpu_time_of(slower_disk::PROGRAM)).unwrap_or_default();
    Ok(server + floors + disk + process::cpu_time_of(DATABASE) + process::idle_time_of(setup.server_core)?)
}

impl Report {
    /// Of a measurement that has ended.
    ///
    /// # Errors
    /// What it ended with, unless that is an answer that was not asked for: such a one is reported.
    pub(crate) fn new(
        measurement: &'static str,
        backend: Backend,
        circumstances: Circumstances,
        outcome: anyhow::Result<Findings>,
    ) -> anyhow::Result<Self> {
        let (backend, outcome) = (backend.as_str(), judge(outcome)?);
        Ok(Self { measurement, backend, circumstances, pace: None, elsewhere: None, outcome })
    }

    /// Prints it, and writes it where that is wanted; whether there are figures.
    pub(crate) fn give(&self, output: &Output) -> anyhow::Result<bool> {
        print!("{}, {}", self.measurement, self.backend);
        match &self.outcome {
            Outcome::Measured(findings) => println!(": median, min – max of the rounds\n{findings}"),
            Outcome::Refused { why } => println!(": NO FIGURE: {why}\n"),
        }
        if let Some(warning) = self.elsewhere.and_then(disturbed) {
            println!("{warning}\n");
        }
        output.write(self)?;
        Ok(matches!(self.outcome, Outcome::Measured(_)))
    }
}

/// What a reader has to know of a core that was not the server's alone.
fn disturbed(elsewhere: f64) -> Option<String> {
    (elsewhere > ELSEWHERE).then(|| {
        let percent = elsewhere * 100.0;
        format!("Other processes used {percent:.0} % of the server's core meanwhile: no figures to publish.")
    })
}

fn judge(outcome: anyhow::Result<Findings>) -> anyhow::Result<Outcome> {
    match outcome {
        Ok(findings) => Ok(Outcome::Measured(findings)),
        Err(error) => Ok(Outcome::Refused { why: error.downcast::<Fault>()?.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_core_that_is_shared_is_said() {
        assert_eq!(disturbed(0.05), None);
        let warning = "Other processes used 35 % of the server's core meanwhile: no figures to publish.";
        assert_eq!(disturbed(0.35).as_deref(), Some(warning));
    }

    #[test]
    fn an_answer_that_was_not_asked_for_leaves_no_figure_and_other_errors_end_it() {
        let fault =
            Fault::Refused { status: 429, why: "without Retry-After".to_owned(), body: "{}".to_owned() };
        let refused = serde_json::to_value(judge(Err(fault.into())).unwrap()).unwrap();
        assert_eq!(refused, json!({ "outcome": "refused", "why": "answered 429 (without Retry-After): {}" }));
        let measured = serde_json::to_value(judge(Ok(Findings::default())).unwrap()).unwrap();
        assert_eq!(measured, json!({ "outcome": "measured", "figures": [], "targets": [] }));
        assert!(judge(Err(anyhow!("the disk is full"))).is_err());
    }
}
