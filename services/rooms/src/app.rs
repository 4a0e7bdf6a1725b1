//! What handlers share, and their only way to the database.

use std::sync::Arc;

use actix_web::rt;
use auth_claims::clock::Clock;
use service_kit::origin::PublicOrigin;
use store::{Db, DbConn, StoreCause, StoreError};
use tracing::Instrument as _;

use crate::audit::Act;
use crate::domain::access::RoomOf;
use crate::domain::email::EmailAddress;
use crate::domain::person::Person;
use crate::domain::random::Randomness;
use crate::domain::room::RoomId;
use crate::settings::RoomsSettings;
use crate::store::new_room::PinPolicy;
use crate::store::{rooms, takeover};

/// The running service, as handlers see it.
pub struct App {
    db: Db,
    /// The settings.
    pub settings: RoomsSettings,
    /// Where links begin.
    pub origin: PublicOrigin,
    /// The time.
    pub clock: Clock,
    /// Where slugs and PINs come from.
    pub randomness: Arc<dyn Randomness>,
}

impl App {
    pub(crate) fn new(
        db: Db,
        settings: RoomsSettings,
        origin: PublicOrigin,
        clock: Clock,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        Self { db, settings, origin, clock, randomness }
    }

    /// How PINs are drawn, when new rooms get one.
    #[must_use]
    pub fn pins(&self) -> Option<PinPolicy> {
        let telephony = &self.settings.telephony;
        telephony
            .enabled
            .then_some(PinPolicy { length: telephony.pin_length, draws: telephony.pin_max_retries })
    }

    /// Queries on behalf of a person, who by then holds every role that was given to their e-mail.
    ///
    /// # Errors
    /// Those of `work`, and the database's.
    pub async fn read<T, E, F>(&self, person: &Person, mut work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Clone + Send + 'static,
    {
        let outcome = self.db.read(unless_awaited(person, work.clone()));
        if let Some(value) = outcome.await? {
            return Ok(value);
        }
        self.take_over(person).await?;
        self.db.read(move |conn| work(conn)).await
    }

    /// A room, with the role that a person holds in it once they hold every role that was given to their e-mail. Where none
    /// waits for them, as nearly always, it is one statement.
    ///
    /// # Errors
    /// The database's.
    pub async fn room(&self, person: &Person, id: RoomId) -> Result<Option<RoomOf>, StoreError> {
        let (account, email) = (person.account, person.email.as_ref().map(EmailAddress::key));
        let found = move |conn: &mut DbConn| rooms::find_unless_awaited(conn, id, account, email.as_ref());
        match self.db.look_up(found).await? {
            Some(room) => Ok(Some(room)),
            None => self.read(person, move |conn| rooms::find(conn, id, account)).await,
        }
    }

    /// Like [`App::read`], in one write transaction; what `work` says it did is recorded once it is committed.
    ///
    /// A client that hangs up does not stop it: between commit and record there is nobody left who could.
    ///
    /// # Errors
    /// Those of `work`, and the database's.
    pub async fn write<T, E, F>(self: &Arc<Self>, person: &Person, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<(T, Option<Act>), E> + Clone + Send + 'static,
    {
        let (app, person) = (Arc::clone(self), person.clone());
        let task = async move {
            let (value, act) = app.commit(&person, work).await?;
            if let Some(act) = act {
                act.record(&person);
            }
            Ok(value)
        };
        rt::spawn(task.in_current_span()).await.unwrap_or_else(|_| Err(StoreError::Panicked.into()))
    }

    async fn commit<T, E, F>(&self, person: &Person, mut work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Clone + Send + 'static,
    {
        let outcome = self.db.write(unless_awaited(person, work.clone()));
        if let Some(value) = outcome.await? {
            return Ok(value);
        }
        self.take_over(person).await?;
        self.db.write(move |conn| work(conn)).await
    }

    /// Makes the roles given to a person's e-mail those of their account.
    async fn take_over(&self, person: &Person) -> Result<(), StoreError> {
        let Some(email) = person.email.as_ref().map(EmailAddress::key) else { return Ok(()) };
        let (account, now) = (person.account, self.clock.now());
        loop {
            let email = email.clone();
            let more = self.db.write(move |conn| takeover::take_over(conn, account, &email, now)).await?;
            if !more {
                return Ok(());
            }
        }
    }
}

/// `work`, or nothing when roles wait for this person. Asked on the same connection, so that it costs one indexed look.
fn unless_awaited<T, E, F>(
    person: &Person,
    mut work: F,
) -> impl FnMut(&mut DbConn) -> Result<Option<T>, E> + use<T, E, F>
where
    E: From<StoreError>,
    F: FnMut(&mut DbConn) -> Result<T, E>,
{
    let email = person.email.as_ref().map(EmailAddress::key);
    move |conn| match &email {
        Some(email) if takeover::is_awaited(conn, email)? => Ok(None),
        _ => work(conn).map(Some),
    }
}
