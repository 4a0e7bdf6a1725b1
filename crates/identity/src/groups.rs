//! Groups: what accounts are members of, for the group rules of the dialects.
//!
//! | relation | to a group | what it gives | who has it |
//! | --- | --- | --- | --- |
//! | member | any number of accounts | the group in claims; in the group [`ADMIN`], the role `GLOBAL_ADMIN` | [`members`](self::members()) |
//! | owner | one member or none | the things of the group, and the group itself (contracts/seatable-tokens.md §1, §9) | [`Group::owner`] |
//! | administrator | members | the same, beside the owner | [`admins`](self::admins()) |
//! | sub-administrator | accounts, members or not | the accounts of the members (contracts/ocs-provisioning.md §3.3) | [`subadmins`](self::subadmins()) |
//!
//! Owner and administrator end with the membership. Neither ever makes anybody a sub-administrator, who may set passwords.

mod admins;
mod changes;
mod facade;
mod keys;
mod members;
mod standing;
mod subadmins;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};

pub use admins::{admins, is_admin, set_admin, set_owner};
pub use changes::{delete, insert, rename};
pub(crate) use keys::complete as complete_keys;
pub(crate) use members::left;
pub use members::{MemberCount, add_member, is_member, member_counts, members, remove_member};
pub use standing::{GroupRole, GroupStanding, delete_owned, insert_owned, memberships, standing};
pub use subadmins::{add_subadmin, remove_subadmin, subadmin_of, subadmins};

use self::schema::groups;
use crate::{
    accounts::AccountId,
    errors::IdentityError,
    faults::Faults,
    pages::Slice,
    text::{self, MAX_NAME},
};

/// The group whose members administer the platform: they have the role `GLOBAL_ADMIN`, in claims from their next token on.
/// There from the first start on, and for ever.
pub const ADMIN: &str = "admin";

/// The most characters of a group's id (contracts/ocs-provisioning.md §5.6).
pub const MAX_GROUP_ID: usize = 255;

pub(crate) mod schema {
    use crate::accounts::schema::{account_groups, accounts};

    diesel::table! {
        groups (id) {
            id -> Text,
            name -> Text,
            created_at -> Timestamp,
            updated_at -> Timestamp,
            owner_id -> Nullable<Text>,
            id_key -> Nullable<Text>,
            name_key -> Nullable<Text>,
            number -> BigInt,
        }
    }

    diesel::table! {
        group_admins (group_id, account_id) {
            group_id -> Text,
            account_id -> Text,
        }
    }

    diesel::table! {
        group_subadmins (group_id, account_id) {
            group_id -> Text,
            account_id -> Text,
        }
    }

    diesel::allow_tables_to_appear_in_same_query!(group_admins, account_groups);
    diesel::allow_columns_to_appear_in_same_group_by_clause!(account_groups::group_id, accounts::enabled);
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id for ever: any text, to be compared exactly.
    pub id: String,
    /// Its number for ever, for contracts that want integers. Never given to another group.
    pub number: i64,
    /// The name to show.
    pub name: String,
    /// The member who owns it.
    pub owner: Option<AccountId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = groups)]
struct GroupRow {
    id: String,
    number: i64,
    name: String,
    owner_id: Option<String>,
    created_at: NaiveDateTime,
}

impl TryFrom<GroupRow> for Group {
    type Error = StoreError;

    fn try_from(row: GroupRow) -> Result<Self, StoreError> {
        let owner = row.owner_id.map(|id| id.parse()).transpose();
        Ok(Self {
            id: row.id,
            number: row.number,
            name: row.name,
            owner: owner.map_err(|error| StoreError::corrupt("groups.owner_id", error))?,
            created_at: row.created_at.and_utc(),
        })
    }
}

/// Checks the id and the name of a new or changed group.
///
/// An id is stored as it is given, blanks around it included (contracts/ocs-provisioning.md §5.6); a name that is the id is
/// right whenever that is.
///
/// # Errors
/// Every fault, each with its field.
pub fn check(id: &str, name: &str) -> Result<(), Faults> {
    let mut faults = Faults::default();
    if let Err(message) = check_id(id) {
        faults.push("id", message);
    }
    if name != id {
        text::note(&mut faults, "name", name, MAX_NAME);
    }
    faults.into_result(())
}

/// As [`text::check`], but for the blanks around it.
fn check_id(id: &str) -> Result<(), String> {
    text::check(id.trim(), MAX_GROUP_ID)?;
    let plain = id.chars().count() <= MAX_GROUP_ID && !id.chars().any(char::is_control);
    if plain {
        Ok(())
    } else {
        Err(format!("may have at most {MAX_GROUP_ID} characters, no control characters"))
    }
}

/// The group with this id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: &str) -> Result<Option<Group>, StoreError> {
    if check_id(id).is_err() {
        return Ok(None);
    }
    let row = groups::table.find(id).select(GroupRow::as_select()).first(conn).optional()?;
    row.map(Group::try_from).transpose()
}

/// The group with this number.
///
/// # Errors
/// Those of the database.
pub fn find_by_number(conn: &mut DbConn, number: i64) -> Result<Option<Group>, StoreError> {
    let row = groups::table
        .filter(groups::number.eq(number))
        .select(GroupRow::as_select())
        .first(conn)
        .optional()?;
    row.map(Group::try_from).transpose()
}

/// The groups in whose id or name this text occurs, without regard to case, ascending by id. Every group has the empty text.
///
/// # Errors
/// Those of the database.
pub fn search(conn: &mut DbConn, text: &str, slice: Slice) -> Result<Vec<Group>, StoreError> {
    let slice = slice.checked();
    // No id and no name is as long, folded either; and there is a length from which on SQLite refuses to look for a text.
    if text.chars().count() > 4 * MAX_GROUP_ID.max(MAX_NAME) {
        return Ok(Vec::new());
    }
    let mut query = groups::table.select(GroupRow::as_select()).into_boxed();
    if !text.is_empty() {
        let pattern = text::containing(text);
        let in_name = groups::name_key.like(pattern.clone()).escape('\\');
        query = query.filter(groups::id_key.like(pattern).escape('\\').or(in_name));
    }
    let rows: Vec<GroupRow> = query.order(groups::id).offset(slice.offset).limit(slice.limit).load(conn)?;
    rows.into_iter().map(Group::try_from).collect()
}

/// The groups of these ids that there are, ascending by id: one query.
fn of_ids(conn: &mut DbConn, ids: &[String]) -> Result<Vec<Group>, StoreError> {
    let rows: Vec<GroupRow> = groups::table
        .filter(groups::id.eq_any(ids))
        .select(GroupRow::as_select())
        .order(groups::id)
        .load(conn)?;
    rows.into_iter().map(Group::try_from).collect()
}

/// Finds a group, and keeps others from changing or removing it until the transaction ends.
pub(crate) fn lock(conn: &mut DbConn, id: &str) -> Result<Group, IdentityError> {
    if check_id(id).is_ok()
        && let DbConn::Pg(conn) = conn
    {
        groups::table.find(id).select(groups::number).for_no_key_update().first::<i64>(conn).optional()?;
    }
    find(conn, id)?.ok_or(IdentityError::Unknown("group"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_any_text_but_a_blank_or_an_endless_one() {
        let longest = "é".repeat(MAX_GROUP_ID);
        for id in ["a", "A B/C", "España", " around ", "0", "' OR 1=1 --", "%", "group+1", longest.as_str()]
        {
            assert_eq!(check(id, id).map_err(|faults| faults.to_string()), Ok(()), "{id:?}");
            assert!(check(id, "Name").is_ok(), "{id:?}");
        }
        let long = format!("{longest} ");
        for id in ["", " ", "\u{3000}", "a\0", "a\nb", "\u{7f}", long.as_str()] {
            assert!(check(id, "Name").is_err(), "{id:?}");
        }
    }

    #[test]
    fn a_name_has_no_blanks_around_it_unless_it_is_the_id() {
        assert!(check(" a", " a").is_ok());
        assert_eq!(check("a", " a").unwrap_err().to_string(), "name: may not begin or end with white space");
        assert_eq!(check("", "").unwrap_err().to_string(), "id: may not be empty");
    }
}
