//! The tables, as both databases have them.

diesel::table! {
    workspaces (id) {
        id -> BigInt,
        owner_kind -> Text,
        owner -> Text,
        created_at -> Timestamp,
        left_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    bases (id) {
        id -> BigInt,
        uuid -> Text,
        workspace_id -> BigInt,
        name -> Text,
        color -> Nullable<Text>,
        text_color -> Nullable<Text>,
        icon -> Nullable<Text>,
        created_by -> Text,
        modified_by -> Text,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        trashed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        base_id -> BigInt,
        app_name -> Text,
        token_mac -> Binary,
        sealed -> Binary,
        permission -> Text,
        generated_by -> Text,
        generated_at -> Timestamp,
        last_access -> Timestamp,
    }
}

diesel::table! {
    user_shares (base_id, account_id) {
        base_id -> BigInt,
        account_id -> Text,
        permission -> Text,
        shared_by -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    group_shares (base_id, group_number) {
        base_id -> BigInt,
        group_number -> BigInt,
        permission -> Text,
        shared_by -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    external_links (id) {
        id -> BigInt,
        token -> Text,
        base_id -> BigInt,
        is_custom -> Bool,
        password_hash -> Nullable<Text>,
        created_by -> Text,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    base_token_secrets (name) {
        name -> Text,
        sealed -> Binary,
        created_at -> Timestamp,
    }
}

diesel::table! {
    base_token_keys (kid) {
        kid -> Text,
        algorithm -> Text,
        public_jwk -> Text,
        sealed_private -> Binary,
        created_at -> Timestamp,
        activates_at -> Timestamp,
        retires_at -> Nullable<Timestamp>,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::joinable!(bases -> workspaces (workspace_id));
diesel::joinable!(api_tokens -> bases (base_id));
diesel::joinable!(user_shares -> bases (base_id));
diesel::joinable!(group_shares -> bases (base_id));
diesel::joinable!(external_links -> bases (base_id));
diesel::allow_tables_to_appear_in_same_query!(
    workspaces,
    bases,
    api_tokens,
    user_shares,
    group_shares,
    external_links,
);
