//! What is published of a scenario.

use serde::Serialize;

use crate::bench::{Pace, Round, Rounds, Shares};
use crate::floor::Kind;
use crate::load::Fault;
use crate::scenario::{Connection, Scenario};
use crate::server::Backend;
use crate::statistics::Spread;

/// From this share of a core on it counts as saturated.
const SATURATED: f64 = 0.9;
/// Up to this share of the server's core may go elsewhere: the kernel's own work, and what the clocks count differently.
pub(crate) const ELSEWHERE: f64 = 0.1;
const MIB: f64 = 1024.0 * 1024.0;

/// A scenario's figures, or why there are none.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Every answer was one that was asked for.
    Measured(Box<Figures>),
    /// One was not, or connections broke.
    Refused(Refused),
}

/// Why there are no figures.
#[derive(Debug, Serialize)]
pub(crate) struct Refused {
    pub(crate) scenario: &'static str,
    pub(crate) backend: &'static str,
    /// The first answer that was not asked for, or what became of the connections.
    pub(crate) why: String,
}

/// Of one scenario on one database. Rates are answers in a second, times are microseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) scenario: &'static str,
    about: &'static str,
    pub(crate) backend: &'static str,
    connections: usize,
    connection: &'static str,
    answer_bytes: usize,
    pub(crate) per_second: Spread,
    pub(crate) p50_microseconds: Spread,
    pub(crate) p99_microseconds: Spread,
    /// Requests without an answer, in all rounds.
    pub(crate) errors: u64,
    pub(crate) resident_mib: f64,
    pub(crate) cpu: Shares,
    pub(crate) floor: FloorFigures,
    /// Of the medians.
    pub(crate) ratio: f64,
    pub(crate) target: Option<f64>,
    pub(crate) met: Option<bool>,
    pub(crate) notes: Vec<Note>,
    rounds: Vec<Round>,
}

/// Of the floor, from the rounds between those of the scenario.
#[derive(Debug, Serialize)]
pub(crate) struct FloorFigures {
    pub(crate) name: &'static str,
    pub(crate) per_second: Spread,
    p50_microseconds: Spread,
    p99_microseconds: Spread,
    cpu: Shares,
    rounds: Vec<Round>,
}

/// What a reader of a figure has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Note {
    /// The generator was saturated, and the server was not: the server can do more.
    GeneratorBound,
    /// The same, of the floor.
    FloorGeneratorBound,
    /// Neither was saturated: requests wait for something else, a disk as a rule.
    Waits,
    /// Other processes worked on the server's core: no figure to publish.
    Disturbed,
}

impl Note {
    /// The mark in the table.
    pub(crate) fn mark(self) -> char {
        match self {
            Self::GeneratorBound => 'g',
            Self::FloorGeneratorBound => 'f',
            Self::Waits => 'w',
            Self::Disturbed => 'd',
        }
    }
}

impl Outcome {
    /// Of rounds that all went well.
    pub(crate) fn measured(scenario: &Scenario, backend: Backend, pace: Pace, rounds: Rounds) -> Self {
        let per_second = |rounds: &[Round]| Spread::over(rounds, |round| round.per_second);
        let [p50, p99] = [|round: &Round| round.p50, |round: &Round| round.p99];
        let (own, floor) = (rounds.scenario, rounds.floor);
        let ratio = per_second(&own).median / per_second(&floor).median;
        let connections = pace.connections.unwrap_or(scenario.connections);
        Self::Measured(Box::new(Figures {
            scenario: scenario.name,
            about: scenario.about,
            backend: backend.as_str(),
            connections,
            connection: match scenario.connection {
                Connection::KeepAlive => "keep-alive",
                Connection::PerRequest => "one per request",
            },
            answer_bytes: rounds.answer_bytes,
            per_second: per_second(&own),
            p50_microseconds: Spread::over(&own, p50),
            p99_microseconds: Spread::over(&own, p99),
            errors: own.iter().map(|round| round.lost).sum(),
            resident_mib: mib(rounds.resident),
            cpu: Shares::median(&own),
            ratio,
            target: scenario.target,
            met: scenario.target.map(|target| ratio >= target),
            notes: notes(Shares::median(&own), Shares::median(&floor)),
            floor: FloorFigures {
                name: Kind::from(scenario.floor).as_str(),
                per_second: per_second(&floor),
                p50_microseconds: Spread::over(&floor, p50),
                p99_microseconds: Spread::over(&floor, p99),
                cpu: Shares::median(&floor),
                rounds: floor,
            },
            rounds: own,
        }))
    }

    /// Without figures.
    pub(crate) fn refused(scenario: &Scenario, backend: Backend, fault: &Fault) -> Self {
        let why = fault.to_string();
        Self::Refused(Refused { scenario: scenario.name, backend: backend.as_str(), why })
    }

    /// Which kind of database it is about.
    pub(crate) fn backend(&self) -> &'static str {
        match self {
            Self::Measured(figures) => figures.backend,
            Self::Refused(refused) => refused.backend,
        }
    }

    /// Whether there are figures.
    pub(crate) fn is_measured(&self) -> bool {
        matches!(self, Self::Measured(_))
    }
}

fn notes(own: Shares, floor: Shares) -> Vec<Note> {
    let is_idle = |cpu: Shares| cpu.idle > 1.0 - SATURATED;
    let is_bound = |cpu: Shares| is_idle(cpu) && cpu.generator >= SATURATED;
    let is_disturbed = |cpu: Shares| 1.0 - cpu.idle - cpu.server - cpu.database > ELSEWHERE;
    [
        (is_bound(own), Note::GeneratorBound),
        (is_bound(floor), Note::FloorGeneratorBound),
        (is_idle(own) && !is_bound(own), Note::Waits),
        (is_disturbed(own) || is_disturbed(floor), Note::Disturbed),
    ]
    .into_iter()
    .filter_map(|(applies, note)| applies.then_some(note))
    .collect()
}

/// Octets as mebibytes.
pub(crate) fn mib(octets: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "less than 2^52 octets")]
    let octets = octets as f64;
    octets / MIB
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::scenarios;

    const PACE: Pace =
        Pace { warm_up: Duration::ZERO, span: Duration::from_secs(1), rounds: 3, connections: None };

    fn cpu(server: f64, generator: f64) -> Shares {
        Shares { server, generator, database: 0.0, idle: 1.0 - server }
    }

    fn round(per_second: f64) -> Round {
        Round { per_second, p50: 100.0, p99: 300.0, lost: 1, cpu: Shares { idle: 0.0, ..cpu(0.99, 0.5) } }
    }

    fn measured(own: [f64; 3]) -> serde_json::Value {
        let scenario = &scenarios::all()[0];
        let rounds = Rounds {
            answer_bytes: 900,
            scenario: own.map(round).into(),
            floor: [100.0, 200.0, 300.0].map(round).into(),
            resident: 3 * 1024 * 1024,
        };
        serde_json::to_value(Outcome::measured(scenario, Backend::Sqlite, PACE, rounds)).unwrap()
    }

    #[test]
    fn the_ratio_is_one_of_medians_and_is_judged_by_the_target() {
        let (good, bad) = (measured([150.0, 149.0, 1000.0]), measured([149.0, 1000.0, 1.0]));
        assert_eq!(
            (&good["ratio"], &good["target"], &good["met"]),
            (&json!(0.75), &json!(0.75), &json!(true))
        );
        assert_eq!((&bad["ratio"], &bad["met"]), (&json!(0.745), &json!(false)));
    }

    #[test]
    fn the_json_of_a_scenario_has_everything_that_the_table_has() {
        let figures = measured([1.0, 3.0, 2.0]);
        assert_eq!(figures["outcome"], "measured");
        assert_eq!(figures["per_second"], json!({ "median": 2.0, "min": 1.0, "max": 3.0 }));
        assert_eq!(figures["floor"]["per_second"]["median"], 200.0);
        assert_eq!(figures["errors"], 3);
        assert_eq!(figures["resident_mib"], 3.0);
        assert_eq!(figures["cpu"], json!({ "server": 0.99, "generator": 0.5, "database": 0.0, "idle": 0.0 }));
        for member in ["scenario", "about", "backend", "connection", "p50_microseconds", "p99_microseconds"] {
            assert!(!figures[member].is_null(), "{member}");
        }
    }

    #[test]
    fn an_answer_that_was_not_asked_for_leaves_no_figure() {
        let fault = Fault::Refused { status: 401, why: "not 200".to_owned(), body: "{}".to_owned() };
        let outcome = Outcome::refused(&scenarios::all()[0], Backend::Postgres, &fault);
        assert!(!outcome.is_measured());
        let json = serde_json::to_value(outcome).unwrap();
        assert_eq!(json["why"], "answered 401 (not 200): {}");
        assert!(json.get("per_second").is_none());
    }

    #[test]
    fn a_core_that_is_not_full_is_noted() {
        assert_eq!(notes(cpu(0.95, 0.99), cpu(0.91, 0.99)), []);
        assert_eq!(notes(cpu(0.5, 0.99), cpu(0.8, 0.95)), [Note::GeneratorBound, Note::FloorGeneratorBound]);
        assert_eq!(notes(cpu(0.5, 0.2), cpu(0.99, 0.2)), [Note::Waits]);
        let beside = Shares { server: 0.4, generator: 0.5, database: 0.55, idle: 0.05 };
        assert_eq!(notes(beside, cpu(1.0, 0.0)), [], "the database works on the server's core");
        let shared = Shares { server: 0.6, generator: 0.5, database: 0.0, idle: 0.0 };
        assert_eq!(notes(cpu(1.0, 0.0), shared), [Note::Disturbed]);
    }
}
