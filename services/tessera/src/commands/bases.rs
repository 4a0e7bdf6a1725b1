//! `tessera base`: on the database of bases alone, with neither keys nor directory. The section `bases` of bootstrap files,
//! whose owners are people and groups of the directory.

use ::bootstrap::Change;
use anyhow::Context;
use auth_claims::clock::Clock;
use base_token::bootstrap::{self, BootstrapError, Document};
use base_token::domain::name::BaseName;
use base_token::domain::workspace::Owner;
use base_token::trash::{self, Placed, RestoreError, Which};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use identity::Identity;
use serde::Serialize;
use store::Db;
use uuid::Uuid;

use super::arguments::parsed;
use crate::cli::{BaseCommand, ListBases};
use crate::failure::Failure;
use crate::output::{Output, or_dash};
use crate::owners::ByName;
use crate::settings::Settings;

/// So many are read at once.
const BATCH: i64 = 500;

/// A base as it is shown.
#[derive(Serialize)]
struct BaseView {
    uuid: Uuid,
    id: i64,
    name: String,
    workspace_id: i64,
    /// The account of a personal workspace.
    account_id: Option<String>,
    /// The number of the group of a group's workspace.
    group_number: Option<i64>,
    created_at: DateTime<Utc>,
    trashed_at: Option<DateTime<Utc>>,
    /// When it goes for good, if it is in the trash.
    removed_at: Option<DateTime<Utc>>,
}

/// What applying a section would change. Whoever declares no bases need not be able to reach them.
pub(super) async fn plan(
    settings: &Settings,
    identity: &Identity,
    document: &Document,
) -> Result<Vec<Change>, Failure> {
    if document.is_empty() {
        return Ok(Vec::new());
    }
    Ok(bootstrap::plan(&open(settings).await?, document, &ByName(identity)).await?)
}

/// Makes the bases what a section declares, and logs what has changed.
pub(crate) async fn apply(
    settings: &Settings,
    identity: &Identity,
    document: &Document,
) -> Result<Vec<Change>, Failure> {
    if document.is_empty() {
        return Ok(Vec::new());
    }
    let (db, clock) = (open(settings).await?, Clock::system());
    let changes = bootstrap::apply(&db, &clock, document, &ByName(identity)).await?;
    for change in &changes {
        tracing::info!("bootstrap: {change}");
    }
    Ok(changes)
}

async fn open(settings: &Settings) -> Result<Db, Failure> {
    let db = settings.bases.open_database(&settings.data_dir)?;
    db.migrate(&base_token::store::MIGRATIONS).await.context("bases.database")?;
    Ok(db)
}

pub(super) async fn run(settings: &Settings, command: BaseCommand, output: Output) -> Result<(), Failure> {
    let db = open(settings).await?;
    match command {
        BaseCommand::List(flags) => list(settings, &db, &flags, output).await,
        BaseCommand::Restore { uuid, name } => {
            let name = name.as_deref().map(parsed::<BaseName>("--name")).transpose()?;
            let restored = trash::restore(&db, &Clock::system(), uuid, name).await?;
            show(&view(settings, restored), output)
        }
    }
}

async fn list(settings: &Settings, db: &Db, flags: &ListBases, output: Output) -> Result<(), Failure> {
    let which = if flags.trash { Which::Trashed } else { Which::InUse };
    let (mut views, mut above) = (Vec::new(), 0);
    loop {
        let some = trash::list(db, which, flags.workspace, above, BATCH).await;
        let some = some.context("bases.database")?;
        let Some(last) = some.last() else { break };
        above = last.base.id;
        views.extend(some.into_iter().map(|placed| view(settings, placed)));
    }
    let row = |base: &BaseView| {
        vec![
            base.uuid.to_string(),
            base.name.clone(),
            base.workspace_id.to_string(),
            owner(base),
            or_dash(base.removed_at.map(rfc3339)),
        ]
    };
    output
        .table(&views, &["uuid", "name", "workspace", "owner", "removed"], row)
        .context("standard output")?;
    Ok(())
}

fn show(base: &BaseView, output: Output) -> Result<(), Failure> {
    let lines = [
        ("uuid", base.uuid.to_string()),
        ("id", base.id.to_string()),
        ("name", base.name.clone()),
        ("workspace", base.workspace_id.to_string()),
        ("owner", owner(base)),
        ("created", rfc3339(base.created_at)),
    ];
    output.record(base, &lines).context("standard output")?;
    Ok(())
}

fn owner(base: &BaseView) -> String {
    let group = base.group_number.map(|number| format!("group {number}"));
    or_dash(base.account_id.clone().or(group))
}

fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn view(settings: &Settings, placed: Placed) -> BaseView {
    let Placed { base, workspace } = placed;
    let (account_id, group_number) = match workspace.owner {
        Owner::Account(id) => (Some(id.to_string()), None),
        Owner::Group(number) => (None, Some(number)),
    };
    let kept = TimeDelta::from_std(settings.bases.trash_retention).ok();
    let removed_at = base.trashed_at.and_then(|at| at.checked_add_signed(kept?));
    BaseView {
        uuid: base.uuid,
        id: base.id,
        name: base.name,
        workspace_id: base.workspace_id,
        account_id,
        group_number,
        created_at: base.created_at,
        trashed_at: base.trashed_at,
        removed_at,
    }
}

impl From<BootstrapError> for Failure {
    fn from(error: BootstrapError) -> Self {
        match error {
            BootstrapError::Syntax(_) | BootstrapError::Invalid(_) => Self::Refused(error.to_string()),
            BootstrapError::Owners(error) => Self::Other(error),
            BootstrapError::Store(error) => Self::Other(error.into()),
        }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Unknown(_) => Self::NotFound(error.to_string()),
            RestoreError::InUse(_) | RestoreError::NameTaken(_) => Self::Refused(error.to_string()),
            RestoreError::Store(error) => Self::Other(error.into()),
        }
    }
}
