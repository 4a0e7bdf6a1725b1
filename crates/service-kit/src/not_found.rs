//! The answer to a path that no service has.

use actix_web::{HttpResponse, http::header::ContentType};

/// 404 in plain text: the path belongs to no dialect.
pub async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type(ContentType::plaintext()).body("not found\n")
}
