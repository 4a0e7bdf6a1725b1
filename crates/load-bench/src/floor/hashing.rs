//! Argon2id without anything around it.

use std::time::{Duration, Instant};

use identity::passwords::{PasswordHasher, PasswordSettings};
use secrecy::SecretString;

/// Hashes in a second at the platform's cost, one after the other on the calling thread.
pub(super) fn per_second(span: Duration) -> anyhow::Result<f64> {
    let hasher = PasswordHasher::new(&PasswordSettings::default())?;
    let password = SecretString::from("correct-Horse-9-staple");
    let (begun, mut hashes) = (Instant::now(), 0_u32);
    while begun.elapsed() < span {
        hasher.hash_blocking(&password)?;
        hashes += 1;
    }
    Ok(f64::from(hashes) / begun.elapsed().as_secs_f64())
}
