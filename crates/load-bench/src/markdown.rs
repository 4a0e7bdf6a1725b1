//! The figures as tables for a page, with the columns of `proto-docs/performance.md`.

use std::fmt::Write as _;

use crate::figures::{Figures, Outcome};
use crate::statistics::{Spread, thousands};

const HEAD: &str = "| scenario | requests/s | p50 ms | p99 ms | µs a request | floor | ratio | target |\n\
    | --- | --- | --- | --- | --- | --- | --- | --- |\n";

/// A table for each kind of database, in the order of the results.
pub(crate) fn tables(results: &[Outcome]) -> String {
    let mut text = String::new();
    for of_one in results.chunk_by(|one, next| one.backend() == next.backend()) {
        let backend = of_one.first().map(Outcome::backend).unwrap_or_default();
        let space = if text.is_empty() { "" } else { "\n" };
        // A `String` takes whatever is written.
        let _ = write!(text, "{space}{backend}:\n\n{HEAD}");
        for outcome in of_one {
            let _ = writeln!(text, "{}", line(outcome));
        }
    }
    text
}

fn line(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Measured(figures) => line_of(figures),
        Outcome::Refused(refused) => {
            format!("| {} | no figure: {} | | | | | | |", refused.scenario, cell(&refused.why))
        }
    }
}

fn line_of(figures: &Figures) -> String {
    let Spread { median, min, max } = figures.per_second;
    let marks: String = figures.notes.iter().map(|note| note.mark()).collect();
    let target = match (figures.target, figures.met) {
        (Some(target), Some(met)) => format!("{target:.2} {}", if met { "met" } else { "missed" }),
        _ => String::new(),
    };
    format!(
        "| {} | {} ({}–{}) | {:.2} | {:.2} | {:.1} | {} {} | {:.2} {marks} | {target} |",
        figures.scenario,
        thousands(median),
        thousands(min),
        thousands(max),
        figures.p50_microseconds.median / 1000.0,
        figures.p99_microseconds.median / 1000.0,
        1_000_000.0 / median,
        figures.floor.name,
        thousands(figures.floor.per_second.median),
        figures.ratio,
    )
}

/// Text of a server's, of which nothing ends the cell or the line.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::{Pace, Round, Rounds, Shares};
    use crate::load::Fault;
    use crate::scenarios;
    use crate::server::Backend;

    fn round(per_second: f64, idle: f64) -> Round {
        let cpu = Shares { server: 1.0 - idle, generator: 0.5, database: 0.0, idle };
        Round { per_second, p50: 1500.0, p99: 3250.0, lost: 0, cpu }
    }

    fn measured(scenario: usize, backend: Backend, per_second: f64, idle: f64) -> Outcome {
        let pace = Pace { warm_up: Duration::ZERO, span: Duration::ZERO, rounds: 2, connections: None };
        let scenario = &scenarios::all()[scenario];
        let own = vec![round(per_second, idle), round(per_second + 100.0, idle)];
        let floor = vec![round(59_363.0, 0.0)];
        Outcome::measured(
            scenario,
            backend,
            pace,
            Rounds { answer_bytes: 9, scenario: own, floor, resident: 0 },
        )
    }

    #[test]
    fn each_database_has_a_table_of_its_own() {
        let all = scenarios::all();
        let refresh = all.iter().position(|scenario| scenario.name == "refresh").unwrap();
        let fault =
            Fault::Refused { status: 401, why: "200 is expected".to_owned(), body: "a|\nb".to_owned() };
        let results = [
            measured(0, Backend::Sqlite, 46_550.0, 0.0),
            measured(refresh, Backend::Sqlite, 950.0, 0.4),
            measured(0, Backend::Postgres, 20_000.0, 0.0),
            Outcome::refused(&all[0], Backend::Postgres, &fault),
        ];
        let head = HEAD.trim_end();
        let expected = format!(
            "SQLite:\n\n{head}\n\
             | client_credentials | 46,600 (46,550–46,650) | 1.50 | 3.25 | 21.5 | B 59,363 | 0.79  | 0.75 met |\n\
             | refresh | 1,000 (950–1,050) | 1.50 | 3.25 | 1000.0 | B 59,363 | 0.02 w |  |\n\
             \nPostgreSQL:\n\n{head}\n\
             | client_credentials | 20,050 (20,000–20,100) | 1.50 | 3.25 | 49.9 | B 59,363 | 0.34  | 0.75 missed |\n\
             | client_credentials | no figure: answered 401 (200 is expected): a\\| b | | | | | | |\n"
        );
        assert_eq!(tables(&results), expected);
        assert_eq!(tables(&[]), "");
    }
}
