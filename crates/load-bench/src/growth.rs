//! How what a request costs grows with what is in the database: the same requests on tables of different lengths, in one
//! run. Each length has a server and databases of its own, filled by SQL before the server starts.
//!
//! To add one: rows into the file of its database, a [`questions::Question`] that goes over them.

mod fill;
mod questions;
mod table;

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::load::{Drive, Until};
use crate::scenario::Connection;
use crate::server::{Backend, Server, Setup};
use questions::Question;
use table::{Column, Table};

/// How many requests are under way at once.
const CONNECTIONS: usize = 32;
/// Of the time of a measurement, what comes before it and does not count.
const WARM_UP: u32 = 4;

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rows of each table.
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 10_000, 100_000, 1_000_000],
        value_parser = clap::value_parser!(u32).range(100..=100_000_000))]
    rows: Vec<u32>,
    /// Which databases.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Backend::Sqlite, Backend::Postgres])]
    backend: Vec<Backend>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4)]
    seconds: u32,
}

/// Measures, and prints a table for each database.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<()> {
    for backend in &options.backend {
        let mut table = Table::default();
        for rows in &options.rows {
            let column = measure(setup, *backend, *rows, Duration::from_secs(options.seconds.into())).await;
            table.add(column.with_context(|| format!("{}, {rows} rows", backend.as_str()))?);
        }
        println!("{}\n\n{table}", backend.as_str());
    }
    Ok(())
}

async fn measure(setup: &Setup, backend: Backend, rows: u32, span: Duration) -> anyhow::Result<Column> {
    let mut server = Server::new(setup, backend)?;
    let begun = Instant::now();
    fill::fill(&server, rows)?;
    let filled = begun.elapsed();
    server.start().await?;
    let started = begun.elapsed() - filled;
    eprintln!("{}, {rows} rows: filled in {filled:.1?}, started in {started:.1?}", backend.as_str());
    let mut column = Column::new(rows, started);
    for question in questions::all_of(&server, rows).await? {
        let rate = ask(&server, &question, span).await.with_context(|| question.name)?;
        eprintln!("  {:<20} {rate:>9.0}/s", question.name);
        column.answer(question.name, question.over, rate);
    }
    column.memory = server.process()?.resident()?;
    Ok(column)
}

/// Answers in a second.
async fn ask(server: &Server, question: &Question, span: Duration) -> anyhow::Result<f64> {
    let mut scripts: Vec<_> = (0..CONNECTIONS).map(|connection| (question.script)(connection)).collect();
    let mut rate = 0.0;
    for span in [span / WARM_UP, span] {
        let drive = Drive::new(server.address(), Connection::KeepAlive, Until::Passed(span));
        rate = drive.run(&mut scripts).await?.rate();
    }
    Ok(rate)
}
