//! One change of an application, from its row to the authorization server and back.
//! `contracts/auvious-applications.md` §3.6 rule 4, §7.2 rule 4.
//!
//! | step | transaction | when the process dies after it |
//! | --- | --- | --- |
//! | read the row under its lock, decide; note an intent if the authorization server has to know | first | nothing has happened; a repair tells what holds anyway |
//! | read and decide again under the lock, since others may have been faster | second | the same |
//! | tell the authorization server, and wait until it confirms | second | the row does not say what was told: a repair tells it what the row says |
//! | write the row, remove the intent, commit | second | all is done |
//!
//! A change that the authorization server need not know is over with the first transaction. A refusal in the second
//! takes the intent away; without a confirmation nothing is written, and the intent stays for the repair.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::clock::Clock;
use auth_client::applications::{ApplicationRegistry, ApplicationStatus, RegistryError};
use futures_util::future::BoxFuture;
use store::{Db, DbConn, StoreError};
use tokio::runtime::Handle;

use crate::app::AppError;
use crate::domain::application::{Application, Checked};
use crate::domain::id::ApplicationId;
use crate::domain::refusal::Refusal;
use crate::store::intents::{self, Intent};
use crate::store::{applications, lock};

/// How long the authorization server may take to answer.
const CONFIRMATION: Duration = Duration::from_secs(5);

/// What is to become of an application, there or not: another one, or none. Pure: it is asked more than once.
pub(crate) trait Decide:
    FnMut(Option<&Application>) -> Result<Option<Checked>, Refusal> + Clone + Send + 'static
{
}

impl<F> Decide for F where
    F: FnMut(Option<&Application>) -> Result<Option<Checked>, Refusal> + Clone + Send + 'static
{
}

/// What a change needs.
#[derive(Clone)]
pub(crate) struct Change<F> {
    pub(crate) id: ApplicationId,
    pub(crate) registry: Arc<dyn ApplicationRegistry>,
    pub(crate) clock: Clock,
    pub(crate) decide: F,
}

/// How far the first transaction came.
enum First {
    Done(Option<Checked>),
    Noted(Intent),
}

impl<F: Decide> Change<F> {
    /// Runs it; what has become of the application.
    ///
    /// # Errors
    /// [`AppError`]; nothing has changed, unless a commit was lost on its way.
    pub(crate) async fn run(self, db: &Db) -> Result<Option<Checked>, AppError> {
        let mut first = self.clone();
        match db.write(move |conn| first.begin(conn)).await? {
            First::Done(after) => Ok(after),
            First::Noted(intent) => {
                let mut second = self;
                // What is refused is committed all the same, since it takes the intent away.
                db.write(move |conn| second.finish(conn, &intent)).await?.map_err(AppError::Refused)
            }
        }
    }

    fn begin(&mut self, conn: &mut DbConn) -> Result<First, AppError> {
        lock::hold(conn, &self.id)?;
        let before = applications::find(conn, &self.id)?;
        let after = (self.decide)(before.as_ref())?;
        // What an earlier change has told without a confirmation may be what the authorization server believes.
        let known = status(before.as_ref()) == status(after.as_deref());
        if known && !intents::exist(conn, &self.id)? {
            self.write(conn, before.as_ref(), after.as_ref())?;
            return Ok(First::Done(after));
        }
        let intent = Intent::new(self.id.clone(), self.clock.now());
        intents::note(conn, &intent)?;
        Ok(First::Noted(intent))
    }

    fn finish(
        &mut self,
        conn: &mut DbConn,
        intent: &Intent,
    ) -> Result<Result<Option<Checked>, Refusal>, AppError> {
        lock::hold(conn, &self.id)?;
        if !intents::remove(conn, intent)? {
            // It took so long to get here that a repair has settled it: nothing may be told without an intent.
            return Err(StoreError::Unavailable("the change has waited for too long".to_owned()).into());
        }
        let before = applications::find(conn, &self.id)?;
        let after = match (self.decide)(before.as_ref()) {
            Ok(after) => after,
            Err(refusal) => return Ok(Err(refusal)),
        };
        tell(conn, &*self.registry, &self.id, status(after.as_deref()).as_ref())?;
        self.write(conn, before.as_ref(), after.as_ref())?;
        Ok(Ok(after))
    }

    fn write(
        &self,
        conn: &mut DbConn,
        before: Option<&Application>,
        after: Option<&Checked>,
    ) -> Result<(), AppError> {
        match (before, after) {
            (Some(_), Some(after)) => applications::update(conn, after)?,
            (Some(_), None) => applications::delete(conn, &self.id)?,
            (None, Some(after)) if applications::insert_if_free(conn, after)? => {}
            (None, Some(_)) => return Err(Refusal::IdTaken.into()),
            (None, None) => {}
        }
        Ok(())
    }
}

/// What the authorization server has to know of an application.
pub(crate) fn status(application: Option<&Application>) -> Option<ApplicationStatus> {
    application.map(|application| ApplicationStatus {
        organization_id: application.organization_id.to_string(),
        disabled: application.disabled,
        expires_at: application.expires_at,
    })
}

/// Tells the authorization server, and waits for it: on a thread for blocking work, inside the transaction that depends
/// on the answer.
///
/// It is asked for the revision first, and the lock is shown to be held still after the answer: nobody else has told
/// anything since the row was read. If somebody does later, because this connection breaks, or if this is given up on and
/// arrives late, it comes after a revision that is over, and changes nothing.
///
/// # Errors
/// It does not confirm, or not in time; the lock is lost.
pub(crate) fn tell(
    conn: &mut DbConn,
    registry: &dyn ApplicationRegistry,
    id: &ApplicationId,
    status: Option<&ApplicationStatus>,
) -> Result<(), AppError> {
    let after = in_time(registry.revision(id.as_str())).inspect_err(|error| count(Err(error)))?;
    lock::hold(conn, id)?;
    let outcome = in_time(match status {
        Some(status) => registry.put(id.as_str(), status, after),
        None => registry.delete(id.as_str(), after),
    });
    count(outcome.as_ref());
    Ok(outcome?)
}

fn in_time<T>(answer: BoxFuture<'_, Result<T, RegistryError>>) -> Result<T, RegistryError> {
    Handle::current()
        .block_on(async { tokio::time::timeout(CONFIRMATION, answer).await })
        .unwrap_or_else(|_| Err(RegistryError::Unconfirmed("not in time".to_owned())))
}

fn count(outcome: Result<&(), &RegistryError>) {
    let label = match outcome {
        Ok(()) => "confirmed",
        Err(RegistryError::Unconfirmed(_)) => "unconfirmed",
        Err(RegistryError::Refused(_)) => "refused",
    };
    metrics::counter!("tessera_application_status_total", "outcome" => label).increment(1);
}
