//! The tables, as both databases have them.

diesel::table! {
    applications (id) {
        id -> Text,
        organization_id -> Text,
        #[sql_name = "type"]
        kind -> Text,
        config -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        modified_at -> Timestamp,
        visible -> Bool,
        disabled -> Bool,
        expires_at -> Nullable<Timestamp>,
        anonymous_registration_enabled -> Bool,
    }
}

diesel::table! {
    status_intents (id) {
        id -> Text,
        application_id -> Text,
        noted_at -> Timestamp,
    }
}
