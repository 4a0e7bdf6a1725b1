//! Slows down whoever guesses: failures within a window that slides, counted by whatever names the guesser.
//!
//! | counted | by | made by |
//! | --- | --- | --- |
//! | wrong client secrets | client id and address | the auth server, with [`Throttle::check`] and its companions |
//! | wrong passwords | name and address, name alone, address alone | [`Identity`](crate::Identity), see [`PasswordLimits`] |
//!
//! The counting itself is crate `rate-limit`'s.

pub(crate) mod familiar;
mod passwords;

pub(crate) use rate_limit::Network;
pub use rate_limit::{Limit, Throttle, Throttled};

pub use self::passwords::PasswordLimits;
pub(crate) use self::passwords::{Admitted, PasswordGuard};
