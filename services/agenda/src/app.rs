//! What handlers share.

use auth_claims::clock::Clock;
use chrono::NaiveDate;
use identity::audit::AuditTrail;
use store::Db;

use crate::domain::paris;
use crate::settings::AgendaSettings;

/// The running service, as handlers see it.
pub struct App {
    /// The directory's database.
    pub db: Db,
    /// Where calls are recorded.
    pub audit: AuditTrail,
    /// The settings.
    pub settings: AgendaSettings,
    /// The time.
    pub clock: Clock,
}

impl App {
    /// The day it is where the agendas are.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        paris::today(self.clock.now())
    }
}
