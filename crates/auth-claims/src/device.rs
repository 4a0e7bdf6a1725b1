//! The three values by which a device session is presented: `access-token`, `client`, `uid`.
//! `contracts/rdv-sign-in.md` §4.1–§4.3.
//!
//! Each of the three is looked for on its own, and the first place that has it decides, even with an empty value:
//!
//! | order | place | module |
//! | --- | --- | --- |
//! | 1 | a request header of that name | `places` |
//! | 2 | a parameter: body, then query (§2: the body wins) | `body`, `places` |
//! | 3 | the JSON object in `Authorization` | `places` |
//!
//! Bodies are read by a middleware, [`body_parameters`], which leaves the payload as it was. Nothing here knows what a
//! good value is: the triple is exchanged at the authorization server as any other credential.

mod body;
mod middleware;
mod places;
mod value;

use std::fmt;

use actix_web::HttpRequest;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

pub use self::middleware::{BodyParameters, BodyParametersService, body_parameters};
use self::places::Found;
use crate::caller::{Credential, ExchangeRefusal, Rejection, bearer, bearer_token};

/// The `subject_token_type` of a device session (contracts/oauth2.md §4).
pub const DEVICE_SESSION: &str = "urn:tessera:token-type:device-session";

/// The device that is meant when none is named. `contracts/rdv-sign-in.md` §4.1: no session ever has this name.
const UNNAMED_CLIENT: &str = "default";

/// Longer subject tokens are no device session.
const LONGEST_SUBJECT_TOKEN: usize = 16 * 1024;

/// Base64url as RFC 8693 clients write it, with padding or without.
const SUBJECT_TOKEN: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a client presents on each request. None of the values is empty.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceTriple {
    /// The secret.
    #[serde(rename = "access-token")]
    pub access_token: String,
    /// The device: the name the session got at sign-in.
    pub client: String,
    /// The account, by the exact key of its e-mail address.
    pub uid: String,
}

impl fmt::Debug for DeviceTriple {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DeviceTriple(..)")
    }
}

impl DeviceTriple {
    /// The triple as a `subject_token` of type [`DEVICE_SESSION`]: base64url of a JSON object.
    #[must_use]
    pub fn to_subject_token(&self) -> String {
        let object = serde_json::json!({
            "access-token": self.access_token, "client": self.client, "uid": self.uid,
        });
        SUBJECT_TOKEN.encode(object.to_string())
    }

    /// Reads a `subject_token` of type [`DEVICE_SESSION`], whose JSON object may hold other members too. `None` when it
    /// is none, or one of the three is empty.
    #[must_use]
    pub fn from_subject_token(token: &str) -> Option<Self> {
        // A JWT, which has dots, is told apart without being decoded.
        if token.len() > LONGEST_SUBJECT_TOKEN || token.contains('.') {
            return None;
        }
        let triple: Self = serde_json::from_slice(&SUBJECT_TOKEN.decode(token).ok()?).ok()?;
        let empty = [&triple.access_token, &triple.client, &triple.uid].into_iter().any(String::is_empty);
        (!empty).then_some(triple)
    }
}

impl From<&DeviceTriple> for Credential {
    fn from(triple: &DeviceTriple) -> Self {
        Self::Subject { token_type: DEVICE_SESSION, token: triple.to_subject_token() }
    }
}

/// The triple of a request, from wherever its values are. `contracts/rdv-sign-in.md` §4.1–§4.3.
///
/// A missing `client` is the device `default`. `None` without `access-token` or `uid`, and when the first place that has
/// one of the three has it empty, twice, not as a text, or not in UTF-8. Parameters of a body count where
/// [`body_parameters`] is mounted.
#[must_use]
pub fn triple(request: &HttpRequest) -> Option<DeviceTriple> {
    Found::of(request).triple()
}

/// The credential of a dialect whose documented way is the triple: the triple if any of its three values is there, else
/// a Bearer token.
///
/// # Errors
/// `Missing` without either, `Refused` for a triple that cannot be one, and those of [`bearer`].
pub fn credential_first(request: &HttpRequest) -> Result<Credential, Rejection> {
    let found = Found::of(request);
    match found.triple() {
        Some(triple) => Ok((&triple).into()),
        None if found.is_offered() => Err(ExchangeRefusal::Invalid.into()),
        None => bearer(request),
    }
}

/// The credential of every other dialect: a Bearer token, unless it is the triple in base64; without a Bearer token the
/// triple.
///
/// # Errors
/// `Missing` without either, `Refused` for an `access-token` that comes in no usable triple, and those of [`bearer`].
pub fn credential_after_bearer(request: &HttpRequest) -> Result<Credential, Rejection> {
    match bearer_token(request) {
        Ok(token) if !places::may_hold_values(token) => Ok(Credential::Bearer(token.to_owned())),
        Ok(token) => {
            Ok(triple(request)
                .map_or_else(|| Credential::Bearer(token.to_owned()), |triple| (&triple).into()))
        }
        Err(Rejection::Missing) => {
            let found = Found::of(request);
            match found.triple() {
                Some(triple) => Ok((&triple).into()),
                None if found.has_access_token() => Err(ExchangeRefusal::Invalid.into()),
                None => Err(Rejection::Missing),
            }
        }
        Err(other) => Err(other),
    }
}
