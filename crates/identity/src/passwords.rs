//! Password hashes: what is made here (Argon2id), what is understood besides (Django PBKDF2, bcrypt), and the bounded
//! pool of threads they are computed on.
//!
//! | format | where from | verified | made |
//! | --- | --- | --- | --- |
//! | `$argon2id$v=19$…` | Tessera | yes; upgraded when its parameters are not the configured ones | yes |
//! | `pbkdf2_sha256$…` | Django (Meet's users and applications) | yes, then upgraded | no |
//! | `$2a$ $2b$ $2y$` | Devise, PHP and others | yes, then upgraded if shorter than 72 bytes | no |
//!
//! To add a format: a module with a bounded parser and a `matches`, and a variant of [`EncodedHash`].

mod argon;
mod blowfish;
mod django;
mod encoded;
mod hasher;
mod memory;
pub mod rules;
mod settings;
mod threads;

pub use encoded::{EncodedHash, UnsupportedHash};
pub(crate) use hasher::Turn;
pub use hasher::{PasswordError, PasswordHasher, Verdict};
pub use settings::PasswordSettings;

/// Passwords longer than this many bytes are refused before anything is computed from them.
pub const MAX_PASSWORD_BYTES: usize = 4096;
