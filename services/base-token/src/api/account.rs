//! Who calls with an Account-Token. `contracts/seatable-tokens.md` §4.1.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use auth_claims::claims::AccessClaims;
use auth_claims::scopes::Scope;
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use seatable_dialect::AccountCaller;
use seatable_dialect::error::SeaTableError;
use seatable_dialect::rates::Class;
use service_kit::client_address;

use crate::app::App;
use crate::domain::id::AccountId;

/// A person with an account: whoever holds its Account-Token, or an access token of the platform for this service. Each
/// request counts against the rate of the account.
#[derive(Debug, Clone)]
pub struct Account {
    id: AccountId,
    claims: AccessClaims,
}

impl Account {
    /// The account.
    #[must_use]
    pub fn id(&self) -> &AccountId {
        &self.id
    }

    /// The claims of the token.
    #[must_use]
    pub fn claims(&self) -> &AccessClaims {
        &self.claims
    }
}

impl FromRequest for Account {
    type Error = SeaTableError;
    type Future = LocalBoxFuture<'static, Result<Self, SeaTableError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = AccountCaller::from_request(request, payload);
        let request = request.clone();
        async move { admit(&request, &caller.await?) }.boxed_local()
    }
}

fn admit(request: &HttpRequest, caller: &AccountCaller) -> Result<Account, SeaTableError> {
    let app = request.app_data::<web::Data<App>>().ok_or(SeaTableError::Unavailable)?;
    let scope = request.app_data::<web::Data<Scope>>().ok_or(SeaTableError::Unavailable)?;
    let claims = caller.require(scope)?.clone();
    let id: AccountId = claims.sub.parse().map_err(|_| SeaTableError::invalid_token())?;
    app.rates.of_id(Class::User, id.as_str(), client_address(request), app.clock.uptime())?;
    Ok(Account { id, claims })
}
