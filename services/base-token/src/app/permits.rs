//! Deciding who may, before something is done and again within its transaction. `contracts/seatable-tokens.md` §4.1, §9.
//!
//! The order is always: workspace (404), base (404), permission (403). The directory is asked for the caller's groups where
//! they matter, outside of any transaction; what is decided by in the transaction are these groups and the rows as they are
//! then.

use auth_client::directory::{self, DirectoryError};
use store::DbConn;

use super::{App, AppError};
use crate::domain::access::{Facts, Granted, GroupRole, Memberships, Operation};
use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::workspace::Workspace;
use crate::store::facts::Found;
use crate::store::{bases, facts, workspaces};

/// Where a base is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePath {
    /// The number of the workspace.
    pub workspace: i64,
    /// The name that the base has now.
    pub name: String,
}

/// A base that somebody may do something with. Nothing but a decision makes one.
#[derive(Debug, Clone)]
pub struct Permitted {
    workspace: Workspace,
    base: Base,
    granted: Granted,
}

impl Permitted {
    /// Where it lies.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The base.
    #[must_use]
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// The effective permission of whoever may.
    #[must_use]
    pub fn permission(&self) -> Permission {
        self.granted.permission()
    }

    fn decide(
        found: Found,
        caller: &AccountId,
        memberships: &Memberships,
        operation: Operation,
    ) -> Result<Self, Refusal> {
        let granted = found.facts.decide(caller, memberships, operation)?;
        Ok(Self { workspace: found.workspace, base: found.base, granted })
    }
}

impl From<directory::GroupRole> for GroupRole {
    fn from(role: directory::GroupRole) -> Self {
        match role {
            directory::GroupRole::Owner => Self::Owner,
            directory::GroupRole::Admin => Self::Admin,
            directory::GroupRole::Member => Self::Member,
        }
    }
}

impl App {
    /// The base, if the caller may do this with it.
    ///
    /// # Errors
    /// [`Refusal::NoWorkspace`], [`Refusal::NoBase`], [`Refusal::Forbidden`], in this order; [`AppError`].
    pub async fn permit(
        &self,
        caller: &AccountId,
        at: BasePath,
        operation: Operation,
    ) -> Result<Permitted, AppError> {
        let (found, memberships) = self.look_up(caller, at, operation).await?;
        Ok(Permitted::decide(found, caller, &memberships, operation)?)
    }

    /// Changes something of a base, if the caller may: decided again in the transaction, with the base's row locked.
    ///
    /// # Errors
    /// As [`App::permit`], and those of `work`.
    pub async fn change<T, F>(
        &self,
        caller: &AccountId,
        at: BasePath,
        operation: Operation,
        mut work: F,
    ) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConn, &Permitted) -> Result<T, AppError> + Send + 'static,
    {
        let (found, memberships) = self.look_up(caller, at.clone(), operation).await?;
        let caller = caller.clone();
        // Who may not is not let as far as a lock.
        let base = Permitted::decide(found, &caller, &memberships, operation)?.base.id;
        self.db
            .write(move |conn| {
                bases::lock(conn, base)?;
                let found = facts::load(conn, at.workspace, &at.name, &caller)??;
                work(conn, &Permitted::decide(found, &caller, &memberships, operation)?)
            })
            .await
    }

    async fn look_up(
        &self,
        caller: &AccountId,
        at: BasePath,
        operation: Operation,
    ) -> Result<(Found, Memberships), AppError> {
        let account = caller.clone();
        let found = self.db.read(move |conn| facts::load(conn, at.workspace, &at.name, &account)).await??;
        let memberships = self.memberships_for(caller, &found.facts, operation).await?;
        Ok((found, memberships))
    }

    /// The workspace, if the caller may do this with what lies in it.
    ///
    /// # Errors
    /// [`Refusal::NoWorkspace`], [`Refusal::Forbidden`], in this order; [`AppError`].
    pub async fn permit_workspace(
        &self,
        caller: &AccountId,
        id: i64,
        operation: Operation,
    ) -> Result<Workspace, AppError> {
        let workspace = self.db.read(move |conn| workspaces::find(conn, id)).await?;
        let workspace = workspace.ok_or(Refusal::NoWorkspace(id))?;
        let facts = Facts::of_workspace(workspace.owner.clone());
        let memberships = self.memberships_for(caller, &facts, operation).await?;
        facts.decide(caller, &memberships, operation)?;
        Ok(workspace)
    }

    /// Changes what lies in a workspace, if the caller may. Whose a workspace is never changes, so nothing is decided twice.
    ///
    /// # Errors
    /// As [`App::permit_workspace`], and those of `work`.
    pub async fn change_workspace<T, F>(
        &self,
        caller: &AccountId,
        id: i64,
        operation: Operation,
        mut work: F,
    ) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConn, &Workspace) -> Result<T, AppError> + Send + 'static,
    {
        let workspace = self.permit_workspace(caller, id, operation).await?;
        self.db.write(move |conn| work(conn, &workspace)).await
    }

    /// The groups of somebody, as they are now.
    ///
    /// # Errors
    /// The directory does not answer.
    pub async fn memberships(&self, account: &AccountId) -> Result<Memberships, AppError> {
        let all = self.directory.groups_of(account.as_str()).await.map_err(unreachable)?;
        Ok(all.into_iter().map(|one| (one.group.number, one.role.into())).collect())
    }

    async fn memberships_for(
        &self,
        caller: &AccountId,
        facts: &Facts,
        operation: Operation,
    ) -> Result<Memberships, AppError> {
        if facts.needs_groups(caller, operation) {
            self.memberships(caller).await
        } else {
            Ok(Memberships::default())
        }
    }
}

/// Whoever is asked who somebody is cannot say no: then nobody knows.
fn unreachable(error: DirectoryError) -> AppError {
    match error {
        DirectoryError::Refused(reason) | DirectoryError::Unreachable(reason) => {
            DirectoryError::Unreachable(reason).into()
        }
    }
}
