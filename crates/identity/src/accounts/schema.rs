//! The tables of accounts.

diesel::table! {
    accounts (id) {
        number -> BigInt,
        id -> Text,
        login -> Text,
        login_key -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
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

diesel::table! {
    /// The rest of the same table: diesel has tables of sixteen columns.
    #[sql_name = "accounts"]
    account_emails (id) {
        id -> Text,
        email_vouched -> Bool,
    }
}

diesel::table! {
    account_passwords (account_id) {
        account_id -> Text,
        hash -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    account_organizations (account_id, organization_id) {
        account_id -> Text,
        organization_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    account_groups (account_id, group_id) {
        account_id -> Text,
        group_id -> Text,
    }
}

diesel::table! {
    account_services (account_id, service_id) {
        account_id -> Text,
        service_id -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    account_territories (account_id, territory_id) {
        account_id -> Text,
        territory_id -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(accounts, account_passwords);
diesel::allow_tables_to_appear_in_same_query!(accounts, account_organizations);
diesel::allow_tables_to_appear_in_same_query!(accounts, account_groups);
