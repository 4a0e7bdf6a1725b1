//! What goes with an account, for the audit trail.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Map, Value};
use store::{DbConn, StoreError, on_backend};

use super::AccountId;

/// Kinds of things, each with the table and the column by which it belongs to an account. To add a table that refers to
/// accounts, add it here if anybody would miss what is in it.
const KINDS: [(&str, &str, &str); 16] = [
    ("absences", "absences", "account_id"),
    ("account_tokens", "account_tokens", "account_id"),
    ("app_passwords", "app_passwords", "account_id"),
    ("device_sessions", "device_sessions", "account_id"),
    ("group_administrations", "group_admins", "account_id"),
    ("managed_accounts", "account_details", "manager_id"),
    ("memberships", "account_groups", "account_id"),
    ("organizations", "account_organizations", "account_id"),
    ("owned_groups", "groups", "owner_id"),
    ("passwords", "account_passwords", "account_id"),
    ("second_factors", "account_otps", "account_id"),
    ("services", "account_services", "account_id"),
    ("sub_administrations", "group_subadmins", "account_id"),
    ("territories", "account_territories", "account_id"),
    ("token_sessions", "refresh_families", "account_id"),
    ("trusted_devices", "trusted_devices", "account_id"),
];

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many things of each kind an account has; of what it has none of, nothing. One query.
pub(super) fn of_account(conn: &mut DbConn, id: AccountId) -> Result<Map<String, Value>, StoreError> {
    let counts = KINDS.map(|(kind, table, column)| {
        format!("SELECT '{kind}' AS kind, COUNT(*) AS number FROM {table} WHERE {column} = $1")
    });
    let query = format!("{} ORDER BY kind", counts.join(" UNION ALL "));
    let found: Vec<Count> =
        on_backend!(conn, |c| diesel::sql_query(query).bind::<Text, _>(id.to_string()).load(c))?;
    let had = found.into_iter().filter(|count| count.number > 0);
    Ok(had.map(|Count { kind, number }| (kind, number.into())).collect())
}
