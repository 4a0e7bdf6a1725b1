//! `tessera config show`, `tessera config reference`

use std::io::{self, Write};

use anyhow::{Context, anyhow};
use service_kit::settings::{masked, masked_toml};

use super::reference;
use crate::cli::ConfigCommand;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::{SECRETS, Settings};

pub(super) fn run(settings: &Settings, command: &ConfigCommand, output: Output) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show => show(settings, output),
        ConfigCommand::Reference => {
            io::stdout().lock().write_all(reference::page().as_bytes()).context("standard output")?;
            Ok(())
        }
    }
}

fn show(settings: &Settings, output: Output) -> Result<(), Failure> {
    match output {
        Output::Json => {
            let tree = masked(settings, SECRETS).context("the settings cannot be shown")?;
            output.record(&tree, &[]).context("standard output")?;
        }
        Output::Human => {
            let text = masked_toml(settings, SECRETS)
                .map_err(|error| anyhow!("the settings cannot be shown: {error}"))?;
            io::stdout().lock().write_all(text.as_bytes()).context("standard output")?;
        }
    }
    Ok(())
}
