//! The compact form of a signed token (RFC 7515 §7.1), taken apart without believing any of it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::VerifyError;
use crate::claims::AccessClaims;
use crate::jws::Header;
use crate::keys::VerifyingKey;

/// A token whose header was read and whose signature was not checked yet.
pub(super) struct Compact<'a> {
    /// Header and payload as they were signed.
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
    alg: String,
    kid: Option<String>,
}

/// RFC 9068 §4, with RFC 7515 §4.1.9's optional `application/`. An id token, say, is no access token.
fn is_access_token(header: &Header<'_>) -> bool {
    header
        .typ
        .as_deref()
        .is_some_and(|typ| ["at+jwt", "application/at+jwt"].iter().any(|name| typ.eq_ignore_ascii_case(name)))
}

impl<'a> Compact<'a> {
    /// Takes a token apart whose length was checked.
    pub(super) fn parse(token: &'a str) -> Result<Self, VerifyError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(VerifyError::Malformed)?;
        if payload.contains('.') {
            return Err(VerifyError::Malformed);
        }
        let header = decode(header)?;
        let header: Header<'_> = serde_json::from_slice(&header).map_err(|_| VerifyError::Malformed)?;
        if header.oversteps() || !is_access_token(&header) {
            return Err(VerifyError::Signature);
        }
        let kid = header.kid.map(Cow::into_owned);
        Ok(Self { signed, payload, signature, alg: header.alg.into_owned(), kid })
    }

    /// The id of the key that is said to have signed. Every key of the platform has one, so there is no guessing.
    pub(super) fn kid(&self) -> Result<&str, VerifyError> {
        self.kid.as_deref().ok_or(VerifyError::Signature)
    }

    /// Checks the signature by the key's own algorithm, and only then reads the payload.
    pub(super) fn claims(&self, key: &VerifyingKey) -> Result<AccessClaims, VerifyError> {
        let signature = decode(self.signature)?;
        if self.alg != key.algorithm().as_str() || !key.verifies(self.signed.as_bytes(), &signature) {
            return Err(VerifyError::Signature);
        }
        let claims: AccessClaims =
            serde_json::from_slice(&decode(self.payload)?).map_err(|_| VerifyError::Malformed)?;
        let required = [&claims.iss, &claims.sub, &claims.jti, &claims.client_id];
        if required.iter().any(|value| value.is_empty()) {
            return Err(VerifyError::Malformed);
        }
        Ok(claims)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed)
}
