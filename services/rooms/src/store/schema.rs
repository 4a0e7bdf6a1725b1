//! The tables, as both databases have them.

diesel::table! {
    rooms (id) {
        id -> Text,
        name -> Text,
        slug -> Text,
        access_level -> Text,
        configuration -> Text,
        pin -> Nullable<Text>,
        created_by_client_id -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        revision -> BigInt,
    }
}

diesel::table! {
    accesses (id) {
        id -> Text,
        room_id -> Text,
        account_id -> Nullable<Text>,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        role -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::joinable!(accesses -> rooms (room_id));
diesel::allow_tables_to_appear_in_same_query!(accesses, rooms);
