//! `tessera backup`: copies of the embedded databases, made beside a running server.

use anyhow::Context;
use auth_claims::clock::Clock;
use serde::Serialize;
use store::{Db, check_copy};

use crate::backups::draft::Draft;
use crate::backups::manifest::{Entry, Manifest};
use crate::backups::{Part, files, keys, parts};
use crate::cli::Backup;
use crate::failure::Failure;
use crate::output::{Output, names};
use crate::settings::Settings;

/// What was made.
#[derive(Serialize)]
struct Made {
    folder: String,
    #[serde(flatten)]
    manifest: Manifest,
}

pub(super) async fn run(settings: &Settings, flags: &Backup, output: Output) -> Result<(), Failure> {
    let parts = parts(settings);
    for part in &parts {
        // To open a database that is not there would make an empty one.
        let path = part.path()?;
        if !path.is_file() {
            return Err(Failure::NotFound(format!("there is no database {}", path.display())));
        }
    }
    let draft = Draft::begin(&flags.folder)?;
    let mut entries = Vec::new();
    for part in &parts {
        entries.push(copy(part, &draft).await?);
    }
    if flags.with_keys {
        for key in keys(settings).iter().filter(|key| !key.is_set) {
            let path = settings.data_dir.join(key.file);
            let copied = files::copy(&path, &draft.path(key.file));
            let content = copied.with_context(|| format!("the master key {}", path.display()))?;
            entries.push(Entry::new(key.file, content, Vec::new()));
        }
    }
    let manifest = Manifest::new(Clock::system().now(), entries);
    let folder = draft.finish(&manifest)?.display().to_string();
    tell(&Made { folder, manifest }, settings, output)
}

async fn copy(part: &Part, draft: &Draft) -> Result<Entry, Failure> {
    let path = draft.path(part.file);
    let db = Db::open(part.settings()).with_context(|| part.file.to_owned())?;
    db.copy_to(path.clone()).await.with_context(|| format!("copying {}", part.file))?;
    // A database that is broken already is no reason to be sure of its backup.
    let migrations = check_copy(&path, part.migrations).with_context(|| part.file.to_owned())?;
    let content = files::content(&path).with_context(|| path.display().to_string())?;
    Ok(Entry::new(part.file, content, migrations))
}

fn tell(made: &Made, settings: &Settings, output: Output) -> Result<(), Failure> {
    let of = |name: &str| {
        let entry = made.manifest.files.iter().find(|entry| entry.name == name);
        entry.map(|entry| format!("{} ({} bytes)", entry.name, entry.bytes))
    };
    let databases = parts(settings).map(|part| of(part.file)).into_iter().flatten();
    let (inside, outside): (Vec<_>, Vec<_>) =
        keys(settings).into_iter().map(|key| key.file).partition(|file| made.manifest.holds(file));
    let lines = [
        ("backup", made.folder.clone()),
        ("databases", databases.collect::<Vec<_>>().join(", ")),
        ("keys", names(inside)),
        ("to be kept elsewhere", names(outside)),
    ];
    Ok(output.record(made, &lines).context("standard output")?)
}
