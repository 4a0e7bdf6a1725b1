//! Who calls: an Account-Token, or an access token of the platform (`contracts/seatable-tokens.md` §4.1).

use std::net::IpAddr;

use actix_web::HttpRequest;
use auth_claims::caller::{Credential, Rejection};
use auth_claims::claims::{AccessClaims, SubjectKind};
use auth_claims::scopes::Scope;
use identity::account_tokens::AccountTokenStanding;
use identity::accounts::Account;
use seatable_dialect::rates::Class;
use seatable_dialect::{SeaTableError, dialect, header};
use service_kit::client_address;

use super::errors::failed;
use crate::app::App;
use crate::presented::TokenRefusal;

/// The account that calls, enabled; its request is counted.
///
/// # Errors
/// The rows of §4.1 in their order.
pub(super) async fn account(app: &App, request: &HttpRequest) -> Result<Account, SeaTableError> {
    let account = match dialect::credential(header::authorization(request)?)? {
        Credential::Bearer(token) => of_access_token(app, &token).await?,
        Credential::Subject { token, .. } => of_account_token(app, &token, client_address(request)).await?,
    };
    let (id, now) = (account.id.to_string(), app.identity.clock().uptime());
    app.seatable_rates.of_id(Class::User, &id, client_address(request), now)?;
    Ok(account)
}

async fn of_account_token(app: &App, token: &str, address: IpAddr) -> Result<Account, SeaTableError> {
    match app.identity.find_account_token(token).await.map_err(failed)? {
        AccountTokenStanding::Usable { account, .. } => Ok(account),
        AccountTokenStanding::Disabled(_) => Err(SeaTableError::not_authenticated()),
        AccountTokenStanding::Deleted => Err(SeaTableError::account_deleted()),
        AccountTokenStanding::Unknown => {
            app.limits.of_unknown(address)?;
            Err(SeaTableError::invalid_token())
        }
    }
}

/// A token for the data of this dialect is as good as an Account-Token; any other is none.
async fn of_access_token(app: &App, token: &str) -> Result<Account, SeaTableError> {
    let claims = app.tokens.verify(token).await.map_err(|refusal| match refusal {
        TokenRefusal::Failed(error) => failed(error),
        TokenRefusal::Invalid(error) => Rejection::from(error).into(),
    })?;
    if !is_for_bases(app, &claims) {
        return Err(SeaTableError::invalid_token());
    }
    let id = claims.sub.parse().map_err(|_| SeaTableError::invalid_token())?;
    let account = app.identity.find_account(id).await.map_err(failed)?;
    account.filter(|account| account.enabled).ok_or_else(SeaTableError::account_deleted)
}

fn is_for_bases(app: &App, claims: &AccessClaims) -> bool {
    let settings = &app.settings.seatable;
    claims.kind == SubjectKind::User
        && claims.aud.contains(&settings.audience)
        && claims.scope.iter().map(Scope::as_str).any(|scope| scope == settings.scope)
}
