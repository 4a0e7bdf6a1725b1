//! `tessera keys rekey`: other master keys for the directory and for bases.
//!
//! Each database changes in one transaction: interrupted, each has its old key or its new one, and saying the same again
//! does what is missing. The keys that the settings name stay where they are; putting the new ones there is the operator's.

use std::path::Path;

use anyhow::{Context, anyhow};
use auth_claims::clock::Clock;
use base_token::tokens::{TokenError, rekeying as bases};
use identity::master::MasterKey;
use identity::rekeying::{self as directory_keys, Rekeyed};
use serde::Serialize;

use crate::cli::Rekey;
use crate::directory;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// What was done to one database.
#[derive(Serialize)]
struct RekeyedView {
    database: &'static str,
    /// `replaced`, or `already` when the database had this key before.
    master_key: &'static str,
    /// How much was sealed anew.
    resealed: usize,
}

impl RekeyedView {
    fn new(database: &'static str, resealed: Option<usize>) -> Self {
        let master_key = if resealed.is_some() { "replaced" } else { "already" };
        Self { database, master_key, resealed: resealed.unwrap_or_default() }
    }
}

pub(super) async fn run(settings: &Settings, flags: &Rekey, output: Output) -> Result<(), Failure> {
    let mut done = Vec::new();
    if let Some(file) = &flags.new_master_key_file {
        done.push(RekeyedView::new("identity", of_directory(settings, file).await?));
    }
    if let Some(file) = &flags.new_bases_master_key_file {
        done.push(RekeyedView::new("bases", of_bases(settings, file).await?));
    }
    let row = |done: &RekeyedView| {
        vec![done.database.to_owned(), done.master_key.to_owned(), done.resealed.to_string()]
    };
    output.table(&done, &["database", "master key", "sealed anew"], row).context("standard output")?;
    Ok(())
}

async fn of_directory(settings: &Settings, file: &Path) -> Result<Option<usize>, Failure> {
    let old = settings.identity.load_master_key(&settings.data_dir)?;
    let new = new_key("--new-master-key-file", file, &old)?;
    let db = settings.identity.open_database_alone(&settings.data_dir);
    let db = db.map_err(|error| Failure::Refused(error.to_string()))?;
    let outcome = directory_keys::rekey(&db, &old, &new, &Clock::system(), &directory::operator()).await?;
    Ok(match outcome {
        Rekeyed::Done(counts) => Some(counts.signing_keys + counts.account_tokens + counts.otp_secrets),
        Rekeyed::Already => None,
    })
}

async fn of_bases(settings: &Settings, file: &Path) -> Result<Option<usize>, Failure> {
    let old = settings.bases.load_master_key(&settings.data_dir);
    let old = old.map_err(|error| Failure::Usage(format!("{error:#}")))?;
    let new = new_key("--new-bases-master-key-file", file, &old)?;
    let db = settings.bases.open_database_alone(&settings.data_dir);
    let db = db.map_err(|error| Failure::Refused(format!("{error:#}")))?;
    let counts = bases::rekey(&db, &old, &new, &Clock::system()).await.map_err(|error| match error {
        TokenError::MasterKey(_) | TokenError::InUse => Failure::Refused(error.to_string()),
        other => Failure::Other(anyhow!(other).context("bases")),
    })?;
    Ok(counts.map(|counts| counts.api_tokens + counts.keys))
}

/// The new key, which is another one than the old: that one may be somebody else's by now.
fn new_key(flag: &str, file: &Path, old: &MasterKey) -> Result<MasterKey, Failure> {
    let new = MasterKey::load_or_create(file).map_err(|error| Failure::Usage(format!("{flag}: {error}")))?;
    if new.is_same(old) {
        return Err(Failure::Usage(format!("{flag}: {} holds the key that is in use", file.display())));
    }
    Ok(new)
}
