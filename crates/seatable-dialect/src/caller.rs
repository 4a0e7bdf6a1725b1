//! Who calls. `contracts/seatable-tokens.md` §4.1.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use auth_claims::caller::Caller;
use auth_claims::claims::{AccessClaims, SubjectKind};
use auth_claims::scopes::Scope;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::dialect::SeaTable;
use crate::error::SeaTableError;
use crate::header;

/// A caller whose credential holds, whatever it is good for. Finds `web::Data<Authenticator>` in the app's data.
#[derive(Debug, Clone)]
pub struct AccountCaller(Caller<SeaTable>);

impl AccountCaller {
    /// The claims of an account that may call: a person's, with this scope.
    ///
    /// # Errors
    /// 401 as for any other token that is no Account-Token.
    pub fn require(&self, scope: &Scope) -> Result<&AccessClaims, SeaTableError> {
        let person = self.0.kind == SubjectKind::User;
        if person && self.0.require(scope).is_ok() {
            Ok(self.0.claims())
        } else {
            Err(SeaTableError::invalid_token())
        }
    }
}

impl FromRequest for AccountCaller {
    type Error = SeaTableError;
    type Future = LocalBoxFuture<'static, Result<Self, SeaTableError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Three things can be wrong with a header, and each has its own sentence.
        let fault = header::authorization(request).err();
        let caller = Caller::from_request(request, payload);
        async move {
            match fault {
                Some(fault) => Err(fault.into()),
                None => caller.await.map(Self),
            }
        }
        .boxed_local()
    }
}
