//! Signing keys: made, sealed at rest, rotated, published, and used. No database and no HTTP: the owner of the keys
//! stores [`StoredKey`]s and carries out the [`RotationStep`]s a [`RotationPolicy`] plans.
//!
//! | state of a key | from | in the JWKS | signs |
//! | --- | --- | --- | --- |
//! | published | its creation | yes | no: verifiers get time to learn of it |
//! | active | `activates_at` | yes | yes; of several active keys the one activated last |
//! | retired | `retires_at` | yes | no: the tokens it signed live on |
//! | dead | `expires_at` | no | no; its row is deleted |
//!
//! A key's `retires_at` is the `activates_at` of the key that follows it, and its `expires_at` lies one longest token
//! later, so there is always exactly one key to sign with and every living token has a published key. A withdrawn key
//! (its compromise is feared) is retired and dead at the same instant.
//!
//! Private keys are operated by aws-lc alone. To add an algorithm, begin in `auth_claims::keys`; the compiler then
//! leads through `generate.rs` and `signer.rs` here.

mod generate;
mod keyring;
mod rotation;
mod sealer;
mod signer;
mod stored;

pub use auth_claims::keys::{Algorithm, Jwk, JwkSet};

pub use self::generate::{GenerateError, GeneratedKey};
pub use self::keyring::{Keyring, KeyringError, TokenType};
pub use self::rotation::{ManualRotation, RotationPolicy, RotationStep};
pub use self::sealer::{OpenError, ResealError, SealError, Sealer};
pub use self::stored::{KeyState, StoredKey};
