//! What handlers share.

use auth_claims::clock::Clock;
use auth_claims::scopes::Scope;
use identity::passwords::PasswordHasher;
use identity::revocations::Feed;
use service_kit::origin::PublicOrigin;
use store::Db;

use crate::rates::Rates;
use crate::settings::ProvisioningSettings;

/// The running service, as handlers see it.
pub struct App {
    /// The directory's database.
    pub db: Db,
    /// What revocations go through.
    pub revocations: Feed,
    /// The pool that hashes passwords.
    pub hasher: PasswordHasher,
    /// How often callers may do what is counted.
    pub rates: Rates,
    /// Where clients reach the platform.
    pub origin: PublicOrigin,
    /// The settings.
    pub settings: ProvisioningSettings,
    /// The scope that access tokens need.
    pub scope: Scope,
    /// The time.
    pub clock: Clock,
}
