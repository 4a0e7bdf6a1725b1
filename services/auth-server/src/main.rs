//! The auth server on its own; beside the other services it runs in `tessera`.

use auth_server::process::{self, Command, SECRETS};
use clap::Parser;
use service_kit::settings::{Sources, environment, load};

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let command = Command::parse();
    let (file, overrides) = (command.flags.config.clone(), command.overrides());
    let sources = Sources { service: "auth-server", file, overrides, secrets: SECRETS, env: environment() };
    process::run(load(sources)?).await
}
