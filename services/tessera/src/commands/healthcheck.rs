//! `tessera healthcheck`: for containers without a shell, and for people.

use service_kit::healthcheck;

use crate::cli::Healthcheck;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, flags: &Healthcheck, output: Output) -> Result<(), Failure> {
    let address = flags.management.unwrap_or(settings.server.management);
    let ready = healthcheck::ask(address, flags.timeout).await;
    ready.map_err(|error| Failure::NotReady(error.to_string()))?;
    match output {
        Output::Human => println!("ready"),
        Output::Json => println!("{}", serde_json::json!({ "ready": true })),
    }
    Ok(())
}
