//! `load-bench seen`: what the verification of an access token that was seen before adds to a read.
//!
//! No service has a read that is the same but for the token, so the share is put together: a floor that carries out the
//! real verification beside floor A says what it costs, and the read itself, which contains it, what it is added to.

use crate::floor::Kind;
use crate::load::{Drive, Until};
use crate::pace::PaceOptions;
use crate::rival::{Rival, Same};
use crate::scenario::{Connection, names};
use crate::server::{Backend, Server, Setup};
use crate::statistics::Spread;
use crate::{run, scenarios};

/// The most that it may add.
const TARGET: f64 = 0.1;
const MICROSECONDS: f64 = 1_000_000.0;

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// On which kind of database the read is made
    #[arg(long, value_name = "KIND", default_value = "sqlite")]
    backend: Backend,
    #[command(flatten)]
    pace: PaceOptions,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<()> {
    let (all, pace) = (scenarios::all(), options.pace.pace());
    let scenario = run::find(&all, names::ROOM)?;
    let connections = pace.connections.unwrap_or(scenario.connections);
    let (server, seed) = Server::seeded(setup, options.backend).await?;
    let mut reads = scenario.scripts(&seed, 0..connections);
    let drive = |address, span| Drive::new(address, Connection::KeepAlive, Until::Passed(span));
    let warm = drive(server.address(), pace.warm_up).run(&mut reads).await?;
    let rival = |kind| Rival::start(setup, kind, warm.body_size(), options.backend);
    let (plain, verified, anew) = (rival(Kind::A)?, rival(Kind::Seen)?, rival(Kind::C)?);
    let mut same = Same::scripts(&warm.sample, connections);
    let [mut without, mut with, mut checked, mut read] = [const { Vec::new() }; 4];
    for rival in [&plain, &verified, &anew] {
        drive(rival.address(), pace.warm_up).run(&mut same).await?;
    }
    for _ in 0..pace.rounds {
        without.push(MICROSECONDS / drive(plain.address(), pace.span).run(&mut same).await?.rate());
        with.push(MICROSECONDS / drive(verified.address(), pace.span).run(&mut same).await?.rate());
        checked.push(MICROSECONDS / drive(anew.address(), pace.span).run(&mut same).await?.rate());
        read.push(MICROSECONDS / drive(server.address(), pace.span).run(&mut reads).await?.rate());
    }
    let [without, with, checked, read] = [without, with, checked, read].map(Spread::of);
    println!("{}, microseconds of the core for a request: median, min – max", options.backend.as_str());
    for (what, time) in [
        ("floor A", without),
        ("floor A, token verified", with),
        ("floor C, signature checked anew", checked),
        (scenario.name, read),
    ] {
        println!("{what:<32} {:>7.2} {:>7.2} – {:.2}", time.median, time.min, time.max);
    }
    let added = with.median - without.median;
    let share = added / (read.median - added);
    let is_met = share <= TARGET;
    println!(
        "verification takes {added:.2}, which adds {:.1} % to the read without it; at most {:.0} %: {}",
        share * 100.0,
        TARGET * 100.0,
        if is_met { "met" } else { "MISSED" },
    );
    Ok(())
}
