//! One scenario beside its floor.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::floor::Kind;
use crate::load::{Drive, Script, Tally, Until};
use crate::process::{self, Process};
use crate::rival::{self, Rival, Same};
use crate::scenario::{Connection, Scenario};
use crate::seed::Seed;
use crate::server::{Backend, Server, Setup};
use crate::statistics::Spread;

/// How PostgreSQL's processes are called.
pub(crate) const DATABASE: &str = "postgres";

/// How long and how often something is measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Pace {
    /// Before the first round.
    pub(crate) warm_up: Duration,
    /// Each round.
    pub(crate) span: Duration,
    /// How many there are.
    pub(crate) rounds: usize,
    /// Requests under way at once, where the scenario's own number is not wanted.
    pub(crate) connections: Option<usize>,
}

/// Shares of one core.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Shares {
    /// The server's, or the floor's.
    pub(crate) server: f64,
    /// The generator's, of its own core.
    pub(crate) generator: f64,
    /// That of every PostgreSQL process of the machine.
    pub(crate) database: f64,
    /// What nobody used of the server's core. What is missing then was used by processes that have no business there.
    pub(crate) idle: f64,
}

/// What one round gave.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Round {
    /// Answers in a second.
    pub(crate) per_second: f64,
    /// What half of the requests took at most, in microseconds.
    pub(crate) p50: f64,
    /// What 99 of 100 took at most, in microseconds.
    pub(crate) p99: f64,
    /// Requests that got no answer.
    pub(crate) lost: u64,
    /// Who used the cores.
    pub(crate) cpu: Shares,
}

/// All rounds of a scenario and of its floor.
pub(crate) struct Rounds {
    /// The mean size of a body.
    pub(crate) answer_bytes: usize,
    /// The scenario's.
    pub(crate) scenario: Vec<Round>,
    /// The floor's, each before the one of the scenario.
    pub(crate) floor: Vec<Round>,
    /// Octets resident in the server after the last one.
    pub(crate) resident: u64,
}

impl Round {
    fn of(tally: &Tally, cpu: Shares) -> Self {
        Self {
            per_second: tally.rate(),
            p50: tally.percentile(50.0),
            p99: tally.percentile(99.0),
            lost: tally.lost,
            cpu,
        }
    }
}

impl Shares {
    /// The median of each over several rounds.
    pub(crate) fn median(rounds: &[Round]) -> Self {
        let median = |share: fn(&Self) -> f64| Spread::over(rounds, |round| share(&round.cpu)).median;
        Self {
            server: median(|cpu| cpu.server),
            generator: median(|cpu| cpu.generator),
            database: median(|cpu| cpu.database),
            idle: median(|cpu| cpu.idle),
        }
    }
}

/// Sends load and watches who uses the cores meanwhile.
pub(crate) async fn watched(
    drive: &Drive,
    scripts: &mut [Box<dyn Script>],
    server: Process,
    core: usize,
) -> anyhow::Result<(Tally, Shares)> {
    let used = || {
        let (own, database) = (Process::own().cpu_time()?, process::cpu_time_of(DATABASE));
        anyhow::Ok([server.cpu_time()?, own, database, process::idle_time_of(core)?])
    };
    let (before, begun) = (used()?, Instant::now());
    let tally = drive.run(scripts).await?;
    let (after, passed) = (used()?, begun.elapsed());
    let share = |after: Duration, before| after.saturating_sub(before).as_secs_f64() / passed.as_secs_f64();
    let [server, generator, database, idle] = std::array::from_fn(|at| share(after[at], before[at]));
    let cpu = Shares { server, generator, database, idle };
    Ok((tally, cpu))
}

/// The floor of a scenario, ready to be measured.
enum Opposite {
    Served { rival: Rival, connection: Connection, scripts: Vec<Box<dyn Script>> },
    Hashing,
}

impl Opposite {
    fn start(
        setup: &Setup,
        scenario: &Scenario,
        warm: &Tally,
        backend: Backend,
        connections: usize,
    ) -> anyhow::Result<Self> {
        let kind = Kind::from(scenario.floor);
        if kind == Kind::Argon2 {
            return Ok(Self::Hashing);
        }
        let rival = Rival::start(setup, kind, warm.body_size(), backend)?;
        let scripts = Same::scripts(&warm.sample, connections);
        Ok(Self::Served { rival, connection: scenario.connection, scripts })
    }

    async fn round(&mut self, setup: &Setup, span: Duration) -> anyhow::Result<Round> {
        match self {
            Self::Served { rival, connection, scripts } => {
                let drive = Drive::new(rival.address(), *connection, Until::Passed(span));
                let (tally, cpu) = watched(&drive, scripts, rival.process(), setup.server_core).await?;
                Ok(Round::of(&tally, cpu))
            }
            Self::Hashing => {
                let per_second = rival::hashes(setup, span)?;
                let each = 1_000_000.0 / per_second;
                let cpu = Shares { server: 1.0, generator: 0.0, database: 0.0, idle: 0.0 };
                Ok(Round { per_second, p50: each, p99: each, lost: 0, cpu })
            }
        }
    }
}

/// Measures a scenario: floor, scenario, floor, scenario …, after both were warmed up.
///
/// # Errors
/// A `Fault`, when there is an answer that was not asked for; else the machine's.
pub(crate) async fn rounds(
    setup: &Setup,
    pace: Pace,
    scenario: &Scenario,
    (server, seed): (&Server, &Seed),
) -> anyhow::Result<Rounds> {
    let connections = pace.connections.unwrap_or(scenario.connections);
    let mut scripts = scenario.scripts(seed, 0..connections);
    let drive = |span| Drive::new(server.address(), scenario.connection, Until::Passed(span));
    let warm = drive(pace.warm_up).run(&mut scripts).await?;
    let mut opposite = Opposite::start(setup, scenario, &warm, server.backend(), connections)?;
    opposite.round(setup, pace.warm_up).await?;
    let (mut own, mut floor, mut bodies) = (Vec::new(), Vec::new(), 0);
    for _ in 0..pace.rounds {
        floor.push(opposite.round(setup, pace.span).await?);
        let (tally, cpu) =
            watched(&drive(pace.span), &mut scripts, server.process()?, setup.server_core).await?;
        bodies = tally.body_size();
        own.push(Round::of(&tally, cpu));
    }
    let resident = server.process()?.resident()?;
    Ok(Rounds { answer_bytes: bodies, scenario: own, floor, resident })
}
