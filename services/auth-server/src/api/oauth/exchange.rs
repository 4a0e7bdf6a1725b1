//! Token exchange (RFC 8693, `contracts/oauth2.md` §4).
//!
//! What comes out is never wider than what the subject and the exchanging client have both (threat 8).

use std::net::IpAddr;

use auth_claims::claims::AccessClaims;
use auth_claims::scopes::{Scope, Scopes};
use chrono::{DateTime, Utc};
use identity::accounts::Account;
use identity::applications::Holder;
use identity::audit::Origin;
use identity::clients::{Client, GrantType};
use identity::refresh::{NewFamily, PlainRefreshToken};
use uuid::Uuid;

use super::error::OAuthError;
use super::form::Form;
use super::grant::{GrantRequest, Granted};
use super::refresh;
use super::subject_tokens::{self, OwnSession, Subject, SubjectTokenType};
use crate::api::revocation_feed;
use crate::app::App;
use crate::domain::access::{Session, Terms};
use crate::domain::applications::Binding;
use crate::domain::audience;
use crate::domain::exchange_policy::{self, ExchangeRefusal};
use crate::domain::scope_policy::Ceiling;
use crate::fresh_second::{self, NoFreshSecond};

/// Asks for a refresh token beside the access token.
const OFFLINE_ACCESS: &str = "offline_access";

/// Where the client of a service is whose credential the service exchanges.
const CLIENT_ADDRESS: &str = "client_address";

/// What an exchange is asked for.
pub(crate) struct Wish<'a> {
    pub(crate) subject_token: &'a str,
    pub(crate) subject_token_type: SubjectTokenType,
    pub(crate) actor_token: Option<&'a str>,
    pub(crate) issued_token_type: SubjectTokenType,
    pub(crate) scope: Option<&'a str>,
    pub(crate) targets: Vec<&'a str>,
    pub(crate) application_id: Option<&'a str>,
}

/// Exchanges as the form asks.
///
/// # Errors
/// `invalid_request` for missing, unsupported or wrongly paired parameters; those of [`exchange`].
pub(super) async fn grant(request: &GrantRequest<'_>) -> Result<Granted, OAuthError> {
    let GrantRequest { app, client, form, origin, received_at } = request;
    if !client.kind.is_confidential() {
        return Err(OAuthError::UnauthorizedClient);
    }
    let wish = Wish {
        subject_token: form.require("subject_token")?,
        subject_token_type: form.require("subject_token_type")?.parse()?,
        actor_token: actor_token(form)?,
        issued_token_type: requested_token_type(form)?,
        scope: form.get("scope"),
        targets: request.targets(),
        application_id: request.application()?,
    };
    exchange(app, client, &wish, origin, *received_at).await
}

fn actor_token(form: &Form) -> Result<Option<&str>, OAuthError> {
    match (form.get("actor_token"), form.get("actor_token_type")) {
        (None, None) => Ok(None),
        (Some(token), Some(kind)) if kind.parse::<SubjectTokenType>()?.is_platform_token() => Ok(Some(token)),
        (Some(_), Some(_)) => Err(OAuthError::Request("the actor_token_type is not supported")),
        // RFC 8693 §2.1: the type is required with the token, and forbidden without it.
        _ => Err(OAuthError::Request("actor_token and actor_token_type belong together")),
    }
}

fn requested_token_type(form: &Form) -> Result<SubjectTokenType, OAuthError> {
    match form.get("requested_token_type").map(str::parse::<SubjectTokenType>).transpose()? {
        None => Ok(SubjectTokenType::AccessToken),
        Some(kind) if kind.is_platform_token() => Ok(kind),
        Some(_) => Err(OAuthError::Request("the requested_token_type is not supported")),
    }
}

/// From which address the credential was presented to the service that exchanges it, if that is one of the platform's own
/// and says so: wrong passwords count there, and the audit trail names it. Whoever may follow the revocation feed is one.
/// From others the parameter is one that nobody knows (RFC 6749 §3.2), so that no client chooses the address that its
/// guesses count under (threats 10 and 16).
///
/// # Errors
/// `invalid_request` for what is no IP address.
pub(super) fn presented_from(
    grant_type: GrantType,
    client: &Client,
    form: &Form,
) -> Result<Option<IpAddr>, OAuthError> {
    let is_platform = client.scopes.iter().any(|scope| scope.as_str() == revocation_feed::SCOPE);
    if grant_type != GrantType::TokenExchange || !is_platform {
        return Ok(None);
    }
    let Some(address) = form.get(CLIENT_ADDRESS) else { return Ok(None) };
    let address: IpAddr =
        address.parse().map_err(|_| OAuthError::Request("client_address must be an IP address"))?;
    Ok(Some(address.to_canonical()))
}

/// Exchanges on behalf of `client`.
///
/// # Errors
/// `invalid_grant` for a subject or actor that is not valid, one that was exchanged too often, or an application that does
/// not let the subject in; `invalid_scope` and
/// `invalid_target` for more than subject and client have both; 429 for whoever guesses passwords.
pub(crate) async fn exchange(
    app: &App,
    client: &Client,
    wish: &Wish<'_>,
    origin: &Origin,
    received_at: DateTime<Utc>,
) -> Result<Granted, OAuthError> {
    let (subject, received_at) = resolve(app, wish, origin, received_at).await?;
    if let Some(token) = wish.actor_token {
        let actor = subject_tokens::actor(app, token).await?;
        exchange_policy::may_act(&actor, client.id.as_str())?;
    }
    let (id, limit) = (client.id.as_str(), app.settings.limits.actors);
    let actor = match subject.claims() {
        Some(claims) => exchange_policy::acting_after(id, claims, limit)?,
        None => exchange_policy::acting(id, None, limit)?,
    };
    let binding = app.bind(client, wish.application_id, subject.claims(), subject.holder()).await?;
    let terms = terms(app, client, wish, subject.claims(), binding, received_at)?;
    let (claims, refresh_token) = match subject {
        Subject::Token(claims) => (terms.for_subject(&claims, actor), None),
        Subject::Account { account, amr, session } => {
            let session = session_of(&terms, amr, session);
            let (claims, token) = for_account(app, client, wish, terms, &account, session).await?;
            (AccessClaims { act: Some(actor), ..claims }, token)
        }
    };
    Ok(Granted { claims, refresh_token, issued_token_type: Some(wish.issued_token_type.as_str()) })
}

/// Whom the subject token stands for, and from when on a token about them counts.
async fn resolve(
    app: &App,
    wish: &Wish<'_>,
    origin: &Origin,
    received_at: DateTime<Utc>,
) -> Result<(Subject, DateTime<Utc>), OAuthError> {
    let mut issued_at = received_at;
    loop {
        let subject = wish.subject_token_type.resolve(app, wish.subject_token, origin).await?;
        // A live access token says itself that nothing was revoked since its own second.
        let Subject::Account { account, .. } = &subject else { return Ok((subject, issued_at)) };
        match fresh_second::later(app, account.id, issued_at).await? {
            None => return Ok((subject, issued_at)),
            Some(later) => issued_at = later,
        }
    }
}

impl Subject {
    fn claims(&self) -> Option<&AccessClaims> {
        match self {
            Self::Token(claims) => Some(claims),
            Self::Account { .. } => None,
        }
    }

    fn holder(&self) -> Holder<'_> {
        match self {
            Self::Token(claims) => {
                Holder { organization_id: claims.organization_id.as_deref(), roles: &claims.roles }
            }
            Self::Account { account, .. } => account.as_ref().into(),
        }
    }
}

/// What both parties have, narrowed to what is asked for.
fn terms(
    app: &App,
    client: &Client,
    wish: &Wish<'_>,
    subject: Option<&AccessClaims>,
    binding: Binding,
    received_at: DateTime<Utc>,
) -> Result<Terms, OAuthError> {
    let mut ceiling = Ceiling::of_client(&client.scopes, &client.default_scopes);
    let mut allowed = audience::of_client(&client.audiences, app.issuer.as_str());
    if let Some(subject) = subject {
        ceiling = ceiling.within(&subject.scope);
        allowed = audience::within(allowed, subject.aud.iter());
    }
    let audience = audience::narrow(&allowed, &wish.targets)?;
    Ok(app.terms(client, received_at, audience, ceiling.grant(wish.scope)?, binding))
}

/// The session a token belongs to: the one its subject is, or the sign-in that this exchange is.
fn session_of(terms: &Terms, amr: &str, own: Option<OwnSession>) -> Session {
    let amr = vec![amr.to_owned()];
    match own {
        None => Session { auth_time: Some(terms.issued_at.timestamp()), amr, ..Session::default() },
        Some(own) => Session {
            sid: Some(own.sid),
            auth_time: Some(own.began_at.timestamp()),
            amr,
            ends_at: own.ends_at.map(|end| end.timestamp()),
        },
    }
}

/// The account's own session: it may be kept alive with a refresh token, as long as the session itself lasts, and has an
/// id then.
async fn for_account(
    app: &App,
    client: &Client,
    wish: &Wish<'_>,
    terms: Terms,
    account: &Account,
    mut session: Session,
) -> Result<(AccessClaims, Option<PlainRefreshToken>), OAuthError> {
    if !is_offline(client, wish, &terms.scope) {
        return Ok((terms.for_account(account, session), None));
    }
    let instant = |seconds| DateTime::from_timestamp(seconds, 0);
    let sid = session.sid.take().unwrap_or_else(|| Uuid::new_v4().to_string());
    let family = NewFamily {
        client_id: client.id.clone(),
        account_id: account.id,
        sid: sid.clone(),
        scope: terms.scope.clone(),
        audience: terms.audience.iter().map(str::to_owned).collect(),
        application_id: terms.binding.application_id().map(str::to_owned),
        auth_time: session.auth_time.and_then(instant).unwrap_or(terms.issued_at),
        amr: session.amr.clone(),
        proven_at: terms.issued_at,
        until: session.ends_at.and_then(instant),
    };
    let started = app.identity.start_family(family).await;
    let (token, _) = started.map_err(|error| refresh::refused(error, [terms.binding.application_id()]))?;
    session.sid = Some(sid);
    Ok((terms.for_account(account, session), Some(token)))
}

/// Asked for by name: a default must not leave a session behind at every exchange.
fn is_offline(client: &Client, wish: &Wish<'_>, granted: &Scopes) -> bool {
    wish.scope.is_some()
        && client.may_use(GrantType::RefreshToken)
        && granted.iter().map(Scope::as_str).any(|scope| scope == OFFLINE_ACCESS)
}

impl From<ExchangeRefusal> for OAuthError {
    fn from(refusal: ExchangeRefusal) -> Self {
        Self::grant(match refusal {
            ExchangeRefusal::TooDeep => "the token has been exchanged too often",
            ExchangeRefusal::Actor => "the actor may not act",
        })
    }
}

impl From<NoFreshSecond> for OAuthError {
    fn from(error: NoFreshSecond) -> Self {
        match error {
            NoFreshSecond::Clock => {
                tracing::warn!(%error, "a token would have been dead from the start");
                Self::Unavailable
            }
            NoFreshSecond::Directory(error) => error.into(),
        }
    }
}
