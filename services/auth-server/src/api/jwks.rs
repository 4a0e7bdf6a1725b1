//! `GET /.well-known/jwks.json` (RFC 7517 §5): the keys tokens are verified by.

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::ToSchema;

use super::cached;
use crate::app::App;

/// The published keys: those that sign, those that will, and those whose tokens still live.
///
/// Cacheable for five minutes; a key is published before it signs, so that no verifier meets an unknown one.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "Metadata",
    responses(
        (status = 200, description = "The key set", body = KeySet),
        (status = 304, description = "The client holds the current one"),
    ),
)]
pub(crate) async fn jwks(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    app.keys.refresh().await;
    cached::document(&request, &app.keys.published())
}

/// A set of public keys (RFC 7517 §5).
#[derive(ToSchema)]
#[schema(example = json!({ "keys": [{
    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
}] }))]
#[expect(dead_code, reason = "read by utoipa alone")]
pub(crate) struct KeySet {
    /// The keys.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<serde_json::Value>,
}
