//! Groups, as services ask for them.

use store::StoreError;

use super::{
    Group, GroupRole, GroupStanding, delete, delete_owned, find, find_by_number, insert, insert_owned,
    members, memberships, rename, standing,
};
use crate::{
    accounts::{self, Account, AccountId},
    audit::Origin,
    errors::IdentityError,
    identity::Identity,
    pages::{MAX_PAGE, Slice},
};

impl Identity {
    /// Makes a group. An owner becomes its first member.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Taken`], [`IdentityError::Unknown`] for the owner.
    pub async fn create_group(
        &self,
        id: &str,
        name: &str,
        owner: Option<AccountId>,
        origin: &Origin,
    ) -> Result<Group, IdentityError> {
        let (id, name, act) = (id.to_owned(), name.to_owned(), self.act(origin));
        self.db.write(move |conn| insert(conn, &act, &id, &name, owner)).await
    }

    /// Gives a group another name.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
    pub async fn rename_group(&self, id: &str, name: &str, origin: &Origin) -> Result<(), IdentityError> {
        let (id, name, act) = (id.to_owned(), name.to_owned(), self.act(origin));
        self.db.write(move |conn| rename(conn, &act, &id, &name)).await
    }

    /// Removes a group; its members stay.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] for the group `admin`, [`IdentityError::Unknown`].
    pub async fn delete_group(&self, id: &str, origin: &Origin) -> Result<(), IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.db.write(move |conn| delete(conn, &act, &id)).await
    }

    /// The group with this id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_group(&self, id: &str) -> Result<Option<Group>, IdentityError> {
        let id = id.to_owned();
        Ok(self.db.read(move |conn| find(conn, &id)).await?)
    }

    /// The group with this number.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_group_by_number(&self, number: i64) -> Result<Option<Group>, IdentityError> {
        Ok(self.db.read(move |conn| find_by_number(conn, number)).await?)
    }

    /// The group of this number, with everything that decides on its things.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn group_standing(&self, number: i64) -> Result<Option<GroupStanding>, IdentityError> {
        Ok(self.db.read(move |conn| standing(conn, number)).await?)
    }

    /// The groups of an account, ascending by id, with what it is in each. An unknown account has none.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn memberships(
        &self,
        account: AccountId,
    ) -> Result<Vec<(GroupStanding, GroupRole)>, IdentityError> {
        Ok(self.db.read(move |conn| memberships(conn, account)).await?)
    }

    /// The first members of the group of this number, ascending by login: at most so many. Nothing without such a group.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn group_members(
        &self,
        number: i64,
        limit: i64,
    ) -> Result<Option<Vec<Account>>, IdentityError> {
        let load = move |conn: &mut _| {
            let Some(group) = find_by_number(conn, number)? else { return Ok(None) };
            let mut found = Vec::new();
            for offset in (0..limit).step_by(usize::try_from(MAX_PAGE).unwrap_or(1)) {
                let slice = Slice { offset, limit: MAX_PAGE.min(limit - offset) };
                found.extend(members(conn, &group.id, "", slice)?);
            }
            Ok::<_, StoreError>(Some(found))
        };
        Ok(self.db.read(load).await?)
    }

    /// Makes a group for somebody who is not allowed to choose its id: it gets a random one.
    ///
    /// # Errors
    /// As [`create_group`](Self::create_group), but for a taken id.
    pub async fn create_owned_group(
        &self,
        name: &str,
        owner: AccountId,
        origin: &Origin,
    ) -> Result<GroupStanding, IdentityError> {
        let (name, act) = (name.to_owned(), self.act(origin));
        self.db.write(move |conn| insert_owned(conn, &act, &name, owner)).await
    }

    /// Removes the group of this number for its owner or an administrator. `false` when there is none.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`] when the account is neither, [`IdentityError::Invalid`] for the group `admin`.
    pub async fn delete_owned_group(
        &self,
        number: i64,
        by: AccountId,
        origin: &Origin,
    ) -> Result<bool, IdentityError> {
        let act = self.act(origin);
        self.db.write(move |conn| delete_owned(conn, &act, number, by)).await
    }

    /// The accounts of these ids that there are, in the order of their numbers.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn accounts_of_ids(&self, ids: &[AccountId]) -> Result<Vec<Account>, IdentityError> {
        let ids = ids.to_vec();
        Ok(self.db.read(move |conn| accounts::of_ids(conn, &ids)).await?)
    }
}
