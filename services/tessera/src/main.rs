//! The operator's binary: every service in one process, and the command line.
//!
//! `serve` mounts the services side by side on one listener (`serve.rs`); every other command works on the databases
//! themselves and lives in `commands/`, one file each. A new command: a variant in `cli.rs`, a module in `commands/`.

mod backups;
mod banner;
mod cli;
mod commands;
mod directory;
mod failure;
mod output;
mod owners;
mod serve;
mod settings;

use std::process::ExitCode;

use clap::Parser;
use service_kit::failure::sentence;

#[actix_web::main]
async fn main() -> ExitCode {
    match commands::run(cli::Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("tessera: {}", sentence(&failure));
            failure.exit_code()
        }
    }
}
