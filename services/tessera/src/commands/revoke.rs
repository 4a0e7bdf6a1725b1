//! `tessera revoke`

use anyhow::Context;
use identity::Identity;
use identity::clients::ClientId;
use identity::revocations::mass::{MassRevocation, Revoked, Whose};

use super::arguments::parsed;
use crate::cli::Revoke;
use crate::directory::{self, find_account};
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, flags: Revoke, output: Output) -> Result<(), Failure> {
    let identity = directory::open(settings).await?;
    let mass = MassRevocation { whose: whose(&identity, &flags).await?, app_passwords: flags.app_passwords };
    let counts = if flags.dry_run {
        identity.count_revocable(&mass).await?
    } else {
        identity.revoke_all(&mass, &directory::operator()).await?
    };
    tell(&counts, output)
}

async fn whose(identity: &Identity, flags: &Revoke) -> Result<Whose, Failure> {
    Ok(match &flags.whose {
        crate::cli::Whose { organization: Some(id), .. } => Whose::Organization(id.clone()),
        crate::cli::Whose { client: Some(id), .. } => Whose::Client(parsed::<ClientId>("--client")(id)?),
        crate::cli::Whose { user: Some(name), .. } => Whose::Account(find_account(identity, name).await?.id),
        _ => Whose::Everybody,
    })
}

fn tell(counts: &Revoked, output: Output) -> Result<(), Failure> {
    let lines = [
        ("accounts", counts.accounts),
        ("clients", counts.clients),
        ("refresh tokens", counts.refresh_families),
        ("device sessions", counts.device_sessions),
        ("account tokens", counts.account_tokens),
        ("app passwords", counts.app_passwords),
    ];
    let lines = lines.map(|(label, count)| (label, count.to_string()));
    output.record(counts, &lines).context("standard output")?;
    Ok(())
}
