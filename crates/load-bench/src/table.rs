//! The figures as lines for people, each as soon as it is known.

use crate::figures::{Figures, Note, Outcome};
use crate::scenario::Scenario;
use crate::server::Backend;
use crate::statistics::Spread;

/// The headings.
pub(crate) fn print_head(backend: Backend) {
    println!();
    println!(
        "{:<39} {:>8} {:>17} {:>7} {:>8} {:>6} {:>7} {:>14}  {:<6} {:>8} {:>17} {:>6} {:>6}",
        backend.as_str(),
        "median",
        "min – max",
        "p50",
        "p99",
        "errors",
        "memory",
        "cores, %",
        "floor",
        "median",
        "min – max",
        "ratio",
        "target",
    );
    println!(
        "{:<39} {:>8} {:>17} {:>7} {:>8} {:>6} {:>7} {:>14}  {:<6} {:>8} {:>17}",
        "", "req/s", "req/s", "ms", "ms", "", "MiB", "srv + db | gen", "", "req/s", "req/s",
    );
}

/// One scenario.
pub(crate) fn print(scenario: &Scenario, outcome: &Outcome) {
    match outcome {
        Outcome::Measured(figures) => print_figures(figures),
        Outcome::Refused(refused) => println!("{:<39} NO FIGURE: {}", scenario.name, refused.why),
    }
}

fn print_figures(figures: &Figures) {
    let marks: String = figures.notes.iter().map(|note| note.mark()).collect();
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    let cores = format!(
        "{:>3} + {:>2} | {:>3}",
        percent(figures.cpu.server),
        percent(figures.cpu.database),
        percent(figures.cpu.generator)
    );
    let target = figures.target.map_or_else(String::new, |target| format!("{target:.2}"));
    let judgement = match figures.met {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "",
    };
    println!(
        "{:<39} {:>8.0} {:>17} {:>7.2} {:>8.2} {:>6} {:>7.1} {:>14}  {:<6} {:>8.0} {:>17} {:>6.3} {:>6} {judgement} {marks}",
        figures.scenario,
        figures.per_second.median,
        range(figures.per_second),
        figures.p50_microseconds.median / 1000.0,
        figures.p99_microseconds.median / 1000.0,
        figures.errors,
        figures.resident_mib,
        cores,
        figures.floor.name,
        figures.floor.per_second.median,
        range(figures.floor.per_second),
        figures.ratio,
        target,
    );
}

fn range(spread: Spread) -> String {
    format!("{:.0} – {:.0}", spread.min, spread.max)
}

/// What the marks mean.
pub(crate) fn print_legend() {
    println!();
    for (note, meaning) in [
        (Note::GeneratorBound, "the generator is saturated and the server is not: the server can do more"),
        (Note::FloorGeneratorBound, "the same of the floor: the ratio flatters"),
        (Note::Waits, "neither is saturated: requests wait for something else, a disk as a rule"),
        (Note::Disturbed, "other processes worked on the server's core meanwhile: not a figure to publish"),
    ] {
        println!("{}  {meaning}", note.mark());
    }
}
