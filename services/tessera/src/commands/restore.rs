//! `tessera restore`: the databases of a backup in the place of those in the data directory.

use std::io;
use std::path::Path;

use anyhow::Context;
use auth_claims::clock::Clock;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::{check_copy, claim_data_dir, create_data_dir};

use crate::backups::manifest::{Entry, Found};
use crate::backups::{Key, Part, keys, parts, place};
use crate::cli::Restore;
use crate::failure::Failure;
use crate::output::{Output, names, or_dash};
use crate::settings::Settings;

/// What was done, or could be.
#[derive(Serialize)]
struct Restored {
    data_dir: String,
    /// Of the backup.
    created_at: DateTime<Utc>,
    /// The version of the program that made it.
    tessera: String,
    files: Vec<String>,
    /// Where what was there before is.
    kept: Option<String>,
    /// The keys that have to be put into the data directory before anything starts on it.
    missing_keys: Vec<&'static str>,
}

pub(super) fn run(settings: &Settings, flags: &Restore, output: Output) -> Result<(), Failure> {
    let (parts, keys) = (parts(settings), keys(settings));
    let found = Found::open(
        &flags.folder,
        &parts.each_ref().map(|part| part.file),
        &keys.each_ref().map(|key| key.file),
    )?;
    let kept = if flags.check {
        check(&found, &parts)?;
        None
    } else {
        put_in_place(&settings.data_dir, &found, &parts, flags.replace)?
    };
    tell(settings, found, &keys, kept, output)
}

fn check(found: &Found, parts: &[Part]) -> Result<(), Failure> {
    for entry in &found.manifest.files {
        found.judge(entry)?;
        judge_database(parts, entry, &found.path(entry))?;
    }
    Ok(())
}

/// Whether a file is a whole database of its component; of a key there is nothing to be said.
fn judge_database(parts: &[Part], entry: &Entry, path: &Path) -> Result<(), Failure> {
    if let Some(part) = parts.iter().find(|part| part.file == entry.name) {
        check_copy(path, part.migrations)
            .map_err(|error| Failure::Refused(format!("the backup is damaged: {}: {error}", entry.name)))?;
    }
    Ok(())
}

fn put_in_place(
    data_dir: &Path,
    found: &Found,
    parts: &[Part],
    replace: bool,
) -> Result<Option<String>, Failure> {
    for part in parts {
        part.require_in(data_dir)?;
    }
    let failed = |error: io::Error| Failure::Refused(format!("data_dir: {}: {error}", data_dir.display()));
    if !data_dir.is_dir() {
        create_data_dir(data_dir).map_err(failed)?;
    }
    let _claim = claim_data_dir(data_dir).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => Failure::Refused(format!(
            "data_dir: {} is in use; stop what runs on it first",
            data_dir.display()
        )),
        _ => failed(error),
    })?;
    let is_there = |part: &Part| data_dir.join(part.file).symlink_metadata().is_ok();
    // Whoever was interrupted has said so before.
    if parts.iter().any(is_there) && !replace && !place::is_interrupted(data_dir) {
        let sentence =
            format!("data_dir: {} holds databases; --replace moves them aside", data_dir.display());
        return Err(Failure::Refused(sentence));
    }
    let stage = place::stage(data_dir).map_err(failed)?;
    for entry in &found.manifest.files {
        let path = stage.join(&entry.name);
        found.take(entry, &path)?;
        judge_database(parts, entry, &path)?;
    }
    let names: Vec<&str> = found.manifest.files.iter().map(|entry| entry.name.as_str()).collect();
    let aside = format!("before-restore-{}", Clock::system().now().format("%Y%m%dT%H%M%S%.6fZ"));
    let kept = place::replace(data_dir, &names, &aside).map_err(failed)?;
    Ok(kept.map(|folder| folder.display().to_string()))
}

fn tell(
    settings: &Settings,
    found: Found,
    keys: &[Key],
    kept: Option<String>,
    output: Output,
) -> Result<(), Failure> {
    let is_missing = |key: &&Key| !key.is_set && !settings.data_dir.join(key.file).exists();
    let restored = Restored {
        data_dir: settings.data_dir.display().to_string(),
        created_at: found.manifest.created_at,
        tessera: found.manifest.tessera,
        files: found.manifest.files.into_iter().map(|entry| entry.name).collect(),
        kept,
        missing_keys: keys.iter().filter(is_missing).map(|key| key.file).collect(),
    };
    let lines = [
        ("data directory", restored.data_dir.clone()),
        ("backup of", restored.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        ("made by version", restored.tessera.clone()),
        ("files", names(&restored.files)),
        ("what was there before", or_dash(restored.kept.as_ref())),
        ("keys to be put there", names(&restored.missing_keys)),
    ];
    Ok(output.record(&restored, &lines).context("standard output")?)
}
