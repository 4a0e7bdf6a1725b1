//! What happens to every request, in the order of `contracts/ocs-provisioning.md` §3.2.
//!
//! | step | refusal |
//! | --- | --- |
//! | 1 Basic credentials, if there are any | 997 `Unauthorised`, on public and unknown routes too |
//! | 2 somebody has to be known | 997 `Current user is not logged in` |
//! | 3 role | 403 |
//! | 4 no forged request of a browser | 412 |
//! | 5 password confirmation | none: Basic and Bearer are one (§3.4), and there are no browser sessions |
//! | 6 sub-administrator | 403 |
//! | 7 the operation | its own |

use std::future::Future;

use actix_web::http::Method;
use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use auth_claims::caller::{Authenticator, Credential, Rejection};
use auth_claims::claims::{AccessClaims, SubjectKind};
use identity::accounts::{self, AccountId};
use identity::audit::Origin;
use identity::groups;
use ocs_dialect::answer::Shape;
use ocs_dialect::credential::{self, Offered};
use ocs_dialect::format::Wanted;
use ocs_dialect::parameters::{self, Parameters};
use ocs_dialect::{OcsError, Value, csrf};
use service_kit::client_address;
use service_kit::request_id::RequestId;
use store::{DbConn, StoreError};

use super::caller::{Known, Level};
use crate::app::App;
use crate::domain::access::Standing;

/// The dialect's name in the audit trail.
pub const DIALECT: &str = "ocs";

/// One operation.
pub trait Operation: 'static {
    /// Its name in logs: `noun.verb`.
    const NAME: &'static str;

    /// Who may call it.
    type Caller: Level;

    /// Step 7.
    fn run(call: Call<Self::Caller>) -> impl Future<Output = Result<Value, OcsError>>;

    /// By what a client may tell this payload from another one, if it is told.
    #[must_use]
    fn tag(_: &Value) -> Option<String> {
        None
    }
}

/// A request that has passed every check before the operation.
pub struct Call<C> {
    /// Who calls.
    pub caller: C,
    /// The parameters, those of the path included.
    pub parameters: Parameters,
    /// The host (and port) under which the caller reaches this server.
    pub server: String,
    /// The service.
    pub app: Data<App>,
}

/// Handles a request of one operation.
pub async fn handle<O: Operation>(request: HttpRequest, payload: Payload) -> HttpResponse {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return refuse(&request, Shape::of_head(&request), &OcsError::Unavailable);
    };
    // The format may be named in the body. One that is too large is told only to who may send it.
    let read = Parameters::read(&request, payload, app.settings.limits.body).await;
    let (parameters, too_large) = match read {
        Ok(parameters) => (parameters, None),
        Err(error) => (parameters::of_head(&request), Some(error)),
    };
    let shape = Shape::of(&request, &parameters);
    let answer = async {
        let known = authenticate(&request, &app).await?;
        O::Caller::has_role(known.as_ref())?;
        csrf::check(request.headers())?;
        let caller = O::Caller::admit(known)?;
        too_large.map_or(Ok(()), Err)?;
        if shape.wanted == Wanted::Unknown && *request.method() != Method::GET {
            // The answer could not be told, so nothing is changed.
            return Err(OcsError::UnknownFormat);
        }
        let data =
            O::run(Call { caller, parameters, server: server(&request, &app), app: app.clone() }).await?;
        success::<O>(shape, data)
    };
    let answer = answer.await;
    tracing::debug!(operation = O::NAME, is_refused = answer.is_err(), "{}", O::NAME);
    answer.unwrap_or_else(|error| refuse(&request, shape, &error))
}

/// The origin without its scheme.
fn server(request: &HttpRequest, app: &App) -> String {
    let origin = app.origin.for_request(request);
    origin.split_once("://").map_or(origin.as_str(), |(_, host)| host).to_owned()
}

fn success<O: Operation>(shape: Shape, data: Value) -> Result<HttpResponse, OcsError> {
    let tag = O::tag(&data).and_then(|tag| HeaderValue::try_from(format!("\"{tag}\"")).ok());
    let mut answer = shape.success(data)?;
    if let Some(tag) = tag {
        answer.headers_mut().insert(ETAG, tag);
    }
    Ok(answer)
}

/// Answers where no operation is: Basic credentials are looked at before that (step 1).
pub async fn astray(request: HttpRequest, refusal: OcsError) -> HttpResponse {
    let shape = Shape::of_head(&request);
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return refuse(&request, shape, &refusal);
    };
    let refusal = match Offered::of(request.headers()) {
        Offered::Basic(_) | Offered::Unreadable => {
            authenticate(&request, &app).await.err().unwrap_or(refusal)
        }
        Offered::Nothing | Offered::Bearer(_) => refusal,
    };
    refuse(&request, shape, &refusal)
}

fn refuse(request: &HttpRequest, shape: Shape, error: &OcsError) -> HttpResponse {
    error.response(request, shape)
}

/// Steps 1 and 2, so far as they do not depend on the operation: who calls, if anybody.
async fn authenticate(request: &HttpRequest, app: &App) -> Result<Option<Known>, OcsError> {
    let authenticator = request.app_data::<Data<Authenticator>>().ok_or(OcsError::Unavailable)?;
    match Offered::of(request.headers()) {
        Offered::Nothing => Ok(None),
        Offered::Unreadable => Err(OcsError::Unauthorised),
        Offered::Basic(credential) => {
            let claims =
                admit(authenticator, request, &credential).await.map_err(credential::basic_refused)?;
            let known = known(request, app, &claims).await?;
            known.map(Some).ok_or(OcsError::Unauthorised)
        }
        Offered::Bearer(credential) => match admit(authenticator, request, &credential).await {
            Ok(claims) => known(request, app, &claims).await,
            Err(rejection) => credential::bearer_refused(rejection).map(|()| None),
        },
    }
}

async fn admit(
    authenticator: &Authenticator,
    request: &HttpRequest,
    credential: &Credential,
) -> Result<std::sync::Arc<AccessClaims>, Rejection> {
    authenticator.admit(credential, authenticator.client_address(request)).await
}

/// The account behind a token, as the directory has it now. Nobody, if it is no account's, or if that is gone or disabled.
async fn known(request: &HttpRequest, app: &App, claims: &AccessClaims) -> Result<Option<Known>, OcsError> {
    let id = claims.sub.parse::<AccountId>().ok();
    let Some(id) = id.filter(|_| claims.kind == SubjectKind::User && claims.scope.contains(&app.scope))
    else {
        return Ok(None);
    };
    let standing = app.db.read(move |conn| standing(conn, id)).await?;
    let origin = || Origin {
        actor: Some(id.to_string()),
        client_id: Some(claims.client_id.clone()),
        dialect: Some(DIALECT.to_owned()),
        address: Some(client_address(request)),
        request_id: Some(RequestId::of(request).to_string()),
    };
    Ok(standing.map(|standing| Known { standing, origin: origin() }))
}

/// What an account may do, if it may do anything.
///
/// # Errors
/// Those of the database.
pub fn standing(conn: &mut DbConn, id: AccountId) -> Result<Option<Standing>, StoreError> {
    let Some(account) = accounts::find(conn, id)?.filter(|account| account.enabled) else { return Ok(None) };
    let sub_admin_of = groups::subadmin_of(conn, id)?;
    Ok(Some(Standing { account, sub_admin_of }))
}
