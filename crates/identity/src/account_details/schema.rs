//! The tables of account details.

use crate::accounts::schema::accounts;

diesel::table! {
    account_details (account_id) {
        account_id -> Text,
        quota -> Nullable<Text>,
        language -> Nullable<Text>,
        locale -> Nullable<Text>,
        manager_id -> Nullable<Text>,
        notify_email -> Nullable<Text>,
        phone -> Nullable<Text>,
        profile -> Text,
        profile_enabled -> Bool,
        scopes -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    account_mails (account_id, address) {
        account_id -> Text,
        address -> Text,
        position -> BigInt,
        scope -> Text,
        verified -> Bool,
    }
}

diesel::allow_tables_to_appear_in_same_query!(account_details, accounts);
