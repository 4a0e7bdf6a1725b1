//! The table of clients.

diesel::table! {
    clients (id) {
        id -> Text,
        kind -> Text,
        name -> Text,
        enabled -> Bool,
        scopes -> Text,
        default_scopes -> Text,
        domains -> Text,
        grants -> Text,
        audiences -> Text,
        organization_id -> Nullable<Text>,
        application_id -> Nullable<Text>,
        roles -> Text,
        permissions -> Text,
        access_token_ttl -> Nullable<BigInt>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}
