//! Applications, as services ask for them.

use super::changes::{delete, put};
use super::{Application, ApplicationId, ApplicationStatus, Told, find, revisions};
use crate::audit::Origin;
use crate::errors::IdentityError;
use crate::identity::Identity;

impl Identity {
    /// How often the directory was told of an application, there or not: what is told next comes after that.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn application_revision(&self, id: &ApplicationId) -> Result<i64, IdentityError> {
        let id = id.clone();
        Ok(self.db.look_up(move |conn| revisions::find(conn, &id)).await?)
    }

    /// Gives an application, new or known, this status, unless something was told since that revision. It holds for every request that any server on this database
    /// gets from now on. What is so already is left alone.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`]; those of the database.
    #[tracing::instrument(name = "application.put", skip_all, fields(application.id = %id))]
    pub async fn put_application(
        &self,
        id: &ApplicationId,
        status: ApplicationStatus,
        after: i64,
        origin: &Origin,
    ) -> Result<Told, IdentityError> {
        let (id, act) = (id.clone(), self.act(origin));
        self.db.write(move |conn| put(conn, &act, &id, &status, after)).await
    }

    /// Forgets an application, and ends the refresh tokens bound to it for good, also if there is one of this id again;
    /// unless something was told since that revision.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "application.delete", skip_all, fields(application.id = %id))]
    pub async fn delete_application(
        &self,
        id: &ApplicationId,
        after: i64,
        origin: &Origin,
    ) -> Result<Told, IdentityError> {
        let (id, act) = (id.clone(), self.act(origin));
        self.db.write(move |conn| delete(conn, &act, &id, after)).await
    }

    /// The application with this id, as it is in the database now; what cannot be an id is nobody's.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_application(&self, id: &str) -> Result<Option<Application>, IdentityError> {
        let id = id.to_owned();
        Ok(self.db.look_up(move |conn| find(conn, &id)).await?)
    }
}
