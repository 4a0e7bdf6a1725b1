//! The section `bases` of bootstrap files: declared, and applied as often as one likes.
//!
//! A base is known by its UUID. Applying makes those that are missing, takes those that are declared out of the trash, and
//! changes what is declared and differs; a member that is not declared stays as it is. Nothing is ever removed: what people
//! keep in a base is theirs. All that can be wrong is found before anything is changed, and everything is changed in one
//! transaction.
//!
//! Owners are named as people know them, by login and by the id of a group: whoever applies a section says who that is.

mod document;

use ::bootstrap::{Action, Change, Faults, Syntax};
use auth_claims::clock::Clock;
use futures_util::future::BoxFuture;
use store::{Db, DbConn, StoreCause, StoreError};
use uuid::Uuid;

pub use self::document::Document;
use self::document::{Declared, OwnerName};
use crate::domain::base::{Base, NewBase};
use crate::domain::id::AccountId;
use crate::domain::workspace::Owner;
use crate::store::{bases, trash, workspaces};

/// What one of them is called in reports.
const KIND: &str = "base";

/// Whoever knows people and groups by their names.
pub trait Owners: Send + Sync {
    /// The account with this login.
    ///
    /// # Errors
    /// It cannot be told.
    fn account<'a>(&'a self, login: &'a str) -> BoxFuture<'a, anyhow::Result<Option<AccountId>>>;

    /// The number of the group of this id.
    ///
    /// # Errors
    /// It cannot be told.
    fn group<'a>(&'a self, id: &'a str) -> BoxFuture<'a, anyhow::Result<Option<i64>>>;
}

/// Why a section is not applied. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The file cannot be read, is no YAML, or not of the form of a bootstrap file.
    #[error(transparent)]
    Syntax(#[from] Syntax),
    /// Something in the section is wrong: one fault a line, each with its path.
    #[error("{}", .0.lines())]
    Invalid(Faults),
    /// Nobody could tell who owns something.
    #[error("bases: {0:#}")]
    Owners(anyhow::Error),
    /// The database's.
    #[error("bases: {0}")]
    Store(#[from] StoreError),
}

impl StoreCause for BootstrapError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// A declared base and whose it is; nobody's who is there yet.
type Resolved = (Declared, Option<Owner>);

/// What applying a section would change. Leaves nothing behind. Whoever is not there yet may be by then.
///
/// # Errors
/// [`BootstrapError`].
pub async fn plan(db: &Db, document: &Document, owners: &dyn Owners) -> Result<Vec<Change>, BootstrapError> {
    let resolved = resolve(document, owners).await?;
    db.read(move |conn| {
        let (mut changes, mut faults) = (Vec::new(), Faults::default());
        for (declared, owner) in &resolved {
            changes.extend(look(conn, declared, owner.as_ref(), &mut faults)?.map(|step| step.change));
        }
        faults.into_result(changes).map_err(BootstrapError::Invalid)
    })
    .await
}

/// Makes the bases what a file declares, and returns what has changed.
///
/// # Errors
/// [`BootstrapError`].
pub async fn apply(
    db: &Db,
    clock: &Clock,
    document: &Document,
    owners: &dyn Owners,
) -> Result<Vec<Change>, BootstrapError> {
    let resolved = resolve(document, owners).await?;
    let mut faults = Faults::default();
    for (declared, _) in resolved.iter().filter(|(_, owner)| owner.is_none()) {
        faults.push(format!("{}.{}", declared.path, declared.owner.member()), "there is nobody of this name");
    }
    let resolved = faults.into_result(resolved).map_err(BootstrapError::Invalid)?;
    let clock = clock.clone();
    db.write(move |conn| {
        let (mut changes, mut faults) = (Vec::new(), Faults::default());
        for (declared, owner) in &resolved {
            let Some(owner) = owner else { continue };
            if let Some(step) = look(conn, declared, Some(owner), &mut faults)? {
                take(conn, &clock, declared, owner, step.found, &mut faults)?;
                changes.push(step.change);
            }
        }
        faults.into_result(changes).map_err(BootstrapError::Invalid)
    })
    .await
}

async fn resolve(document: &Document, owners: &dyn Owners) -> Result<Vec<Resolved>, BootstrapError> {
    let mut resolved = Vec::new();
    for declared in document.entries() {
        let owner = match &declared.owner {
            OwnerName::Account(login) => owners.account(login).await.map(|id| id.map(Owner::Account)),
            OwnerName::Group(id) => owners.group(id).await.map(|number| number.map(Owner::Group)),
        };
        resolved.push((declared.clone(), owner.map_err(BootstrapError::Owners)?));
    }
    Ok(resolved)
}

/// What has to be done for one base.
struct Step {
    change: Change,
    found: Option<Base>,
}

fn look(
    conn: &mut DbConn,
    declared: &Declared,
    owner: Option<&Owner>,
    faults: &mut Faults,
) -> Result<Option<Step>, StoreError> {
    let found = bases::find_by_uuid(conn, declared.uuid)?;
    let Some(base) = found else {
        return Ok(Some(Step { change: change(Action::Create, declared.uuid, declared.members()), found }));
    };
    let workspace = workspaces::find(conn, base.workspace_id)?;
    if owner.is_none() || workspace.map(|workspace| workspace.owner).as_ref() != owner {
        let path = format!("{}.{}", declared.path, declared.owner.member());
        faults.push(path, "is not whose the base is: bases do not move");
        return Ok(None);
    }
    let mut fields = declared.differing(&base);
    if base.trashed_at.is_some() {
        fields.push("trash");
    }
    let step = Step { change: change(Action::Update, declared.uuid, fields), found: Some(base) };
    Ok((!step.change.fields.is_empty()).then_some(step))
}

fn take(
    conn: &mut DbConn,
    clock: &Clock,
    declared: &Declared,
    owner: &Owner,
    found: Option<Base>,
    faults: &mut Faults,
) -> Result<(), StoreError> {
    let now = clock.now();
    let done = match found {
        None => {
            // A group makes nothing by itself: then it was nobody.
            let created_by = match owner {
                Owner::Account(id) => id.clone(),
                Owner::Group(_) => AccountId::from(Uuid::nil()),
            };
            let workspace_id = workspaces::ensure(conn, owner, now)?.id;
            let appearance = declared.appearance(None);
            let (uuid, name) = (declared.uuid, declared.name.clone());
            bases::insert(conn, &NewBase { uuid, workspace_id, name, appearance, created_by }, now)?.is_some()
        }
        Some(base) => {
            bases::lock(conn, base.id)?;
            let restored =
                base.trashed_at.is_none() || trash::restore(conn, &base, declared.name.as_str(), now)?;
            let appearance = declared.appearance(Some(&base.appearance));
            let name = declared.name.to_string();
            restored && bases::update(conn, &Base { name, appearance, updated_at: now, ..base })?
        }
    };
    if !done {
        faults.push(format!("{}.name", declared.path), "another base of the workspace has it");
    }
    Ok(())
}

fn change(action: Action, uuid: Uuid, fields: Vec<&'static str>) -> Change {
    Change { action, kind: KIND, id: uuid.as_hyphenated().to_string(), fields }
}
