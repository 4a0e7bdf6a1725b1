//! The table of absences.

use crate::accounts::schema::{account_organizations, accounts};
use crate::organizations::schema::organizations;

diesel::table! {
    absences (id) {
        id -> BigInt,
        account_id -> Text,
        title -> Text,
        first_day -> Date,
        start_time -> Time,
        end_day -> Date,
        end_time -> Time,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::joinable!(absences -> accounts (account_id));
diesel::allow_tables_to_appear_in_same_query!(absences, accounts);
diesel::allow_tables_to_appear_in_same_query!(absences, account_organizations);
diesel::allow_tables_to_appear_in_same_query!(absences, organizations);
