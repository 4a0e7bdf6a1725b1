//! Slows down whoever guesses.
//!
//! | counted | by | kept | made by |
//! | --- | --- | --- | --- |
//! | wrong client secrets | client id and address | in the database, mirrored in memory | [`ClientGuard`] |
//! | wrong client secrets | address | in memory | [`ClientGuard`] |
//! | wrong passwords | name and address, address alone | in memory | [`Identity`](crate::Identity), see [`PasswordLimits`] |
//! | wrong passwords | name | in the database | the same |
//! | wrong codes | account and address | in memory | the same, with [`OtpSettings`](crate::otp::OtpSettings) |
//! | wrong codes | account | in the database | the same |
//!
//! What is in the database is counted by all replicas together and survives them: see `lockouts`. The counting in memory
//! is crate `rate-limit`'s.

pub(crate) mod attempts;
pub(crate) mod familiar;
pub(crate) mod lockouts;
mod passwords;
mod unlocking;

pub(crate) use rate_limit::Network;
pub use rate_limit::{Limit, Throttle, Throttled};

pub use self::lockouts::{ClientGuard, ClientLimits, LockoutRule};
pub(crate) use self::passwords::PasswordGuard;
pub use self::passwords::PasswordLimits;
pub use self::unlocking::LockState;
