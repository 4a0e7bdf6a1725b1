//! How a request proves who calls. `contracts/seatable-tokens.md` §4.1.

use actix_web::HttpRequest;
use auth_claims::account_token::ACCOUNT_TOKEN;
use auth_claims::caller::{Credential, Dialect, ExchangeRefusal, Rejection};

use crate::error::SeaTableError;
use crate::header::{self, HeaderFault};

/// How many digits an Account-Token or an API-Token has.
const DIGITS: usize = 40;

/// The SeaTable API: `Token` or `Bearer`, and after it an Account-Token, or an access token of the platform. Handlers
/// rather ask for an [`AccountCaller`](crate::AccountCaller), which tells what is wrong with a header.
#[derive(Debug)]
pub struct SeaTable;

impl Dialect for SeaTable {
    type Error = SeaTableError;

    fn credential(request: &HttpRequest) -> Result<Credential, Rejection> {
        match header::authorization(request) {
            Ok(token) => credential(token),
            Err(HeaderFault::Missing) => Err(Rejection::Missing),
            Err(_) => Err(Rejection::Malformed),
        }
    }
}

/// What a token is by its form. Nobody is asked about one that cannot be any.
///
/// # Errors
/// `Refused` for what is neither.
pub fn credential(token: String) -> Result<Credential, Rejection> {
    if is_stored_token(&token) {
        return Ok(Credential::Subject { token_type: ACCOUNT_TOKEN, token });
    }
    let is_jwt = token.split('.').count() == 3 && token.split('.').all(|part| !part.is_empty());
    if is_jwt { Ok(Credential::Bearer(token)) } else { Err(ExchangeRefusal::Invalid.into()) }
}

/// Whether it has the form of an Account-Token and of an API-Token: 40 lower-case hexadecimal digits (§3).
#[must_use]
pub fn is_stored_token(token: &str) -> bool {
    token.len() == DIGITS && token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use auth_claims::account_token::ACCOUNT_TOKEN;
    use auth_claims::caller::{Credential, ExchangeRefusal, Rejection};
    use rstest::rstest;

    use super::credential;

    const STORED: &str = "b7d04c1fe92a5580c3d6714ea0f9b82d5c16e3a4";

    #[test]
    fn forty_digits_are_exchanged_and_a_jwt_is_verified() {
        let exchanged = Credential::Subject { token_type: ACCOUNT_TOKEN, token: STORED.to_owned() };
        assert_eq!(credential(STORED.to_owned()), Ok(exchanged));
        assert_eq!(credential("a.b.c".to_owned()), Ok(Credential::Bearer("a.b.c".to_owned())));
    }

    #[rstest]
    #[case::upper_case("B7D04C1FE92A5580C3D6714EA0F9B82D5C16E3A4")]
    #[case::shorter(&STORED[1..])]
    #[case::longer("b7d04c1fe92a5580c3d6714ea0f9b82d5c16e3a45")]
    #[case::no_digit("g7d04c1fe92a5580c3d6714ea0f9b82d5c16e3a4")]
    #[case::two_parts("a.b")]
    #[case::four_parts("a.b.c.d")]
    #[case::empty_part("a..c")]
    #[case::triple("eyJhY2Nlc3MtdG9rZW4iOiJ4IiwiY2xpZW50IjoieSIsInVpZCI6InoifQ")]
    fn anything_else_is_refused_without_asking(#[case] token: &str) {
        assert_eq!(credential(token.to_owned()), Err(Rejection::Refused(ExchangeRefusal::Invalid)));
    }
}
