//! The envelope. `contracts/ocs-provisioning.md` §1.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse};

use crate::error::OcsError;
use crate::format::{Format, Wanted};
use crate::parameters::{self, Parameters};
use crate::render;
use crate::value::Value;
use crate::version::Version;

/// How the answer to a request looks: by its entry point, and by the format that it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The entry point.
    pub version: Version,
    /// The format.
    pub wanted: Wanted,
}

/// What `meta` holds.
#[derive(Debug, Clone, Copy)]
struct Meta<'a> {
    status: &'static str,
    code: u16,
    message: &'a str,
    /// The two members that v1 has besides, except in answers that no operation made.
    is_long: bool,
}

impl Shape {
    /// Of a request whose parameters have been read.
    #[must_use]
    pub fn of(request: &HttpRequest, parameters: &Parameters) -> Self {
        let wanted = Wanted::of(parameters.text("format").ok().flatten().as_deref(), request.headers());
        Self { version: Version::of(request.path()), wanted }
    }

    /// Of a request whose body is not read.
    #[must_use]
    pub fn of_head(request: &HttpRequest) -> Self {
        Self::of(request, &parameters::of_head(request))
    }

    /// The answer of an operation that succeeded. In a format that nobody writes there is none.
    ///
    /// # Errors
    /// [`OcsError::UnknownFormat`].
    pub fn success(self, data: Value) -> Result<HttpResponse, OcsError> {
        let Wanted::Known(format) = self.wanted else { return Err(OcsError::UnknownFormat) };
        let meta =
            Meta { status: "ok", code: self.version.success(), message: "OK", is_long: self.is_first() };
        Ok(written(format, StatusCode::OK, meta, data, "application/xml; charset=utf-8"))
    }

    /// The answer of an operation that was refused.
    pub(crate) fn failure(self, code: u16, message: &str, data: Value) -> HttpResponse {
        let meta = Meta { status: "failure", code, message, is_long: self.is_first() };
        let status = self.version.status(code);
        written(self.wanted.or_xml(), status, meta, data, "application/xml; charset=utf-8")
    }

    /// The answer where no operation was reached (§1.6), with this status.
    pub(crate) fn fallback(self, status: StatusCode, code: u16, message: &str) -> HttpResponse {
        let meta = Meta { status: "failure", code, message, is_long: false };
        written(self.wanted.or_xml(), status, meta, Value::nothing(), "text/xml; charset=UTF-8")
    }

    fn is_first(self) -> bool {
        self.version == Version::V1
    }
}

fn written(format: Format, status: StatusCode, meta: Meta<'_>, data: Value, xml: &str) -> HttpResponse {
    let content_type = match format {
        Format::Json => "application/json; charset=utf-8",
        Format::Xml => xml,
    };
    let entries = vec![("meta".to_owned(), meta.value()), ("data".to_owned(), data)];
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CACHE_CONTROL, "no-cache, no-store, must-revalidate"))
        .body(render::document(format, entries))
}

impl Meta<'_> {
    fn value(self) -> Value {
        let mut entries = vec![
            ("status", Value::from(self.status)),
            ("statuscode", i64::from(self.code).into()),
            ("message", self.message.into()),
        ];
        if self.is_long {
            entries.extend([("totalitems", Value::from("")), ("itemsperpage", Value::from(""))]);
        }
        Value::map(entries)
    }
}

#[cfg(test)]
mod tests;
