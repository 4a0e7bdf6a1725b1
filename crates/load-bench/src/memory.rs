//! `load-bench memory`: whether the server's memory grows with the tokens that it issues.

use crate::figures::mib;
use crate::load::{Drive, Until};
use crate::scenario::names;
use crate::server::{Backend, Server, Setup};
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
}

/// Measures and prints.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<()> {
    let all = scenarios::all();
    let scenario = run::find(&all, names::CLIENT_CREDENTIALS)?;
    let mut server = Server::new(setup, options.backend)?;
    server.start().await?;
    let started = mib(server.process()?.resident()?);
    let seed = seed::seed(&server).await?;
    let mut scripts = scenario.scripts(&seed, 0..scenario.connections);
    let resident = || anyhow::Ok(mib(server.process()?.resident()?));
    println!("{}, {}; resident memory", options.backend.as_str(), scenario.about);
    println!(
        "{started:>26.1} MiB before anything was asked, {:.1} MiB once everything was made",
        resident()?
    );
    let (mut done, mut steps, mut seconds) = (0, Vec::new(), 0.0);
    while done < options.requests {
        let count = options.step.min(options.requests - done);
        let drive = Drive::new(server.address(), scenario.connection, Until::Answered(count));
        let tally = drive.run(&mut scripts).await?;
        done += tally.latencies.len();
        seconds += tally.elapsed.as_secs_f64();
        steps.push(resident()?);
        println!("{done:>9} requests {:>7.1} MiB {:>8.0}/s", resident()?, tally.rate());
    }
    let (first, last) =
        (steps.first().copied().unwrap_or_default(), steps.last().copied().unwrap_or_default());
    let (is_small, is_flat) = (last <= BOUND, last - first <= FLAT);
    let word = |holds: bool| if holds { "met" } else { "MISSED" };
    println!("{done} requests in {seconds:.0} s");
    println!("at most {BOUND} MiB at the end: {last:.1}, {}", word(is_small));
    println!(
        "flat, at most {FLAT} MiB more than after the first step: {:+.1}, {}",
        last - first,
        word(is_flat)
    );
    Ok(())
}
