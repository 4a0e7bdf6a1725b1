//! One presentation of a token, inside a transaction.

use auth_claims::revocations::RevocationReason;
use chrono::{DateTime, Utc};
use serde_json::json;
use store::{DbConn, StoreError};

use super::judgement::{Judgement, judge};
use super::rotation::end;
use super::token::TokenName;
use super::{Family, RefreshRefusal, RefreshSettings, families};
use crate::accounts::{self, Account};
use crate::applications::{self, ApplicationRefusal};
use crate::audit::{AuditEvent, Origin, Outcome};
use crate::clients::{self, Client, ClientId};
use crate::locks::Lock;
use crate::revocations;

/// What a transaction decided: a refusal is no failure of the database.
pub(super) type Decided<T> = Result<Result<T, RefreshRefusal>, StoreError>;

/// Who holds a family, and through what.
#[derive(Debug)]
pub(super) struct Holders {
    /// Enabled.
    pub(super) account: Account,
    /// Enabled.
    pub(super) client: Client,
    /// Open to the account.
    pub(super) application_id: Option<String>,
}

/// The account and the client of a family, both enabled (threat 9), and the application that family, client and request
/// name.
pub(super) fn holders(
    conn: &mut DbConn,
    family: &Family,
    named: Option<&str>,
    now: DateTime<Utc>,
) -> Decided<Holders> {
    let Some(account) = accounts::find(conn, family.account_id)? else {
        return Ok(Err(RefreshRefusal::AccountDeleted));
    };
    if !account.enabled {
        return Ok(Err(RefreshRefusal::AccountDisabled));
    }
    let Some(client) = clients::find(conn, &family.client_id)?.filter(|client| client.enabled) else {
        return Ok(Err(RefreshRefusal::ClientDisabled));
    };
    let bonds = [family.application_id.as_deref(), client.application_id.as_deref(), named];
    let checked = match applications::agreed(bonds) {
        Ok(Some(id)) => {
            // Never from a cache: what the row says when the transaction reads it is what holds.
            let found = applications::find(conn, id)?;
            applications::check(found.as_ref(), (&account).into(), now).map(|()| Some(id.to_owned()))
        }
        other => other.map(|_| None),
    };
    Ok(match checked {
        Ok(application_id) => Ok(Holders { account, client, application_id }),
        Err(refusal) => Err(refusal.into()),
    })
}

/// One presentation of a token by a client.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) name: TokenName,
    pub(super) client: ClientId,
    /// The application the request names.
    pub(super) application_id: Option<String>,
    pub(super) settings: RefreshSettings,
    pub(super) origin: Origin,
    pub(super) now: DateTime<Utc>,
}

impl Attempt {
    /// A reuse is only reported: a lost race leaves the family's row locked on PostgreSQL, and whoever revokes takes
    /// the lock of revocations before it.
    pub(super) fn decide(&self, conn: &mut DbConn) -> Decided<(Family, Holders)> {
        loop {
            let Some(mut family) = families::find(conn, self.name.family)? else {
                return Ok(Err(RefreshRefusal::Unknown));
            };
            let judgement = self.judge(&family);
            match judgement {
                Judgement::Refuse(refusal) => return Ok(Err(refusal)),
                Judgement::Reuse => return Ok(Err(RefreshRefusal::Reused)),
                Judgement::Advance | Judgement::Repeat => {}
            }
            let holders = match holders(conn, &family, self.application_id.as_deref(), self.now)? {
                Ok(holders) => holders,
                Err(refusal) => return Ok(Err(after_grant(refusal, &family))),
            };
            // Where somebody else was faster, the family is judged by its new state: it cannot be `Advance` again.
            if judgement == Judgement::Repeat || families::advance(conn, &mut family, self.now)? {
                return Ok(Ok((family, holders)));
            }
        }
    }

    /// Ends a family whose token was reused. Of many replays at once one does; the others find it ended.
    pub(super) fn end_reused(&self, conn: &mut DbConn) -> Result<RefreshRefusal, StoreError> {
        Lock::Revocations.take(conn)?;
        let Some(family) = families::find(conn, self.name.family)? else {
            return Ok(RefreshRefusal::Unknown);
        };
        if let Judgement::Refuse(refusal) = self.judge(&family) {
            revocations::tells();
            return Ok(refusal);
        }
        let event = AuditEvent::new(self.now, "refresh_token.reuse", &self.origin)
            .outcome(Outcome::Failure)
            .detail(json!({ "sid": family.sid, "account_id": family.account_id.to_string(),
                "presented": self.name.generation, "newest": family.generation }));
        end(conn, &family, RevocationReason::ReuseDetected, event, self.now)?;
        Ok(RefreshRefusal::Reused)
    }

    fn judge(&self, family: &Family) -> Judgement {
        judge(family, self.name.generation, Some(&self.client), &self.settings, self.now)
    }
}

/// §3.6: an application that the family was bound to and that is unknown now has been deleted since.
fn after_grant(refusal: RefreshRefusal, family: &Family) -> RefreshRefusal {
    match refusal {
        RefreshRefusal::Application(ApplicationRefusal::Unknown) if family.application_id.is_some() => {
            ApplicationRefusal::Deleted.into()
        }
        other => other,
    }
}
