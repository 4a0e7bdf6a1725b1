//! `load-bench serve`: one scenario going on, for whoever wants to look into the server meanwhile.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::load::{Drive, Until};
use crate::server::{Backend, Server, Setup};
use crate::{run, scenarios};

/// How often is looked whether it is over.
const STEP: Duration = Duration::from_millis(500);
/// What stands for the server's process id in the command.
const PID: &str = "PID";

/// What goes on, and how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The scenario
    scenario: String,
    /// On which kind of database
    #[arg(long, value_name = "KIND", default_value = "sqlite")]
    backend: Backend,
    /// For how long; until it is stopped unless said, or until COMMAND ends
    #[arg(long, value_name = "N")]
    seconds: Option<f64>,
    /// Run meanwhile, with the server's process id for the word PID
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Goes on until it is told to stop.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<()> {
    let all = scenarios::all();
    let scenario = run::find(&all, &options.scenario)?;
    let (server, seed) = Server::seeded(setup, options.backend).await?;
    let mut scripts = scenario.scripts(&seed, 0..scenario.connections);
    let drive = Drive::new(server.address(), scenario.connection, Until::Passed(STEP));
    drive.run(&mut scripts).await?;
    let pid = server.process()?.0;
    println!("process {pid} on {} and {}: {}", server.address(), server.management(), scenario.about);
    let mut command = start(&options.command, pid)?;
    let begun = Instant::now();
    let is_over = |command: &mut Option<Child>| match (command, options.seconds) {
        (Some(child), _) => child.try_wait().map(|status| status.is_some()),
        (None, Some(seconds)) => Ok(begun.elapsed().as_secs_f64() >= seconds),
        (None, None) => Ok(false),
    };
    let mut answers = 0;
    while !is_over(&mut command)? {
        tokio::select! {
            tally = drive.run(&mut scripts) => answers += tally?.latencies.len(),
            stopped = tokio::signal::ctrl_c() => {
                stopped?;
                break;
            }
        }
    }
    println!("{answers} requests in {:.1} s", begun.elapsed().as_secs_f64());
    if let Some(mut child) = command {
        let status = child.wait()?;
        ensure!(status.success(), "{:?} ended with {status}", options.command);
    }
    Ok(())
}

/// Not on the server's core, like everything else here.
fn start(words: &[String], pid: u32) -> anyhow::Result<Option<Child>> {
    let Some((program, arguments)) = words.split_first() else { return Ok(None) };
    let arguments = arguments.iter().map(|word| if word == PID { pid.to_string() } else { word.clone() });
    let child = Command::new(program).args(arguments).spawn();
    Ok(Some(child.with_context(|| format!("{program} cannot be started"))?))
}
