//! Organisations, as services ask for them.

use super::{Organization, OrganizationChange, delete, find, find_by_number, insert, list, update};
use crate::{audit::Origin, errors::IdentityError, identity::Identity, pages::Page};

impl Identity {
    /// Makes an organisation that has nothing but a name.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Taken`].
    pub async fn create_organization(
        &self,
        id: &str,
        name: &str,
        origin: &Origin,
    ) -> Result<Organization, IdentityError> {
        self.create_organization_with(id, OrganizationChange::named(name), origin).await
    }

    /// Makes an organisation with everything it is to have. Without a name, it is called by its id.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], also for an unknown territory; [`IdentityError::Taken`].
    pub async fn create_organization_with(
        &self,
        id: &str,
        values: OrganizationChange,
        origin: &Origin,
    ) -> Result<Organization, IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.db.write(move |conn| insert(conn, &act, &id, &values)).await
    }

    /// Gives an organisation other values.
    ///
    /// # Errors
    /// As [`create_organization_with`](Self::create_organization_with), and [`IdentityError::Unknown`].
    pub async fn update_organization(
        &self,
        id: &str,
        change: OrganizationChange,
        origin: &Origin,
    ) -> Result<Organization, IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.db.write(move |conn| update(conn, &act, &id, &change)).await
    }

    /// Gives an organisation another name.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Taken`], [`IdentityError::Unknown`].
    pub async fn rename_organization(
        &self,
        id: &str,
        name: &str,
        origin: &Origin,
    ) -> Result<(), IdentityError> {
        self.update_organization(id, OrganizationChange::named(name), origin).await.map(drop)
    }

    /// Removes an organisation nobody belongs to.
    ///
    /// # Errors
    /// [`IdentityError::InUse`], [`IdentityError::Unknown`].
    pub async fn delete_organization(&self, id: &str, origin: &Origin) -> Result<(), IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.db.write(move |conn| delete(conn, &act, &id)).await
    }

    /// The organisation with this id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_organization(&self, id: &str) -> Result<Option<Organization>, IdentityError> {
        let id = id.to_owned();
        Ok(self.db.read(move |conn| find(conn, &id)).await?)
    }

    /// The organisation with this number.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_organization_by_number(
        &self,
        number: i64,
    ) -> Result<Option<Organization>, IdentityError> {
        Ok(self.db.read(move |conn| find_by_number(conn, number)).await?)
    }

    /// Organisations in the order of their ids.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_organizations(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Page<Organization, String>, IdentityError> {
        let after = after.map(str::to_owned);
        Ok(self.db.read(move |conn| list(conn, after.as_deref(), limit)).await?)
    }
}
