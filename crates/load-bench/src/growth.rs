//! How what a request costs grows with what is in the database: the same requests on tables of different lengths, in one
//! run. Each length has a server and databases of its own, filled by SQL before the server starts.
//!
//! To add one: rows into the file of its database, a [`questions::Question`] that goes over them.

mod fill;
mod questions;
mod table;

use std::time::Instant;

use anyhow::Context as _;

use crate::bench::Pace;
use crate::load::{Drive, Until};
use crate::pace::PaceOptions;
use crate::scenario::Connection;
use crate::server::{Backend, Server, Setup};
use crate::statistics::Spread;
use questions::Question;
use table::{Column, Table};

/// How many requests are under way at once.
const CONNECTIONS: usize = 32;

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rows of each table
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 10_000, 100_000, 1_000_000],
        value_parser = clap::value_parser!(u32).range(100..=100_000_000))]
    rows: Vec<u32>,
    /// Only on this kind of database; may be given again
    #[arg(long, value_name = "KIND")]
    backend: Vec<Backend>,
    #[command(flatten)]
    pace: PaceOptions,
}

/// Measures, and prints a table for each kind of database.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<()> {
    let both = [Backend::Sqlite, Backend::Postgres];
    let backends = if options.backend.is_empty() { &both[..] } else { &options.backend };
    for backend in backends {
        let mut table = Table::default();
        for rows in &options.rows {
            let column = measure(setup, *backend, *rows, &options.pace.pace()).await;
            table.add(column.with_context(|| format!("{}, {rows} rows", backend.as_str()))?);
        }
        println!("{}\n\n{table}", backend.as_str());
    }
    Ok(())
}

async fn measure(setup: &Setup, backend: Backend, rows: u32, pace: &Pace) -> anyhow::Result<Column> {
    let mut server = Server::new(setup, backend)?;
    let begun = Instant::now();
    fill::fill(&server, rows)?;
    let (filled, begun) = (begun.elapsed(), Instant::now());
    server.start().await?;
    let started = begun.elapsed();
    eprintln!("{}, {rows} rows: filled in {filled:.1?}, started in {started:.1?}", backend.as_str());
    let mut column = Column::new(rows, started);
    for question in questions::all_of(&server, rows).await? {
        let rate = ask(&server, &question, pace).await.with_context(|| question.name)?;
        eprintln!("  {:<20} {rate:>9.0}/s", question.name);
        column.answer(question.name, question.over, rate);
    }
    column.memory = server.process()?.resident()?;
    Ok(column)
}

/// Answers in a second: the median of the rounds.
async fn ask(server: &Server, question: &Question, pace: &Pace) -> anyhow::Result<f64> {
    let connections = 0..pace.connections.unwrap_or(CONNECTIONS);
    let mut scripts: Vec<_> = connections.map(|connection| (question.script)(connection)).collect();
    let drive = |span| Drive::new(server.address(), Connection::KeepAlive, Until::Passed(span));
    drive(pace.warm_up).run(&mut scripts).await?;
    let mut rates = Vec::new();
    for _ in 0..pace.rounds {
        rates.push(drive(pace.span).run(&mut scripts).await?.rate());
    }
    Ok(Spread::of(rates).median)
}
