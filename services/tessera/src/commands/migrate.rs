//! `tessera migrate`

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use diesel::connection::SimpleConnection as _;
use serde::Serialize;
use store::{Backend, Db, DbConn, Migrations, StoreError};

use crate::cli::Migrate;
use crate::directory;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// What was done to one database.
#[derive(Serialize)]
struct Migrated {
    database: &'static str,
    applied: Vec<String>,
    /// Whether its grants were renewed.
    granted: bool,
}

/// A database and what belongs into it.
struct Target {
    database: &'static str,
    db: Db,
    migrations: &'static Migrations,
    /// SQL for after the migrations.
    grants: Option<String>,
}

pub(super) async fn run(settings: &Settings, flags: &Migrate, output: Output) -> Result<(), Failure> {
    let identity = settings.identity.open_database(&settings.data_dir)?;
    let bases = settings.bases.open_database(&settings.data_dir)?;
    let targets = [
        ("identity", identity, &identity::MIGRATIONS),
        ("applications", directory::open_applications_db(settings)?, &applications::store::MIGRATIONS),
        ("bases", bases, &base_token::store::MIGRATIONS),
        ("rooms", directory::open_rooms_db(settings)?, &rooms::store::MIGRATIONS),
    ];
    // Before anything is changed: what is missing is a matter of the arguments.
    let targets = targets
        .into_iter()
        .map(|(database, db, migrations)| {
            let grants = flags.grants.as_deref().map(|folder| grants(folder, database, &db)).transpose()?;
            Ok(Target { database, db, migrations, grants })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let mut done = Vec::new();
    for target in targets {
        done.push(migrate(target).await?);
    }
    let row = |done: &Migrated| {
        let applied = if done.applied.is_empty() { "up to date".to_owned() } else { done.applied.join(", ") };
        let granted = if done.granted { ", grants renewed" } else { "" };
        vec![done.database.to_owned(), format!("{applied}{granted}")]
    };
    output.table(&done, &["database", "applied"], row).context("standard output")?;
    Ok(())
}

/// The SQL that grants the roles of this database what they need.
fn grants(folder: &Path, database: &str, db: &Db) -> Result<String, Failure> {
    if db.backend() != Backend::Postgres {
        return Err(Failure::Usage(format!(
            "--grants: {database}.database.url is not of PostgreSQL, and only that has roles"
        )));
    }
    let path: PathBuf = folder.join(format!("{database}.sql"));
    std::fs::read_to_string(&path)
        .map_err(|error| Failure::Usage(format!("--grants: {}: {error}", path.display())))
}

async fn migrate(target: Target) -> Result<Migrated, Failure> {
    let Target { database, db, migrations, grants } = target;
    let applied = db.migrate(migrations).await.with_context(|| format!("{database}.database"))?;
    let granted = grants.is_some();
    if let Some(sql) = grants {
        let run = move |conn: &mut DbConn| Ok::<_, StoreError>(conn.batch_execute(&sql)?);
        db.write(run).await.map_err(|error| anyhow!("the grants of {database}: {error}"))?;
    }
    Ok(Migrated { database, applied, granted })
}
