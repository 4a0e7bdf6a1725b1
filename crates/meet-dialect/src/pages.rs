//! Errors that are a page rather than JSON. `contracts/meet.md` §1, §2.5.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

const NOT_FOUND: &str = "<!doctype html>\n<html lang=\"en\">\n<head><title>Not Found</title></head>\n\
    <body><h1>Not Found</h1><p>There is nothing at this address.</p></body>\n</html>\n";

/// 404 for a path that leads nowhere.
#[must_use]
pub fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type(ContentType::html()).body(NOT_FOUND)
}
