//! Who calls. `contracts/rdv-sign-in.md` §4, §10, §13.
//!
//! | the request has | it is authenticated | its answer echoes the session |
//! | --- | --- | --- |
//! | `X-Agent-Auth-Signature`, be it empty | by that alone (`by_signature`) | no |
//! | any of the three values of a session | by those alone, exchanged for a token (`by_token`) | yes |
//! | else a Bearer token | by that | no |
//!
//! Once it is known who calls, the call is recorded, and only then anything is permitted or refused.

mod by_signature;
mod by_token;
mod endpoints;

use std::fmt;
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::HOST;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError as _, web};
use futures_util::future::LocalBoxFuture;
use identity::accounts::AccountId;
use identity::act::Act;
use identity::audit::Origin;
use identity::pages::Slice;
use rdv_dialect::error::RdvError;
use rdv_dialect::page::{PAGE_SIZE, PageNumber};
use rdv_dialect::response;
use rdv_dialect::token_headers::TokenHeaders;
use serde::Serialize;
use service_kit::client_address;
use service_kit::request_id::RequestId;

pub use self::endpoints::{
    CreateAbsence, DestroyAbsence, Endpoint, ListAbsences, ListAgents, ListOrganisations, ShowAbsence,
    ShowOrganisation, UpdateAbsence, UpdateOrganisation,
};
use crate::app::App;
use crate::domain::attribution::{self, Call, DIALECT};

/// An agent with a valid credential, at the endpoint `E`. Handlers get their caller from here and from nowhere else, so
/// that a handler whose calls are not recorded does not compile.
pub struct Viewer<E> {
    account: AccountId,
    session: Option<TokenHeaders>,
    origin: Origin,
    endpoint: PhantomData<fn() -> E>,
}

/// Who was recognised, before anything is permitted.
struct Recognised {
    account: AccountId,
    /// The client of the token.
    client: Option<String>,
    session: Option<TokenHeaders>,
    /// Whether the credential is good for this service.
    permitted: Result<(), RdvError>,
}

impl<E: Endpoint> Viewer<E> {
    /// The account.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// A change of the directory that begins now, on the caller's behalf.
    #[must_use]
    pub fn act(&self, app: &App) -> Act {
        Act::new(&app.clock, &self.origin)
    }

    /// 200 with this body and the headers of the caller's session, or the refusal.
    ///
    /// # Errors
    /// The refusal, unless it is one that has the headers too: §4.5, those of `not_found`.
    pub fn answer(&self, outcome: Result<impl Serialize, RdvError>) -> Result<HttpResponse, RdvError> {
        self.echoing(outcome.map(|body| response::json(actix_web::http::StatusCode::OK, &body)))
    }

    /// 204 with the headers of the caller's session, or the refusal.
    ///
    /// # Errors
    /// As [`Viewer::answer`].
    pub fn answer_without_body(&self, outcome: Result<(), RdvError>) -> Result<HttpResponse, RdvError> {
        self.echoing(outcome.map(|()| HttpResponse::NoContent().finish()))
    }

    fn echoing(&self, outcome: Result<HttpResponse, RdvError>) -> Result<HttpResponse, RdvError> {
        let response = match outcome {
            Err(error @ (RdvError::NotFoundAbsence | RdvError::NotFoundAgent)) => error.error_response(),
            outcome => outcome?,
        };
        Ok(response::with(self.session.as_ref(), response))
    }
}

impl<E> fmt::Debug for Viewer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Viewer").field(&self.account).finish()
    }
}

impl<E: Endpoint> FromRequest for Viewer<E> {
    type Error = RdvError;
    type Future = LocalBoxFuture<'static, Result<Self, RdvError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<web::Data<App>>().ok_or(RdvError::Unavailable)?;
            let Recognised { account, client, session, permitted } = match by_signature::presented(&request) {
                Some(signature) => by_signature::recognise(&request, app, signature).await?,
                None => by_token::recognise(&request, app).await?,
            };
            let origin = origin(&request, account, client);
            record::<E>(&request, app, account, &origin);
            permitted?;
            Ok(Self { account, session, origin, endpoint: PhantomData })
        })
    }
}

fn origin(request: &HttpRequest, account: AccountId, client_id: Option<String>) -> Origin {
    Origin {
        actor: Some(account.to_string()),
        client_id,
        dialect: Some(DIALECT.to_owned()),
        address: Some(client_address(request)),
        request_id: Some(RequestId::of(request).to_string()),
    }
}

/// §13: before anything is permitted, so that what is refused is recorded too. Never waits and never fails.
fn record<E: Endpoint>(request: &HttpRequest, app: &App, account: AccountId, origin: &Origin) {
    let headers = request.headers();
    let call = Call {
        method: request.method().as_str(),
        path: request.uri().path_and_query().map_or_else(|| request.path(), |path| path.as_str()),
        host: headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default(),
        headers: headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
    };
    app.audit.record(attribution::event(app.clock.now(), origin, account, E::OPERATION, &call));
}

/// The part of a list that a page is.
#[must_use]
pub fn slice(page: PageNumber) -> Slice {
    Slice::page(page.get(), PAGE_SIZE)
}
