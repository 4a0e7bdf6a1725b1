//! `load-bench group-commit`: whether durable writes of several clients share commits.

use std::time::Duration;

use crate::findings::{Bound, Findings};
use crate::limits::{self, Stand};
use crate::load::{Drive, Until};
use crate::scenario::names;
use crate::server::{Backend, Setup};
use crate::statistics::Spread;
use crate::{run, scenarios};

/// Clients at once, compared with one.
const MANY: usize = 32;
/// How many times the rate of one they shall get on SQLite.
const TARGET: f64 = 5.0;

/// What is measured, and for how long.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// How much longer each flush to disk takes than it does here, such as `1ms`: the fewer a core waits for, the more sharing
    /// them gains. Needs strace
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    slower_flush: Option<Duration>,
    #[command(flatten)]
    limits: limits::Options,
}

/// Measures and prints; whether there are figures.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<bool> {
    let Options { slower_flush, limits } = options;
    let setup = Setup { slower_flush: *slower_flush, ..setup.clone() };
    limits::run("group-commit", 2, limits, &setup, measure).await
}

async fn measure(stand: &Stand<'_>) -> anyhow::Result<Findings> {
    let (Stand { setup, server, seed, pace }, all) = (stand, scenarios::all());
    let scenario = run::find(&all, names::REFRESH)?;
    let many = pace.connections.unwrap_or(MANY);
    let drive = |span| Drive::new(server.address(), scenario.connection, Until::Passed(span));
    let (mut one, mut several) = (scenario.scripts(seed, 0..1), scenario.scripts(seed, 1..1 + many));
    drive(pace.warm_up).run(&mut one).await?;
    drive(pace.warm_up).run(&mut several).await?;
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..pace.rounds {
        alone.push(drive(pace.span).run(&mut one).await?.rate());
        together.push(drive(pace.span).run(&mut several).await?.rate());
    }
    let (alone, together) = (Spread::of(alone), Spread::of(together));
    let ratio = together.median / alone.median;
    let mut findings = Findings::default();
    if let Some(delay) = setup.slower_flush {
        findings.figure(
            "each flush slower than this disk's by",
            "ms",
            Spread::of([delay.as_secs_f64() * 1e3]),
        );
    }
    findings.figure("refreshes of 1 client", "1/s", alone);
    findings.figure(format!("refreshes of {many} clients"), "1/s", together);
    match server.backend() {
        Backend::Sqlite => findings.target("many clients / one", "", ratio, Bound::AtLeast(TARGET)),
        // It shares commits by itself, as far as its disk makes that worth waiting for.
        Backend::Postgres => findings.figure("many clients / one", "", Spread::of([ratio])),
    }
    Ok(findings)
}
