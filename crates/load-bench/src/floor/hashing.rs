//! Argon2id without anything around it.

use std::time::{Duration, Instant};

use identity::passwords::{PasswordHasher, PasswordSettings};
use secrecy::SecretString;

/// Hashes in a second at the platform's cost, one after the other on one thread, which keeps its memory as the platform's do.
pub(super) async fn per_second(span: Duration) -> anyhow::Result<f64> {
    let hasher = PasswordHasher::new(&PasswordSettings { threads: Some(1), ..PasswordSettings::default() })?;
    let password = SecretString::from("correct-Horse-9-staple");
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed() < span {
        hasher.hash(&password).await?;
        count += 1;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}
