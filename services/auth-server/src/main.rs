//! The auth server on its own; beside the other services it runs in `tessera`.

use std::process::ExitCode;

use auth_server::process::{self, Command, SECRETS, Settings};
use clap::Parser;
use service_kit::failure;
use service_kit::settings::{Sources, environment, load};

#[actix_web::main]
async fn main() -> ExitCode {
    failure::exit_code("auth-server", run().await)
}

async fn run() -> anyhow::Result<()> {
    let command = Command::parse();
    let (file, overrides) = (command.flags.config.clone(), command.overrides());
    let sources = Sources { service: "auth-server", file, overrides, secrets: SECRETS, env: environment() };
    let settings: Settings = load(sources)?;
    match command.flags.task {
        Some(task) => Ok(task.run(&settings.server).await?),
        None => process::run(settings).await,
    }
}
