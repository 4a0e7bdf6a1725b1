//! `load-bench seen`: what the verification of an access token that was seen before adds to a read.
//!
//! No service has a read that is the same but for the token, so the share is put together: a floor that carries out the
//! real verification beside floor A says what it costs, and the read itself, which contains it, what it is added to. Time
//! is that of processors, so that nothing depends on whether the generator fills the server's core.

use crate::bench::{self, Shares};
use crate::findings::{Bound, Findings};
use crate::floor::Kind;
use crate::limits::{self, Options, Stand};
use crate::load::{Drive, Script, Until};
use crate::process::Process;
use crate::rival::{Rival, Same};
use crate::scenario::{Connection, names};
use crate::server::{Backend, Setup};
use crate::statistics::Spread;
use crate::{run, scenarios};

/// The most that it may add, in percent.
const TARGET: f64 = 10.0;
const MICROSECONDS: f64 = 1_000_000.0;

/// Microseconds of processors for a request.
#[derive(Clone, Copy)]
struct Round {
    without: f64,
    with: f64,
    anew: f64,
    read: f64,
}

impl Round {
    /// What the verification takes.
    fn added(&self) -> f64 {
        self.with - self.without
    }

    /// What it adds to the read, in percent of the read without it.
    fn share(&self) -> f64 {
        100.0 * self.added() / (self.read - self.added())
    }
}

/// Measures and prints; whether there are figures.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<bool> {
    limits::run("seen", 4, options, setup, measure).await
}

async fn measure(stand: &Stand<'_>) -> anyhow::Result<Findings> {
    let (Stand { setup, server, seed, pace }, all) = (stand, scenarios::all());
    let scenario = run::find(&all, names::ROOM)?;
    let connections = pace.connections.unwrap_or(scenario.connections);
    let mut reads = scenario.scripts(seed, 0..connections);
    let drive = |address, span| Drive::new(address, Connection::KeepAlive, Until::Passed(span));
    let warm = drive(server.address(), pace.warm_up).run(&mut reads).await?;
    let rival = |kind| Rival::start(setup, kind, warm.body_size(), server.backend());
    let (plain, verified, anew) = (rival(Kind::A)?, rival(Kind::Seen)?, rival(Kind::C)?);
    let mut same = Same::scripts(&warm.sample, connections);
    for rival in [&plain, &verified, &anew] {
        drive(rival.address(), pace.warm_up).run(&mut same).await?;
    }
    let mut rounds = Vec::new();
    for _ in 0..pace.rounds {
        let [mut without, mut with, mut checked] = [0.0; 3];
        for (rival, cost) in [(&plain, &mut without), (&verified, &mut with), (&anew, &mut checked)] {
            let drive = drive(rival.address(), pace.span);
            *cost = cost_of(&drive, &mut same, rival.process(), stand).await?;
        }
        let drive = drive(server.address(), pace.span);
        let read = cost_of(&drive, &mut reads, server.process()?, stand).await?;
        rounds.push(Round { without, with, anew: checked, read });
    }
    Ok(findings(&rounds))
}

/// What a request takes of the processors, with what the database does for it.
async fn cost_of(
    drive: &Drive,
    scripts: &mut [Box<dyn Script>],
    process: Process,
    stand: &Stand<'_>,
) -> anyhow::Result<f64> {
    let (tally, cpu) = bench::watched(drive, scripts, process, stand.setup.server_core).await?;
    Ok(MICROSECONDS * share_of(cpu, stand.server.backend()) / tally.rate())
}

/// PostgreSQL processes beside a server with SQLite are somebody else's.
fn share_of(cpu: Shares, backend: Backend) -> f64 {
    match backend {
        Backend::Sqlite => cpu.server,
        Backend::Postgres => cpu.server + cpu.database,
    }
}

fn findings(rounds: &[Round]) -> Findings {
    let mut findings = Findings::default();
    let mut figure = |what, unit, figure: fn(&Round) -> f64| {
        findings.figure(what, unit, Spread::over(rounds, figure));
    };
    figure("floor A, a request", "µs", |round| round.without);
    figure("floor A with a token that was seen", "µs", |round| round.with);
    figure("floor C, a signature checked each time", "µs", |round| round.anew);
    figure("read of a room", "µs", |round| round.read);
    figure("verification of a token that was seen", "µs", Round::added);
    figure("that is, of the read without it", "%", Round::share);
    let share = Spread::over(rounds, Round::share).median;
    findings.target("verification added to the read without it", "%", share, Bound::AtMost(TARGET));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_counts_where_the_server_has_one() {
        let cpu = Shares { server: 0.25, generator: 1.0, database: 0.5, idle: 0.0 };
        assert!((share_of(cpu, Backend::Sqlite) - 0.25).abs() < f64::EPSILON);
        assert!((share_of(cpu, Backend::Postgres) - 0.75).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_added_is_a_share_of_the_read_without_it() {
        let round = Round { without: 6.0, with: 7.0, anew: 50.0, read: 21.0 };
        let slow = Round { with: 16.0, ..round };
        let judged = |rounds: &[Round]| serde_json::to_value(findings(rounds)).unwrap()["targets"][0].clone();
        let good = judged(&[round, slow, round]);
        assert_eq!((&good["measured"], &good["met"]), (&5.0.into(), &true.into()));
        let bad = judged(&[round, slow, slow]);
        assert!(bad["measured"].as_f64() > Some(90.0) && bad["met"] == false, "{bad}");
    }
}
