//! Client authentication (`contracts/oauth2.md` §2, RFC 6749 §2.3).
//!
//! Whatever is wrong with a client, the answer is the same and so is the work behind it (threat 17). Failures count
//! against the pair of client id and address, at all auth servers together (threat 10); requests against the address, and
//! against the client once it is proven.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::clients::{Client, ClientId, ClientKind, ClientRefusal};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::error::OAuthError;
use super::form::{Form, decode};
use crate::app::App;

/// What a client shows of itself.
pub(super) struct Credentials {
    id: String,
    secret: Option<SecretString>,
    challenge: bool,
}

impl Credentials {
    /// Finds the credentials of a request: the Basic header, or the form, never both.
    ///
    /// # Errors
    /// `invalid_request` for two ways at once or two different clients; `invalid_client` when there are none, or the
    /// header is not well-formed.
    pub(super) fn read(request: &HttpRequest, form: &Form) -> Result<Self, OAuthError> {
        let form_id = form.get("client_id").map(str::trim).filter(|id| !id.is_empty());
        let form_secret = form.secret("client_secret");
        let Some((id, secret)) = basic(request)? else {
            let id = form_id.ok_or(OAuthError::Client { challenge: form_secret.is_none() })?.to_owned();
            return Ok(Self { id, secret: form_secret, challenge: false });
        };
        if form_secret.is_some() {
            return Err(OAuthError::Request("the client authenticates in more than one way"));
        }
        if form_id.is_some_and(|form_id| form_id != id) {
            return Err(OAuthError::Request("client_id and the Authorization header name different clients"));
        }
        Ok(Self { id, secret, challenge: true })
    }

    /// The client it claims to be.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The client, proven. A public client has nothing to prove itself with and is taken at its word: each grant
    /// decides what that is worth.
    ///
    /// # Errors
    /// `invalid_client` for every client that is unknown, unproven or disabled; 429 after too many failures.
    pub(super) async fn authenticate(&self, app: &App, address: IpAddr) -> Result<Arc<Client>, OAuthError> {
        app.limits.of_address(address)?;
        app.identity.may_authenticate(&self.id, address)?;
        match self.prove(app).await {
            Ok(client) => {
                app.identity.client_proven(&self.id, address).await?;
                // A public client is taken at its word: anybody could use up what it may ask.
                if client.kind.is_confidential() {
                    app.limits.of_client(&client)?;
                }
                Ok(client)
            }
            Err(ClientRefusal::Failed(error)) => Err(error.into()),
            Err(ClientRefusal::Invalid | ClientRefusal::Inactive) => {
                Box::pin(app.identity.client_failed(&self.id, address)).await?;
                Err(self.refusal())
            }
        }
    }

    /// As [`authenticate`](Self::authenticate), but a public client will not do.
    ///
    /// # Errors
    /// The same, and `invalid_client` for a public client.
    pub(super) async fn authenticate_confidential(
        &self,
        app: &App,
        address: IpAddr,
    ) -> Result<Arc<Client>, OAuthError> {
        let client = self.authenticate(app, address).await?;
        if client.kind.is_confidential() { Ok(client) } else { Err(self.refusal()) }
    }

    async fn prove(&self, app: &App) -> Result<Arc<Client>, ClientRefusal> {
        let id: Option<ClientId> = self.id.parse().ok();
        if let (Some(id), None) = (&id, &self.secret)
            && let Some(client) = Box::pin(app.identity.find_client(id)).await?
            && client.kind == ClientKind::Public
            && client.enabled
        {
            return Ok(Arc::new(client));
        }
        let missing = SecretString::default();
        let secret = self.secret.as_ref().unwrap_or(&missing);
        let Some(id) = id else {
            // Nobody's id; the look-up it would have cost is made under one that could be somebody's.
            if let Ok(stand_in) = "-".parse() {
                let _ = app.identity.authenticate_client(&stand_in, secret).await;
            }
            return Err(ClientRefusal::Invalid);
        };
        app.identity.authenticate_client(&id, secret).await
    }

    const fn refusal(&self) -> OAuthError {
        OAuthError::Client { challenge: self.challenge }
    }
}

/// Client id and secret of a Basic header. Other schemes are no way to authenticate here and count as nothing sent.
fn basic(request: &HttpRequest) -> Result<Option<(String, Option<SecretString>)>, OAuthError> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(OAuthError::Request("the Authorization header is repeated"));
    }
    let header = header.as_bytes();
    let (scheme, rest) = header.split_at(header.iter().position(|b| *b == b' ').unwrap_or(header.len()));
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Ok(None);
    }
    decode_basic(rest.trim_ascii()).map(Some).ok_or(OAuthError::Client { challenge: true })
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn decode_basic(encoded: &[u8]) -> Option<(String, Option<SecretString>)> {
    let joined = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let colon = joined.iter().position(|byte| *byte == b':')?;
    let id = decode(&joined[..colon]).ok()?.trim().to_owned();
    let secret = Zeroizing::new(decode(&joined[colon + 1..]).ok()?);
    let secret = (!secret.is_empty()).then(|| SecretString::from(secret.as_str()));
    (!id.is_empty()).then_some((id, secret))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(authorization: Option<&str>, form: &str) -> Result<(String, Option<String>, bool), &'static str> {
        let mut request = TestRequest::post();
        if let Some(value) = authorization {
            request = request.insert_header((AUTHORIZATION, value));
        }
        let form = Form::parse(&form.as_bytes().to_vec().into()).unwrap_or_default();
        Credentials::read(&request.to_http_request(), &form)
            .map(|found| (found.id, found.secret.map(|s| s.expose_secret().to_owned()), found.challenge))
            .map_err(|error| error.code())
    }

    fn basic(joined: &str) -> String {
        format!("Basic {}", STANDARD.encode(joined))
    }

    #[rstest]
    #[case::plain("a:b", "a", Some("b"))]
    #[case::form_encoded("a%3Ab:p%26s%3Dw%2B1%25+x", "a:b", Some("p&s=w+1% x"))]
    #[case::colon_in_secret("a:b:c", "a", Some("b:c"))]
    #[case::blanks_around_the_id("+a%20:b", "a", Some("b"))]
    #[case::no_secret("a:", "a", None)]
    fn basic_header(#[case] joined: &str, #[case] id: &str, #[case] secret: Option<&str>) {
        let expected = Ok((id.to_owned(), secret.map(str::to_owned), true));
        assert_eq!(read(Some(&basic(joined)), ""), expected);
        assert_eq!(read(Some(&basic(joined).replace("Basic", "bAsIc ")), ""), expected);
    }

    #[rstest]
    #[case::not_base64("Basic ???")]
    #[case::no_colon("Basic YQ==")]
    #[case::broken_percent("Basic YTolIQ==")]
    #[case::not_utf8("Basic /zph")]
    #[case::no_id("Basic OmI=")]
    #[case::nothing("Basic")]
    #[case::other_scheme("Bearer abc")]
    fn a_header_that_proves_nothing(#[case] header: &str) {
        assert_eq!(read(Some(header), ""), Err("invalid_client"));
    }

    #[test]
    fn form_parameters() {
        let expected = |secret: Option<&str>| Ok(("a".to_owned(), secret.map(str::to_owned), false));
        assert_eq!(read(None, "client_id=+a%09&client_secret=+b"), expected(Some(" b")));
        assert_eq!(read(None, "client_id=a"), expected(None));
        assert_eq!(read(Some("Bearer x"), "client_id=a"), expected(None));
        assert_eq!(read(None, "client_secret=b"), Err("invalid_client"));
        assert_eq!(read(None, "client_id=+&client_secret=b"), Err("invalid_client"));
        assert_eq!(read(None, ""), Err("invalid_client"));
    }

    #[test]
    fn both_at_once() {
        let header = basic("a:b");
        assert_eq!(read(Some(&header), "client_id=a&client_secret=b"), Err("invalid_request"));
        assert_eq!(read(Some(&header), "client_secret=b"), Err("invalid_request"));
        assert_eq!(read(Some(&header), "client_id=other"), Err("invalid_request"));
        let same = Ok(("a".to_owned(), Some("b".to_owned()), true));
        assert_eq!(read(Some(&header), "client_id=+a+"), same);
    }
}
