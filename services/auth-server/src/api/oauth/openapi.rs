//! The bodies of the OAuth endpoints as the documentation shows them; the code reads forms by name.
#![expect(dead_code, reason = "read by utoipa alone")]

use utoipa::ToSchema;

/// The parameters of all grants; which of them count depends on `grant_type`.
#[derive(ToSchema)]
#[schema(example = json!({
    "grant_type": "client_credentials", "client_id": "booking", "client_secret": "…", "scope": "rooms:list"
}))]
pub(crate) struct TokenRequest {
    /// `client_credentials`, `refresh_token` or `urn:ietf:params:oauth:grant-type:token-exchange`.
    grant_type: String,
    /// The client, unless it authenticates by Basic.
    client_id: Option<String>,
    /// Its secret, unless it authenticates by Basic or has none.
    client_secret: Option<String>,
    /// Blank-separated scopes; the client's defaults when absent.
    scope: Option<String>,
    /// Narrows `aud` to this registered audience (RFC 8707).
    resource: Option<String>,
    /// The same (RFC 8693).
    audience: Option<String>,
    /// Binds the token to this application; `applicationId` is the same.
    application_id: Option<String>,
    /// For `refresh_token`.
    refresh_token: Option<String>,
    /// For token exchange: the credential to exchange.
    subject_token: Option<String>,
    /// For token exchange: `urn:ietf:params:oauth:token-type:access_token`, `…:jwt`, `urn:tessera:token-type:basic`,
    /// `…:app-password`, `…:device-session` or `…:account-token`.
    subject_token_type: Option<String>,
    /// For token exchange, from the platform's own services (scope `internal:revocations`): the IP address of the client that
    /// presented the credential. Ignored from others.
    client_address: Option<String>,
    /// For token exchange: a token of the exchanging client itself.
    actor_token: Option<String>,
    /// For token exchange: required with `actor_token`.
    actor_token_type: Option<String>,
    /// For token exchange: `…:access_token` (the default) or `…:jwt`.
    requested_token_type: Option<String>,
}

/// The parameters of an introspection.
#[derive(ToSchema)]
pub(crate) struct IntrospectionRequest {
    /// An access or refresh token, an Account-Token, or a device session as it is exchanged.
    token: String,
    /// Not needed.
    token_type_hint: Option<String>,
    /// The client, unless it authenticates by Basic.
    client_id: Option<String>,
    /// Its secret, unless it authenticates by Basic.
    client_secret: Option<String>,
}

/// The parameters of a revocation.
#[derive(ToSchema)]
pub(crate) struct RevocationRequest {
    /// An access or refresh token, or a device session as it is exchanged.
    token: String,
    /// Not needed.
    token_type_hint: Option<String>,
    /// The client, unless it authenticates by Basic.
    client_id: Option<String>,
    /// Its secret, unless it authenticates by Basic or has none.
    client_secret: Option<String>,
}

/// What is said of a token; all but `active` only when it is active. Further claims of the token follow.
#[derive(ToSchema)]
#[schema(example = json!({
    "active": true, "token_type": "Bearer", "username": "nadia", "client_id": "booking", "scope": "rooms:list",
    "sub": "0190c5b2-9d3a-7c1e-8000-0123456789ab", "aud": "rooms", "iss": "https://id.example", "exp": 1_800_003_600,
    "iat": 1_800_000_000, "nbf": 1_800_000_000, "jti": "5f0f5f0e-6d0b-4a51-9a0b-0f2f0a6d7c11", "kind": "user"
}))]
pub(crate) struct IntrospectionResponse {
    /// Whether the token can be used.
    active: bool,
    /// `Bearer`, `refresh_token`, `device_session` or `account_token`.
    token_type: Option<String>,
    /// The login of the account, or the client's id.
    username: Option<String>,
    /// The client it was issued to.
    client_id: Option<String>,
    /// What it permits.
    scope: Option<String>,
    /// Whom it is about.
    sub: Option<String>,
    /// Whom it is meant for: one name or a list.
    aud: Option<Vec<String>>,
    /// Who issued it.
    iss: Option<String>,
    /// When it expires.
    exp: Option<i64>,
    /// When it was issued.
    iat: Option<i64>,
    /// From when on it is valid.
    nbf: Option<i64>,
    /// Its id.
    jti: Option<String>,
    /// The session it comes from.
    sid: Option<String>,
    /// `user` or `client`.
    kind: Option<String>,
    /// The primary organisation.
    organization_id: Option<String>,
    /// Platform roles.
    roles: Option<Vec<String>>,
}
