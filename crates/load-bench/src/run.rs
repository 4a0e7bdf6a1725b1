//! `load-bench run`: every scenario beside its floor, as a table and as JSON.

use std::path::PathBuf;

use anyhow::bail;
use serde::Serialize;

use crate::bench::{self, Pace};
use crate::figures::Outcome;
use crate::load::Fault;
use crate::machine::Circumstances;
use crate::output::Output;
use crate::pace::PaceOptions;
use crate::scenario::Scenario;
use crate::seed;
use crate::server::{Backend, Server, Setup};
use crate::{markdown, output, scenarios, table};

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only this scenario (`load-bench list`); may be given again
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// Only on this kind of database; may be given again
    #[arg(long = "backend", value_name = "KIND")]
    backends: Vec<Backend>,
    #[command(flatten)]
    pace: PaceOptions,
    #[command(flatten)]
    output: Output,
    /// Also write the table as Markdown, as it stands in `proto-docs/performance.md`
    #[arg(long, value_name = "FILE", value_parser = output::new_file)]
    markdown: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    circumstances: Option<Circumstances>,
    pace: Pace,
    results: Vec<Outcome>,
}

/// Measures; whether every scenario has figures.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<bool> {
    let scenarios = scenarios::all();
    let chosen = choose(&scenarios, &options.scenarios)?;
    let backends: &[Backend] = match options.backends.as_slice() {
        [] => &[Backend::Sqlite, Backend::Postgres],
        backends => backends,
    };
    let mut report = Report { circumstances: None, pace: options.pace.pace(), results: Vec::new() };
    for backend in backends {
        measure(&mut report, setup, *backend, &chosen).await?;
    }
    table::print_legend();
    options.output.write(&report)?;
    if let Some(path) = &options.markdown {
        output::write_text(path, &markdown::tables(&report.results))?;
    }
    Ok(report.results.iter().all(Outcome::is_measured))
}

/// Every scenario on one server.
async fn measure(
    report: &mut Report,
    setup: &Setup,
    backend: Backend,
    scenarios: &[&Scenario],
) -> anyhow::Result<()> {
    let mut server = Server::new(setup, backend)?;
    if report.circumstances.is_none() {
        let circumstances = Circumstances::note(setup, &server)?;
        circumstances.print();
        report.circumstances = Some(circumstances);
    }
    server.start().await?;
    let seed = seed::seed(&server).await?;
    table::print_head(backend);
    for scenario in scenarios {
        let outcome = match bench::rounds(setup, report.pace, scenario, (&server, &seed)).await {
            Ok(rounds) => Outcome::measured(scenario, backend, report.pace, rounds),
            // Everything else ends the run.
            Err(error) => Outcome::refused(scenario, backend, &error.downcast::<Fault>()?),
        };
        table::print(scenario, &outcome);
        report.results.push(outcome);
    }
    Ok(())
}

/// Scenarios by their names, or all.
pub(crate) fn choose<'a>(scenarios: &'a [Scenario], names: &[String]) -> anyhow::Result<Vec<&'a Scenario>> {
    if names.is_empty() {
        return Ok(scenarios.iter().collect());
    }
    names.iter().map(|name| find(scenarios, name)).collect()
}

/// The scenario of this name.
pub(crate) fn find<'a>(scenarios: &'a [Scenario], name: &str) -> anyhow::Result<&'a Scenario> {
    match scenarios.iter().find(|scenario| scenario.name == name) {
        Some(scenario) => Ok(scenario),
        None => bail!("there is no scenario {name:?}; `load-bench list` has them"),
    }
}

/// Prints what there is.
pub(crate) fn list() {
    for scenario in scenarios::all() {
        println!("{:<42} {}", scenario.name, scenario.about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_chosen_by_name_and_an_unknown_one_is_said() {
        let all = scenarios::all();
        assert_eq!(choose(&all, &[]).unwrap().len(), all.len());
        let chosen = choose(&all, &[all[1].name.to_owned(), all[0].name.to_owned()]).unwrap();
        assert_eq!([chosen[0].name, chosen[1].name], [all[1].name, all[0].name]);
        let error = choose(&all, &["nothing".to_owned()]).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("there is no scenario \"nothing\"; `load-bench list` has them"));
    }
}
