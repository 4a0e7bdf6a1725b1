//! Finding out about the application a request is bound to: every grant of every dialect but the refresh, which does it
//! inside its own transaction, comes here (`contracts/auvious-applications.md` §3.6).

use auth_claims::claims::AccessClaims;
use identity::IdentityError;
use identity::applications::{self, Holder};
use identity::clients::Client;

use crate::app::App;
use crate::domain::applications::{Binding, BindingRefusal, BoundSubject, Known};

/// Why a request is not bound.
#[derive(Debug)]
pub(crate) enum BindingError {
    /// The rules say no.
    Refused(BindingRefusal),
    /// The directory could not be asked.
    Failed(IdentityError),
}

impl From<IdentityError> for BindingError {
    fn from(error: IdentityError) -> Self {
        Self::Failed(error)
    }
}

impl App {
    /// Binds a token about `holder` to what the request names, the client is registered for and the subject token is bound
    /// to. Reads the application from the database, each time: what its service has been told has happened holds from
    /// then on.
    pub(crate) async fn bind(
        &self,
        client: &Client,
        named: Option<&str>,
        subject: Option<&AccessClaims>,
        holder: Holder<'_>,
    ) -> Result<Binding, BindingError> {
        let subject = subject.and_then(|claims| {
            let application_id = claims.application_id.as_deref()?;
            Some(BoundSubject { application_id, issued_at: claims.iat })
        });
        // The one the request names comes first: it is what a refusal is about.
        let bonds = [named, client.application_id.as_deref(), subject.map(|subject| subject.application_id)];
        let agreed = applications::agreed(bonds).map_err(|why| {
            BindingError::Refused(BindingRefusal::of(why, bonds.into_iter().flatten().next()))
        })?;
        let found = match agreed {
            Some(id) => self.identity.find_application(id).await?,
            None => None,
        };
        let known = Known { agreed, found: found.as_ref(), subject };
        Binding::check(&known, holder, self.identity.clock().now()).map_err(BindingError::Refused)
    }
}
