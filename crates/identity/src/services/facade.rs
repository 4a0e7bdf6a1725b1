//! Services, as others ask for them.

use super::{Service, ServiceChange, delete, find, insert, list, update};
use crate::{audit::Origin, errors::IdentityError, identity::Identity, pages::Page};

impl Identity {
    /// Makes a service. Without a name, it is called by its id.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Taken`].
    pub async fn create_service(
        &self,
        id: &str,
        values: ServiceChange,
        origin: &Origin,
    ) -> Result<Service, IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.db.write(move |conn| insert(conn, &act, &id, &values)).await
    }

    /// Gives a service other values.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
    pub async fn update_service(
        &self,
        id: &str,
        change: ServiceChange,
        origin: &Origin,
    ) -> Result<Service, IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.db.write(move |conn| update(conn, &act, &id, &change)).await
    }

    /// Removes a service nobody works in.
    ///
    /// # Errors
    /// [`IdentityError::InUse`], [`IdentityError::Unknown`].
    pub async fn delete_service(&self, id: &str, origin: &Origin) -> Result<(), IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.db.write(move |conn| delete(conn, &act, &id)).await
    }

    /// The service with this id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_service(&self, id: &str) -> Result<Option<Service>, IdentityError> {
        let id = id.to_owned();
        Ok(self.db.read(move |conn| find(conn, &id)).await?)
    }

    /// Services in the order of their ids.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_services(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Page<Service, String>, IdentityError> {
        let after = after.map(str::to_owned);
        Ok(self.db.read(move |conn| list(conn, after.as_deref(), limit)).await?)
    }
}
