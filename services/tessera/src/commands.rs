//! One module for each command of the operator, `arguments` and `listing` for what several share; `run` picks one.

mod account_tokens;
mod app_passwords;
mod applications;
mod apply;
mod arguments;
mod audit;
mod backup;
pub(crate) mod bases;
mod clients;
mod completions;
mod config;
mod healthcheck;
mod keys;
mod listing;
mod migrate;
mod openapi;
mod organizations;
mod otp;
mod reference;
mod rekey;
mod restore;
mod revoke;
mod roles;
mod services;
mod territories;
mod users;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::output::Output;
use crate::serve;
use crate::settings::Settings;

/// Carries a command out.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    let output = if cli.global.json { Output::Json } else { Output::Human };
    let settings = |flags| Settings::load(&cli.global, flags);
    match cli.command {
        Command::Serve(flags) => serve::serve(settings(flags.overrides())?).await,
        Command::Apply(flags) => apply::run(settings(apply::overrides(&flags))?, &flags, output).await,
        Command::Client(command) => clients::run(&settings(Vec::new())?, command, output).await,
        Command::Application(command) => applications::run(&settings(Vec::new())?, command, output).await,
        Command::Base(command) => bases::run(&settings(Vec::new())?, command, output).await,
        Command::User(command) => users::run(&settings(Vec::new())?, command, output).await,
        Command::Organization(command) => organizations::run(&settings(Vec::new())?, command, output).await,
        Command::Service(command) => services::run(&settings(Vec::new())?, command, output).await,
        Command::Territory(command) => territories::run(&settings(Vec::new())?, command, output).await,
        Command::Role(command) => roles::run(&settings(Vec::new())?, command, output).await,
        Command::Revoke(flags) => revoke::run(&settings(Vec::new())?, flags, output).await,
        Command::Audit(command) => audit::run(&settings(Vec::new())?, command, output).await,
        Command::Keys(command) => keys::run(&settings(Vec::new())?, command, output).await,
        Command::Config(command) => config::run(&settings(Vec::new())?, &command, output),
        Command::Backup(flags) => backup::run(&settings(Vec::new())?, &flags, output).await,
        Command::Restore(flags) => restore::run(&settings(Vec::new())?, &flags, output),
        Command::Migrate(flags) => migrate::run(&settings(Vec::new())?, &flags, output).await,
        Command::Healthcheck(flags) => healthcheck::run(&settings(Vec::new())?, &flags, output).await,
        Command::Completions { shell } => {
            completions::run(shell);
            Ok(())
        }
        Command::Openapi { out } => openapi::run(&out),
    }
}
