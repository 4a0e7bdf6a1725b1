//! Refusals of the sign-in, by parameter. `contracts/seatable-tokens.md` §5.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::response;

const OTP: HeaderName = HeaderName::from_static("x-seafile-otp");
const NON_FIELD_ERRORS: &str = "non_field_errors";

/// One sentence for each parameter that is refused, in the order they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors {
    errors: Vec<(&'static str, Cow<'static, str>)>,
    asks_for_otp: bool,
}

impl FieldErrors {
    /// About the whole, not one parameter.
    pub fn whole(text: impl Into<Cow<'static, str>>) -> Self {
        Self { errors: vec![(NON_FIELD_ERRORS, text.into())], asks_for_otp: false }
    }

    /// Something is wrong with this parameter.
    pub fn add(&mut self, field: &'static str, text: impl Into<Cow<'static, str>>) {
        self.errors.push((field, text.into()));
    }

    /// The same with `X-Seafile-OTP: required`: a code of the second factor is wanted.
    #[must_use]
    pub fn asking_for_otp(self) -> Self {
        Self { asks_for_otp: true, ..self }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    pub(super) fn response(&self) -> HttpResponse {
        let mut response = response::json(StatusCode::BAD_REQUEST, self);
        if self.asks_for_otp {
            response.headers_mut().insert(OTP, HeaderValue::from_static("required"));
        }
        response
    }
}

impl Serialize for FieldErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.errors.len()))?;
        for (field, text) in &self.errors {
            map.serialize_entry(field, &[text])?;
        }
        map.end()
    }
}
