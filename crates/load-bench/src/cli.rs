//! The command line.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::server::Setup;
use crate::{cores, costs, floor, group_commit, growth, limits, memory, run, saturation, seen, serve};

const EXIT: &str = "Exit status: 1 when a scenario has no figure, 2 when nothing could be measured, else 0. \
    Missed targets are said, not judged.";

/// Measures what the services carry on one core, beside what the machine allows at all
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Where the binaries lie [default: beside this one]
    #[arg(long, global = true, value_name = "DIR")]
    bin_dir: Option<PathBuf>,
    /// A PostgreSQL on which databases may be made; best on the server's core, so that its work counts
    #[arg(
        long,
        global = true,
        env = "TESSERA_TEST_POSTGRES_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    postgres: Option<String>,
    /// The server's core [default: the first one]
    #[arg(long, global = true, value_name = "N")]
    server_core: Option<usize>,
    /// The generator's core [default: the second one]
    #[arg(long, global = true, value_name = "N")]
    client_core: Option<usize>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure every scenario beside its floor, on both kinds of database
    Run(run::Options),
    /// List the scenarios
    List,
    /// Serve a floor, or hash
    Floor(floor::Options),
    /// Let one scenario go on, for profilers
    Serve(serve::Options),
    /// See whether memory grows with the tokens that are issued
    Memory(memory::Options),
    /// See what sign-ins that fill the core do to token requests
    Saturation(limits::Options),
    /// Compare the refreshes of one client with those of many
    GroupCommit(group_commit::Options),
    /// See what the verification of a token that was seen before adds to a read
    Seen(limits::Options),
    /// See how cost grows with what is in the database
    Growth(growth::Options),
    /// Sum up the stacks of a profile: what libraries and functions cost
    Costs(costs::Options),
}

impl Cli {
    /// Does it; whether everything is as it should be.
    pub(crate) fn carry_out(&self) -> anyhow::Result<bool> {
        match &self.command {
            Command::List => run::list(),
            // A process of its own, put on a core by whoever starts it.
            Command::Floor(options) => floor::run(options)?,
            Command::Costs(options) => costs::run(options)?,
            command => return self.measure(command),
        }
        Ok(true)
    }

    fn measure(&self, command: &Command) -> anyhow::Result<bool> {
        let setup = self.setup()?;
        cores::stay_on(setup.client_core).with_context(|| format!("core {}", setup.client_core))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match command {
                Command::Run(options) => run::run(options, &setup).await,
                Command::Memory(options) => memory::run(options, &setup).await,
                Command::Saturation(options) => saturation::run(options, &setup).await,
                Command::GroupCommit(options) => group_commit::run(options, &setup).await,
                Command::Seen(options) => seen::run(options, &setup).await,
                Command::Serve(options) => serve::run(options, &setup).await.map(|()| true),
                Command::Growth(options) => growth::run(options, &setup).await.map(|()| true),
                Command::List | Command::Floor(_) | Command::Costs(_) => Ok(true),
            }
        })
    }

    fn setup(&self) -> anyhow::Result<Setup> {
        let cores = cores::usable()?;
        let own = std::env::current_exe()?;
        let beside = own.parent().context("this program lies nowhere")?;
        let first = cores.first().copied().unwrap_or_default();
        Ok(Setup {
            binaries: self.bin_dir.clone().unwrap_or_else(|| beside.to_owned()),
            postgres: self.postgres.clone(),
            server_core: self.server_core.unwrap_or(first),
            client_core: self.client_core.unwrap_or_else(|| cores.get(1).copied().unwrap_or(first)),
            cores: cores.len(),
            slower_flush: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn measurements_of_limits_take_the_same_flags() {
        let flags =
            "--backend postgres --seconds 0.5 --rounds 2 --warm-up 0.1 --connections 8 --json figures.json";
        for command in ["group-commit", "saturation", "seen"] {
            let words = ["load-bench", command].into_iter().chain(flags.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{command}");
            for wrong in [["--rounds", "0"], ["--seconds", "0"], ["--backend", "mysql"], ["--json", "/no/f"]]
            {
                let words = ["load-bench", command].into_iter().chain(wrong);
                assert!(Cli::try_parse_from(words).is_err(), "{command} {wrong:?}");
            }
        }
        assert!(Cli::try_parse_from(["load-bench", "group-commit", "--slower-flush", "1ms"]).is_ok());
        assert!(Cli::try_parse_from(["load-bench", "group-commit", "--slower-flush", "1"]).is_err());
        assert!(Cli::try_parse_from(["load-bench", "run", "--markdown", "figures.md"]).is_ok());
        assert!(Cli::try_parse_from(["load-bench", "run", "--markdown", "/no/f"]).is_err());
    }
}
