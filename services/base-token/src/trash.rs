//! The trash: what becomes of deleted bases. `contracts/seatable-tokens.md` §8.1, "Trash naming".
//!
//! | a base | its name | its API-Tokens |
//! | --- | --- | --- |
//! | in use | as it is | exchange |
//! | in the trash | `_(deleted_<id>) <name>`; the old one is free | 404 with that name |
//! | restored | the old one, or another | exchange again |
//! | purged (`pruning`), once its time in the trash is over | | are gone: 403 |

use auth_claims::clock::Clock;
use store::{Db, StoreError};
use uuid::Uuid;

use crate::domain::base::Base;
use crate::domain::name::BaseName;
use crate::domain::workspace::Workspace;
pub use crate::store::trash::Which;
use crate::store::{bases, trash, workspaces};

/// A base and the workspace it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The base.
    pub base: Base,
    /// Where it lies.
    pub workspace: Workspace,
}

/// Bases for an operator: those with ids above one, by id; at most `limit`.
///
/// # Errors
/// The database's.
pub async fn list(
    db: &Db,
    which: Which,
    workspace: Option<i64>,
    above: i64,
    limit: i64,
) -> Result<Vec<Placed>, StoreError> {
    db.read(move |conn| {
        let found = trash::list(conn, which, workspace, above, limit)?;
        found.into_iter().map(|base| placed(conn, base)).collect()
    })
    .await
}

fn placed(conn: &mut store::DbConn, base: Base) -> Result<Placed, StoreError> {
    let workspace = workspaces::find(conn, base.workspace_id)?;
    let workspace =
        workspace.ok_or_else(|| StoreError::corrupt("workspace", base.workspace_id.to_string()))?;
    Ok(Placed { base, workspace })
}

/// Why a base is not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is no such base, or none any more.
    #[error("there is no base {0}")]
    Unknown(Uuid),
    /// It is not in the trash.
    #[error("the base {0} is not in the trash")]
    InUse(Uuid),
    /// Another base in the workspace has the name by now.
    #[error("the workspace has a base {0:?}: name another with --name")]
    NameTaken(String),
    /// The database's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl store::StoreCause for RestoreError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Takes a base out of the trash, under its old name or another one. Its tokens work again.
///
/// # Errors
/// [`RestoreError`].
pub async fn restore(
    db: &Db,
    clock: &Clock,
    uuid: Uuid,
    name: Option<BaseName>,
) -> Result<Placed, RestoreError> {
    let now = clock.now();
    db.write(move |conn| {
        let unknown = || RestoreError::Unknown(uuid);
        let found = bases::find_by_uuid(conn, uuid)?.ok_or_else(unknown)?;
        bases::lock(conn, found.id)?;
        // Again, since somebody else may have had the lock.
        let base = bases::find_by_uuid(conn, uuid)?.ok_or_else(unknown)?;
        if base.trashed_at.is_none() {
            return Err(RestoreError::InUse(uuid));
        }
        let name = name.as_ref().map_or_else(|| base.name.clone(), ToString::to_string);
        if !trash::restore(conn, &base, &name, now)? {
            return Err(RestoreError::NameTaken(name));
        }
        let restored = bases::find_by_uuid(conn, uuid)?.ok_or_else(unknown)?;
        Ok(placed(conn, restored)?)
    })
    .await
}
