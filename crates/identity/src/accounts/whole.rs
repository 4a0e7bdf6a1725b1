//! An account with all that other tables say of it in one statement: each would be a round trip to PostgreSQL. On SQLite a
//! statement costs a microsecond, and has no arrays to bring them in.
//!
//! Nobody costs less of the statement than somebody: where that must not show (threat 17), as at a sign-in, there are two.

use diesel::dsl::array;
use diesel::prelude::*;
use diesel::sql_types::Text;
use store::StoreError;

use super::parts::{self, Parts};
use super::rows::{AccountRow, account};
use super::schema::{account_groups, account_organizations, account_services, account_territories};
use super::{Account, EmailKey};
use crate::revocations::revocation_counter;

diesel::table! {
    /// The columns of the accounts that are read here, without that of the login's key: diesel has tables of sixteen.
    #[sql_name = "accounts"]
    wholes (id) {
        number -> BigInt,
        id -> Text,
        login -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        email_vouched -> Bool,
        given_name -> Nullable<Text>,
        family_name -> Nullable<Text>,
        display_name -> Nullable<Text>,
        organization_id -> Nullable<Text>,
        service_id -> Nullable<Text>,
        roles -> Text,
        provisional -> Bool,
        enabled -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    wholes,
    account_organizations,
    account_services,
    account_territories,
    account_groups,
    revocation_counter,
);

/// What `columns!` reads.
#[derive(Queryable)]
struct Whole {
    row: AccountRow,
    email_vouched: bool,
    organizations: Vec<String>,
    organization_roles: Vec<String>,
    services: Vec<String>,
    territories: Vec<String>,
    groups: Vec<String>,
}

/// A column of another table about the account, in the order of another where it matters.
macro_rules! of_account {
    ($table:ident, $column:ident $(, $order:ident)?) => {
        array::<Text, _>(
            $table::table
                .filter($table::account_id.eq(wholes::id))
                $(.order($table::$order))?
                .select($table::$column),
        )
    };
}

macro_rules! columns {
    () => {
        (
            (
                wholes::number,
                wholes::id,
                wholes::login,
                wholes::email,
                wholes::given_name,
                wholes::family_name,
                wholes::display_name,
                wholes::organization_id,
                wholes::service_id,
                wholes::roles,
                wholes::provisional,
                wholes::enabled,
                wholes::created_at,
                wholes::updated_at,
            ),
            wholes::email_vouched,
            of_account!(account_organizations, organization_id, organization_id),
            of_account!(account_organizations, role, organization_id),
            of_account!(account_services, service_id, position),
            of_account!(account_territories, territory_id),
            of_account!(account_groups, group_id),
        )
    };
}

/// The account with this id.
pub(super) fn find(conn: &mut PgConnection, id: &str) -> Result<Option<Account>, StoreError> {
    let query = wholes::table.filter(wholes::id.eq(id)).select(columns!());
    query.get_result::<Whole>(conn).optional()?.map(Whole::into_account).transpose()
}

/// The account with this e-mail address.
pub(super) fn find_by_email(
    conn: &mut PgConnection,
    email: &EmailKey,
) -> Result<Option<Account>, StoreError> {
    let query = wholes::table.filter(wholes::email_key.eq(email.as_str())).select(columns!());
    query.get_result::<Whole>(conn).optional()?.map(Whole::into_account).transpose()
}

/// The same, with the feed's counter as it was at that instant.
pub(super) fn find_by_email_counted(
    conn: &mut PgConnection,
    email: &EmailKey,
) -> Result<Option<(Account, i64)>, StoreError> {
    let counter = revocation_counter::table.find(1).select(revocation_counter::last).single_value();
    let query = wholes::table.filter(wholes::email_key.eq(email.as_str()));
    let found: Option<(Whole, Option<i64>)> =
        query.select((columns!(), counter)).get_result(conn).optional()?;
    let Some((whole, counter)) = found else { return Ok(None) };
    let counter = counter.ok_or(diesel::result::Error::NotFound)?;
    Ok(Some((whole.into_account()?, counter)))
}

impl Whole {
    fn into_account(mut self) -> Result<Account, StoreError> {
        // In the order of their bytes, whatever the database's collation.
        self.territories.sort_unstable();
        self.groups.sort_unstable();
        let memberships = self.organizations.into_iter().zip(self.organization_roles);
        let mut organizations =
            memberships.map(|(id, role)| parts::membership(id, &role)).collect::<Result<Vec<_>, _>>()?;
        organizations.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let parts = Parts {
            organizations,
            services: self.services,
            territories: self.territories,
            groups: self.groups,
            doubted: !self.email_vouched,
        };
        account(self.row, parts)
    }
}
