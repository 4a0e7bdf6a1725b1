//! The description of this API for clients and their generators.

use utoipa::OpenApi;

/// The description.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(info(title = "OCS provisioning API", version = "1.20.0", license(name = "Apache-2.0")))]
struct Document;
