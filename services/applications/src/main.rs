//! The applications service on its own; beside others it runs in `tessera`.

use std::process::ExitCode;

use applications::process::{self, SECRETS, Settings};
use clap::Parser;
use service_kit::failure;
use service_kit::flags::Flags;
use service_kit::settings::{Sources, environment, load};

/// Applications of organisations
#[derive(Parser)]
#[command(name = "applications", version)]
struct Command {
    #[command(flatten)]
    flags: Flags,
}

#[actix_web::main]
async fn main() -> ExitCode {
    failure::exit_code("applications", run().await)
}

async fn run() -> anyhow::Result<()> {
    let flags = Command::parse().flags;
    let (file, overrides) = (flags.config.clone(), flags.overrides());
    let sources = Sources { service: "applications", file, overrides, secrets: SECRETS, env: environment() };
    let settings: Settings = load(sources)?;
    match flags.task {
        Some(task) => Ok(task.run(&settings.server).await?),
        None => process::run(settings).await,
    }
}
