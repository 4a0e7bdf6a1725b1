//! `tessera migrate`

use anyhow::Context;
use serde::Serialize;
use store::{Db, Migrations};

use crate::directory;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// What was done to one database.
#[derive(Serialize)]
struct Migrated {
    database: &'static str,
    applied: Vec<String>,
}

pub(super) async fn run(settings: &Settings, output: Output) -> Result<(), Failure> {
    let databases = [
        migrate("identity", &settings.identity.open_database(&settings.data_dir)?, &identity::MIGRATIONS)
            .await?,
        migrate(
            "applications",
            &directory::open_applications_db(settings)?,
            &applications::store::MIGRATIONS,
        )
        .await?,
        migrate("bases", &settings.bases.open_database(&settings.data_dir)?, &base_token::store::MIGRATIONS)
            .await?,
        migrate("rooms", &directory::open_rooms_db(settings)?, &rooms::store::MIGRATIONS).await?,
    ];
    let row = |done: &Migrated| {
        let applied = if done.applied.is_empty() { "up to date".to_owned() } else { done.applied.join(", ") };
        vec![done.database.to_owned(), applied]
    };
    output.table(&databases, &["database", "applied"], row).context("standard output")?;
    Ok(())
}

async fn migrate(
    database: &'static str,
    db: &Db,
    migrations: &'static Migrations,
) -> Result<Migrated, Failure> {
    let applied = db.migrate(migrations).await.with_context(|| format!("{database}.database"))?;
    Ok(Migrated { database, applied })
}
