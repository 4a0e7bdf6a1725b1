//! Account-Tokens of the SeaTable dialect: 40 hexadecimal digits.

use identity::account_tokens::AccountTokenStanding;
use identity::audit::Origin;

use super::{OwnSession, Subject};
use crate::api::oauth::error::{OAuthError, Reason};
use crate::app::App;
use crate::issuing;

/// The account whose token it is. Looked up at every exchange, so that a revocation counts at once.
pub(super) async fn resolve(app: &App, token: &str, origin: &Origin) -> Result<Subject, OAuthError> {
    match app.identity.find_account_token(token).await? {
        AccountTokenStanding::Usable { account, sid, created_at } => {
            let own = OwnSession { sid, began_at: created_at, ends_at: None };
            Ok(Subject::Account { account: Box::new(account), amr: "pwd", session: Some(own) })
        }
        AccountTokenStanding::Disabled(_) => {
            Err(refusal("the account is disabled", Some(Reason::AccountDisabled)))
        }
        AccountTokenStanding::Deleted => Err(refusal("the account is deleted", Some(Reason::AccountDeleted))),
        AccountTokenStanding::Unknown => {
            app.limits.of_unknown(issuing::address(origin))?;
            Err(refusal("the account token is not valid", None))
        }
    }
}

const fn refusal(description: &'static str, reason: Option<Reason>) -> OAuthError {
    OAuthError::Grant { description, reason }
}
