//! `load-bench group-commit`: whether durable writes of several clients share commits.

use crate::load::{Drive, Until};
use crate::pace::PaceOptions;
use crate::scenario::names;
use crate::server::{Backend, Server, Setup};
use crate::statistics::Spread;
use crate::{run, scenarios};

/// Clients at once, compared with one.
const MANY: usize = 32;
/// How many times the rate of one they shall get on SQLite.
const TARGET: f64 = 5.0;

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// On which kind of database
    #[arg(long, value_name = "KIND", default_value = "sqlite")]
    backend: Backend,
    #[command(flatten)]
    pace: PaceOptions,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<()> {
    let (all, pace) = (scenarios::all(), options.pace.pace());
    let scenario = run::find(&all, names::REFRESH)?;
    let (server, seed) = Server::seeded(setup, options.backend).await?;
    let many = pace.connections.unwrap_or(MANY);
    let drive = |span| Drive::new(server.address(), scenario.connection, Until::Passed(span));
    let (mut one, mut several) = (scenario.scripts(&seed, 0..1), scenario.scripts(&seed, 1..1 + many));
    drive(pace.warm_up).run(&mut one).await?;
    drive(pace.warm_up).run(&mut several).await?;
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..pace.rounds {
        alone.push(drive(pace.span).run(&mut one).await?.rate());
        together.push(drive(pace.span).run(&mut several).await?.rate());
    }
    let (alone, together) = (Spread::of(alone), Spread::of(together));
    let ratio = together.median / alone.median;
    println!("{}, refreshes in a second: median, min – max", options.backend.as_str());
    for (clients, rate) in [(1, alone), (many, together)] {
        println!("{clients:>4} clients {:>8.0} {:>8.0} – {:.0}", rate.median, rate.min, rate.max);
    }
    let is_met = ratio >= TARGET || options.backend == Backend::Postgres;
    println!("ratio {ratio:.2}; on SQLite at least {TARGET}: {}", if is_met { "met" } else { "MISSED" });
    Ok(())
}
