//! The strict form body of the OAuth endpoints (RFC 6749 §3.2, `contracts/oauth2.md` §2).
//!
//! Lenient parsers are how one party reads one request and another party another one, so nothing is repaired here: a
//! repeated parameter, a broken percent sequence, bytes that are not UTF-8, a NUL are all `invalid_request`.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, web};
use bytestring::ByteString;
use memchr::{memchr, memchr2};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::error::OAuthError;

/// The largest body an endpoint reads.
pub(super) const LARGEST_BODY: usize = 64 * 1024;

/// The most parameters a form may have, several times what any grant takes. Each is compared with all others, and the
/// body would have room for twenty thousand: seconds of work for whoever has no credentials at all.
const MOST_PARAMETERS: usize = 100;

/// Parameters that have no place in a URI, where they end in logs and histories.
const NEVER_IN_THE_QUERY: [&str; 14] = [
    "access_token",
    "actor_token",
    "assertion",
    "client_assertion",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "password",
    "refresh_token",
    "subject_token",
    "token",
    "username",
];

/// The parameters of a request. One without a value counts as absent (RFC 6749 §3.2).
#[derive(Default)]
pub(super) struct Form(Vec<(String, Value)>);

/// The value of a parameter. Most have nothing to decode, and stay where they are: in the body.
enum Value {
    Verbatim(ByteString),
    Decoded(Zeroizing<String>),
}

impl Value {
    fn of(encoded: Bytes) -> Result<Self, FormFault> {
        if memchr2(b'+', b'%', &encoded).is_some() {
            return Ok(Self::Decoded(Zeroizing::new(decode(&encoded)?)));
        }
        if memchr(0, &encoded).is_some() {
            return Err(FormFault::Nul);
        }
        ByteString::try_from(encoded).map(Self::Verbatim).map_err(|_| FormFault::Encoding)
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Verbatim(text) => text,
            Self::Decoded(text) => text,
        }
    }
}

/// Why a body is no form.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum FormFault {
    #[error("the body must be application/x-www-form-urlencoded")]
    ContentType,
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    #[error("the body could not be read")]
    Unreadable,
    #[error("a percent sign must be followed by two hexadecimal digits")]
    Percent,
    #[error("parameters must be UTF-8 text")]
    Encoding,
    #[error("parameters must not contain NUL")]
    Nul,
    #[error("there are more than {MOST_PARAMETERS} parameters")]
    TooMany,
    #[error("a parameter is repeated")]
    Repeated,
    #[error("credentials must not be sent in the query string")]
    CredentialsInQuery,
    #[error("application_id must be sent in the body")]
    BindingInQuery,
}

impl Form {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// `invalid_request` for everything that is not one well-formed form.
    pub(super) async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Self, OAuthError> {
        check_query(request.query_string())?;
        if !is_form(request) {
            return Err(FormFault::ContentType.into());
        }
        let body = payload.to_bytes_limited(LARGEST_BODY).await.map_err(|_| FormFault::TooLarge)?;
        Ok(Self::parse(&body.map_err(|_| FormFault::Unreadable)?)?)
    }

    /// Parses a body.
    ///
    /// # Errors
    /// A [`FormFault`] when it is not one well-formed form.
    pub(super) fn parse(body: &Bytes) -> Result<Self, FormFault> {
        let mut form = Self::default();
        let mut rest: &[u8] = body;
        while !rest.is_empty() {
            let (pair, after) = split(rest, b'&');
            rest = after;
            if pair.is_empty() {
                continue;
            }
            if form.0.len() == MOST_PARAMETERS {
                return Err(FormFault::TooMany);
            }
            let (name, value) = split(pair, b'=');
            let (name, value) = (decode(name)?, Value::of(body.slice_ref(value))?);
            if form.0.iter().any(|(known, _)| *known == name) {
                return Err(FormFault::Repeated);
            }
            form.0.push((name, value));
        }
        Ok(form)
    }

    /// The value of a parameter that has one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    /// The value of a parameter that must not be shown.
    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.get(name).map(SecretString::from)
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// `invalid_request` naming the parameter.
    pub(super) fn require(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or(OAuthError::Missing(name))
    }
}

/// Decodes one name or value: plus is a blank, percent sequences are bytes, the bytes are UTF-8 without NUL.
pub(super) fn decode(text: &[u8]) -> Result<String, FormFault> {
    // Tokens are long and have nothing to decode.
    let plain = memchr2(b'+', b'%', text).unwrap_or(text.len());
    let (plain, encoded) = text.split_at(plain);
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend_from_slice(plain);
    let mut rest = encoded.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (rest.next().and_then(hex), rest.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(FormFault::Percent),
            },
            other => other,
        });
    }
    if memchr(0, &bytes).is_some() {
        return Err(FormFault::Nul);
    }
    String::from_utf8(bytes).map_err(|_| FormFault::Encoding)
}

/// What stands before and after the first of these bytes; all of it, and nothing, without one.
fn split(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    match memchr(at, text) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (text, &[]),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn is_form(request: &HttpRequest) -> bool {
    let mut types = request.headers().get_all(CONTENT_TYPE);
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let essence = only.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Refuses what must stand in the body: credentials, which would end up in logs, and the application, since whoever names
/// one shall not get a token that is bound to none. Names are compared after decoding, so that `%63lient_secret` does not
/// slip through.
fn check_query(query: &str) -> Result<(), FormFault> {
    let named = |names: &[&str]| {
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| names.contains(&name.trim()))
    };
    if named(&NEVER_IN_THE_QUERY) {
        Err(FormFault::CredentialsInQuery)
    } else if named(&["application_id", "applicationId"]) {
        Err(FormFault::BindingInQuery)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn reads_names_and_values() {
        let form = Form::parse(&Bytes::from_static(b"a=1&b=p%26s%3Dw%2B1%25&&c=x+y&d&e=&f=%C3%A4="))
            .unwrap_or_default();
        assert_eq!(form.get("a"), Some("1"));
        assert_eq!(form.get("b"), Some("p&s=w+1%"));
        assert_eq!(form.get("c"), Some("x y"));
        assert_eq!(form.get("d"), None);
        assert_eq!(form.get("e"), None);
        assert_eq!(form.get("f"), Some("ä="));
        assert_eq!(form.get("g"), None);
    }

    #[rstest]
    #[case::repeated(b"a=1&a=1", FormFault::Repeated)]
    #[case::repeated_in_disguise(b"scope=1&sc%6fpe=2", FormFault::Repeated)]
    #[case::repeated_empty(b"a=&a=1", FormFault::Repeated)]
    #[case::cut_percent(b"a=%4", FormFault::Percent)]
    #[case::bare_percent(b"a=100%", FormFault::Percent)]
    #[case::no_hex(b"a=%zz", FormFault::Percent)]
    #[case::signed_hex(b"a=%+1", FormFault::Percent)]
    #[case::percent_in_name(b"%=1", FormFault::Percent)]
    #[case::not_utf8(b"a=%ff", FormFault::Encoding)]
    #[case::raw_not_utf8(b"a=\xff", FormFault::Encoding)]
    #[case::overlong(b"a=%c0%af", FormFault::Encoding)]
    #[case::nul(b"a=%00", FormFault::Nul)]
    #[case::raw_nul(b"a\0=1", FormFault::Nul)]
    fn refuses(#[case] body: &'static [u8], #[case] fault: FormFault) {
        assert_eq!(Form::parse(&Bytes::from_static(body)).err(), Some(fault));
    }

    #[test]
    fn a_form_has_as_many_parameters_as_anybody_needs() {
        let form = |count| Bytes::from((0..count).map(|n| format!("p{n}=")).collect::<Vec<_>>().join("&"));
        assert!(Form::parse(&form(MOST_PARAMETERS)).is_ok());
        assert_eq!(Form::parse(&form(MOST_PARAMETERS + 1)).err(), Some(FormFault::TooMany));
    }

    #[rstest]
    #[case("client_secret=x")]
    #[case("a=1&%63lient_id=x")]
    #[case("refresh_token")]
    fn credentials_in_the_query_are_refused(#[case] query: &str) {
        assert_eq!(check_query(query), Err(FormFault::CredentialsInQuery));
    }

    #[rstest]
    #[case("application_id=x")]
    #[case("a=1&application%49d=")]
    fn an_application_in_the_query_is_refused(#[case] query: &str) {
        assert_eq!(check_query(query), Err(FormFault::BindingInQuery));
    }

    #[test]
    fn other_query_parameters_do_not_matter() {
        assert_eq!(check_query("trace=1&clientid=x&"), Ok(()));
    }

    proptest! {
        #[test]
        fn what_a_client_encodes_is_what_we_read(name in "[^\0]{1,12}", value in "[^\0]{1,40}") {
            let body = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let form = Form::parse(&Bytes::from(body)).unwrap_or_default();
            prop_assert_eq!(form.get(&name), Some(value.as_str()));
        }

        #[test]
        fn any_bytes_parse_or_are_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Form::parse(&Bytes::from(body));
        }
    }
}
