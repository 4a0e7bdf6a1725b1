//! What tables of their own say about accounts: one query for all of them, since on PostgreSQL each is a round trip.

use std::collections::HashMap;

use auth_claims::claims::OrganizationMembership;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use store::{DbConn, StoreError, on_backend};

use super::schema::{
    account_emails, account_groups, account_organizations, account_services, account_territories,
};

/// The parts of one account.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) organizations: Vec<OrganizationMembership>,
    pub(super) services: Vec<String>,
    pub(super) territories: Vec<String>,
    pub(super) groups: Vec<String>,
    /// Nobody vouches for its e-mail address.
    pub(super) doubted: bool,
}

const ORGANIZATION: i64 = 0;
const SERVICE: i64 = 1;
const TERRITORY: i64 = 2;
const GROUP: i64 = 3;
const DOUBT: i64 = 4;

/// SQLite binds every account to each of the five tables, and 32,766 values to a query.
const AT_ONCE: usize = 5_000;

/// Which table a row is of, its place among those of its account, the account, what it names, and its role there.
type Row = (i64, i64, String, String, String);

/// The rows of all tables whose account is (`eq`) one or one of several (`eq_any`). Where a table has no place or role, a
/// column stands in that is there anyway.
macro_rules! rows {
    ($is:ident, $accounts:expr) => {{
        use {
            account_emails as doubts, account_groups as groups, account_organizations as organizations,
            account_services as services, account_territories as territories,
        };
        let table = |table: i64| table.into_sql::<BigInt>();
        let all = organizations::table
            .filter(organizations::account_id.$is($accounts))
            .select((
                table(ORGANIZATION),
                table(0),
                organizations::account_id,
                organizations::organization_id,
                organizations::role,
            ))
            .union_all(services::table.filter(services::account_id.$is($accounts)).select((
                table(SERVICE),
                services::position,
                services::account_id,
                services::service_id,
                services::service_id,
            )))
            .union_all(territories::table.filter(territories::account_id.$is($accounts)).select((
                table(TERRITORY),
                table(0),
                territories::account_id,
                territories::territory_id,
                territories::territory_id,
            )))
            .union_all(groups::table.filter(groups::account_id.$is($accounts)).select((
                table(GROUP),
                table(0),
                groups::account_id,
                groups::group_id,
                groups::group_id,
            )));
        all.union_all(
            doubts::table.filter(doubts::id.$is($accounts).and(doubts::email_vouched.eq(false))).select((
                table(DOUBT),
                table(0),
                doubts::id,
                doubts::id,
                doubts::id,
            )),
        )
    }};
}

/// The parts of these accounts, by id. Nobody's cost the same query (threat 17): no account has an empty id.
pub(super) fn find(conn: &mut DbConn, accounts: &[String]) -> Result<HashMap<String, Parts>, StoreError> {
    let mut rows: Vec<Row> = match accounts {
        // SQLite compiles a query with a list each time, since lists have many lengths; that of one account is prepared once.
        [] | [_] => {
            let account = accounts.first().map_or("", String::as_str);
            on_backend!(conn, |c| rows!(eq, account).load(c))?
        }
        accounts => {
            let mut rows = Vec::new();
            for some in accounts.chunks(AT_ONCE) {
                let found: Vec<Row> = on_backend!(&mut *conn, |c| rows!(eq_any, some).load(c))?;
                rows.extend(found);
            }
            rows
        }
    };
    rows.sort_unstable();
    let mut found: HashMap<String, Parts> = HashMap::new();
    for (table, _, account, name, role) in rows {
        found.entry(account).or_default().take_in(table, name, &role)?;
    }
    Ok(found)
}

impl Parts {
    fn take_in(&mut self, table: i64, name: String, role: &str) -> Result<(), StoreError> {
        match table {
            ORGANIZATION => self.organizations.push(membership(name, role)?),
            SERVICE => self.services.push(name),
            TERRITORY => self.territories.push(name),
            GROUP => self.groups.push(name),
            _ => self.doubted = true,
        }
        Ok(())
    }
}

/// A row of an account's organisations.
pub(super) fn membership(id: String, role: &str) -> Result<OrganizationMembership, StoreError> {
    let role = role.parse().map_err(|error| StoreError::corrupt("account_organizations.role", error))?;
    Ok(OrganizationMembership { id, role })
}
