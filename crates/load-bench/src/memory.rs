//! `load-bench memory`: whether the server's memory grows with the tokens that it issues.

use crate::figures::mib;
use crate::findings::{Bound, Findings};
use crate::limits::Report;
use crate::load::{Drive, Until};
use crate::machine::Circumstances;
use crate::output::Output;
use crate::scenario::names;
use crate::server::{Backend, Server, Setup};
use crate::statistics::Spread;
use crate::{run, scenarios, seed};

/// The most that is resident at the end, in MiB.
const BOUND: f64 = 60.0;
/// The most that is added between the first step and the last, in MiB: about two octets for each of a million requests,
/// which no state per request could be kept in.
const FLAT: f64 = 2.0;

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many tokens are asked for
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    requests: u64,
    /// How many between two looks at the memory
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    step: u64,
    /// On which kind of database
    #[arg(long, value_name = "KIND", default_value = "sqlite")]
    backend: Backend,
    #[command(flatten)]
    output: Output,
}

/// Measures and prints; whether there are figures.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<bool> {
    let mut server = Server::new(setup, options.backend)?;
    server.start().await?;
    let circumstances = Circumstances::note(setup, &server)?;
    let outcome = measure(options, &server).await;
    Report::new("memory", options.backend, circumstances, outcome)?.give(&options.output)
}

async fn measure(options: &Options, server: &Server) -> anyhow::Result<Findings> {
    let all = scenarios::all();
    let scenario = run::find(&all, names::CLIENT_CREDENTIALS)?;
    let resident = || anyhow::Ok(mib(server.process()?.resident()?));
    let mut findings = Findings::default();
    let mut figure = |what: String, figure| findings.figure(what, "MiB", Spread::of([figure]));
    figure("before anything was asked".to_owned(), resident()?);
    let seed = seed::seed(server).await?;
    figure("once everything was made".to_owned(), resident()?);
    let mut scripts = scenario.scripts(&seed, 0..scenario.connections);
    let (mut done, mut steps) = (0, Vec::new());
    while done < options.requests {
        let count = options.step.min(options.requests - done);
        let drive = Drive::new(server.address(), scenario.connection, Until::Answered(count));
        let tally = drive.run(&mut scripts).await?;
        done += tally.latencies.len();
        let now = resident()?;
        eprintln!("memory: {done:>9} requests, {now:.1} MiB, {:.0}/s", tally.rate());
        figure(format!("after {done} tokens"), now);
        steps.push(now);
    }
    if let (Some(first), Some(last)) = (steps.first(), steps.last()) {
        findings.target("resident at the end", "MiB", *last, Bound::AtMost(BOUND));
        findings.target("more than after the first step", "MiB", last - first, Bound::AtMost(FLAT));
    }
    Ok(findings)
}
