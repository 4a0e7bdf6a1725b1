//! `GET /.well-known/oauth-authorization-server` (RFC 8414). It lists what works, nothing else.

use actix_web::{HttpRequest, HttpResponse, web};
use auth_claims::keys::Algorithm;
use identity::clients::GrantType;
use serde::Serialize;
use utoipa::ToSchema;

use super::cached;
use crate::app::App;

const CONFIDENTIAL: &[&str] = &["client_secret_basic", "client_secret_post"];
const ANY_CLIENT: &[&str] = &["client_secret_basic", "client_secret_post", "none"];

/// The grants the token endpoint gives something for.
const GRANTS: [GrantType; 3] =
    [GrantType::ClientCredentials, GrantType::RefreshToken, GrantType::TokenExchange];

/// What this authorization server offers, and where. Every URL comes from the issuer in the settings, whatever host
/// the request names.
#[derive(Serialize, ToSchema)]
pub(crate) struct Metadata {
    /// The issuer's identifier.
    #[schema(example = "https://id.example")]
    issuer: String,
    /// The token endpoint.
    token_endpoint: String,
    /// How clients authenticate there; `none` for public clients.
    token_endpoint_auth_methods_supported: &'static [&'static str],
    /// The key set.
    jwks_uri: String,
    /// None: there is no authorization endpoint. RFC 8414 §2 requires the member all the same.
    response_types_supported: [String; 0],
    /// The grants.
    grant_types_supported: Vec<&'static str>,
    /// The introspection endpoint.
    introspection_endpoint: String,
    /// How clients authenticate there.
    introspection_endpoint_auth_methods_supported: &'static [&'static str],
    /// The revocation endpoint.
    revocation_endpoint: String,
    /// How clients authenticate there; `none` for public clients.
    revocation_endpoint_auth_methods_supported: &'static [&'static str],
    /// What access tokens may be signed by.
    access_token_signing_alg_values_supported: Vec<&'static str>,
}

/// Describes the server to its clients.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    tag = "Metadata",
    responses(
        (status = 200, description = "The metadata", body = Metadata),
        (status = 304, description = "The client holds the current ones"),
    ),
)]
pub(crate) async fn metadata(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let issuer = &app.issuer;
    cached::document(
        &request,
        &Metadata {
            issuer: issuer.to_string(),
            token_endpoint: issuer.endpoint("/oauth/token"),
            token_endpoint_auth_methods_supported: ANY_CLIENT,
            jwks_uri: issuer.endpoint("/.well-known/jwks.json"),
            response_types_supported: [],
            grant_types_supported: GRANTS.map(GrantType::as_str).to_vec(),
            introspection_endpoint: issuer.endpoint("/oauth/introspect"),
            introspection_endpoint_auth_methods_supported: CONFIDENTIAL,
            revocation_endpoint: issuer.endpoint("/oauth/revoke"),
            revocation_endpoint_auth_methods_supported: ANY_CLIENT,
            access_token_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::as_str).to_vec(),
        },
    )
}
