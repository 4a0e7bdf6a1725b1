//! The pool that computes hashes: few at a time, few waiting, and an answer at once when there are too many.

use std::{sync::Arc, time::Instant};

use metrics::{Counter, Gauge};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    EncodedHash, MAX_PASSWORD_BYTES, PasswordSettings, UnsupportedHash,
    argon::{ArgonHash, Cost},
    blowfish::BcryptHash,
    memory::Memory,
    threads::Threads,
};

/// What checking a password against a stored hash gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right.
    Match,
    /// The password is right and the hash should be made anew.
    MatchNeedsUpgrade,
    /// The password is wrong.
    Mismatch,
}

/// Why a password was neither hashed nor checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// More than [`MAX_PASSWORD_BYTES`].
    #[error("the password is longer than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// Too many hashes are waiting already.
    #[error("too many password checks are waiting")]
    Overloaded,
    /// The hash or the configured cost is not acceptable.
    #[error(transparent)]
    Unsupported(#[from] UnsupportedHash),
    /// The operating system gave no random bytes, or the pool is shutting down.
    #[error("password hashing is unavailable")]
    Unavailable,
}

/// A place among those that are computed now. From its first use on the work is done, whether anybody waits for it or not.
#[derive(Debug)]
pub(crate) struct Turn {
    cost: Cost,
    threads: Arc<Threads>,
    permits: [OwnedSemaphorePermit; 2],
    runs: Raised,
}

/// Hashes and verifies passwords on a bounded number of threads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PasswordHasher {
    cost: Cost,
    threads: Arc<Threads>,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// How many wait in line, how many are computed now, and who found the line too long.
    waits: Gauge,
    runs: Gauge,
    turned_away: Counter,
    dummy: Arc<EncodedHash>,
}

impl PasswordHasher {
    /// A pool with these costs and bounds.
    ///
    /// # Errors
    /// When the configured cost is out of bounds, or the operating system refuses what it takes.
    pub fn new(settings: &PasswordSettings) -> Result<Self, PasswordError> {
        let cost = Cost::from_settings(settings)?;
        let threads = settings.effective_threads().min(Semaphore::MAX_PERMITS / 2);
        let queue = settings.queue.min(Semaphore::MAX_PERMITS / 2);
        // Nobody knows this password: it is 32 random bytes, thrown away here.
        let dummy = compute(cost, &random::<32>()?, &mut Memory::default())?;
        metrics::gauge!("tessera_password_hash_threads").set(count(threads));
        metrics::gauge!("tessera_password_hash_queue_size").set(count(queue));
        let turned_away = metrics::counter!("tessera_password_hash_rejected_total");
        turned_away.increment(0);
        Ok(Self {
            cost,
            threads: Arc::new(Threads::new(threads).map_err(|_| PasswordError::Unavailable)?),
            waits: metrics::gauge!("tessera_password_hash_waiting"),
            runs: metrics::gauge!("tessera_password_hash_running"),
            turned_away,
            running: Arc::new(Semaphore::new(threads)),
            admitted: Arc::new(Semaphore::new(threads + queue)),
            dummy: Arc::new(dummy),
        })
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// Too long a password, or too many callers waiting.
    pub async fn hash(&self, password: &SecretString) -> Result<EncodedHash, PasswordError> {
        let cost = self.cost;
        self.turn(password)
            .await?
            .run(password, move |password, memory| compute(cost, password, memory))
            .await
    }

    /// Checks a password against a stored hash.
    ///
    /// # Errors
    /// Too long a password, or too many callers waiting.
    pub async fn verify(
        &self,
        hash: &EncodedHash,
        password: &SecretString,
    ) -> Result<Verdict, PasswordError> {
        self.turn(password).await?.verify(hash, password).await
    }

    /// Waits for a turn with this password.
    ///
    /// # Errors
    /// Too long a password, or too many callers waiting.
    pub(crate) async fn turn(&self, password: &SecretString) -> Result<Turn, PasswordError> {
        bounded(password)?;
        let Ok(admitted) = self.admitted.clone().try_acquire_owned() else {
            self.turned_away.increment(1);
            return Err(PasswordError::Overloaded);
        };
        let waits = Raised::new(&self.waits);
        let running = self.running.clone().acquire_owned().await.map_err(|_| PasswordError::Unavailable)?;
        drop(waits);
        let (threads, runs) = (Arc::clone(&self.threads), Raised::new(&self.runs));
        Ok(Turn { cost: self.cost, threads, permits: [admitted, running], runs })
    }

    /// Hashes on the calling thread; for start-up code that is on a blocking thread anyway.
    ///
    /// # Errors
    /// Too long a password.
    pub fn hash_blocking(&self, password: &SecretString) -> Result<EncodedHash, PasswordError> {
        compute(self.cost, bounded(password)?, &mut Memory::default())
    }

    /// Checks on the calling thread; for start-up code that is on a blocking thread anyway.
    ///
    /// # Errors
    /// Too long a password.
    pub fn verify_blocking(
        &self,
        hash: &EncodedHash,
        password: &SecretString,
    ) -> Result<Verdict, PasswordError> {
        check(self.cost, hash, bounded(password)?, &mut Memory::default())
    }

    /// A hash that no password matches, for when there is nothing to check against: it takes as long.
    pub(crate) fn dummy(&self) -> &EncodedHash {
        &self.dummy
    }
}

impl Turn {
    /// Checks a password against a stored hash.
    ///
    /// # Errors
    /// Too long a password.
    pub(crate) async fn verify(
        self,
        hash: &EncodedHash,
        password: &SecretString,
    ) -> Result<Verdict, PasswordError> {
        let (cost, hash) = (self.cost, hash.clone());
        self.run(password, move |password, memory| check(cost, &hash, password, memory)).await
    }

    async fn run<T: Send + 'static>(
        self,
        password: &SecretString,
        work: impl FnOnce(&[u8], &mut Memory) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        bounded(password)?;
        let (password, permits, runs) = (password.clone(), self.permits, self.runs);
        // The permits live as long as the work does, even when the caller goes away meanwhile.
        let task = self.threads.run(move |memory| {
            let (_permits, _runs) = (permits, runs);
            let started = Instant::now();
            let outcome = work(password.expose_secret().as_bytes(), memory);
            metrics::histogram!("tessera_password_hash_seconds").record(started.elapsed().as_secs_f64());
            outcome
        });
        task.ok_or(PasswordError::Unavailable)?.await.map_err(|_| PasswordError::Unavailable)?
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge")]
fn count(number: usize) -> f64 {
    number as f64
}

/// A gauge that is one higher while this lives.
#[derive(Debug)]
struct Raised(Gauge);

impl Raised {
    fn new(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

fn bounded(password: &SecretString) -> Result<&[u8], PasswordError> {
    let bytes = password.expose_secret().as_bytes();
    if bytes.len() > MAX_PASSWORD_BYTES { Err(PasswordError::TooLong) } else { Ok(bytes) }
}

fn compute(cost: Cost, password: &[u8], memory: &mut Memory) -> Result<EncodedHash, PasswordError> {
    Ok(EncodedHash::Argon(ArgonHash::compute(cost, password, random()?, memory)?))
}

fn check(
    cost: Cost,
    hash: &EncodedHash,
    password: &[u8],
    memory: &mut Memory,
) -> Result<Verdict, PasswordError> {
    let (matches, upgrade) = match hash {
        EncodedHash::Argon(hash) => (hash.matches(password, memory)?, !hash.has_cost(cost)),
        EncodedHash::Django(hash) => (hash.matches(password), true),
        EncodedHash::Bcrypt(hash) => (hash.matches(password)?, BcryptHash::is_exact_for(password)),
    };
    Ok(match (matches, upgrade) {
        (false, _) => Verdict::Mismatch,
        (true, false) => Verdict::Match,
        (true, true) => Verdict::MatchNeedsUpgrade,
    })
}

fn random<const N: usize>() -> Result<[u8; N], PasswordError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| PasswordError::Unavailable)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher() -> PasswordHasher {
        let cheap = PasswordSettings {
            memory_kib: 64,
            iterations: 1,
            threads: Some(1),
            queue: 1,
            ..Default::default()
        };
        PasswordHasher::new(&cheap).unwrap()
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[tokio::test]
    async fn a_made_hash_verifies_and_only_its_password_does() {
        let hasher = hasher();
        let hash = hasher.hash(&secret("correct horse")).await.unwrap();
        assert_eq!(hasher.verify(&hash, &secret("correct horse")).await.unwrap(), Verdict::Match);
        for wrong in ["", "correct hors", "correct horse ", "Correct horse", "correct horse\0"] {
            assert_eq!(hasher.verify(&hash, &secret(wrong)).await.unwrap(), Verdict::Mismatch, "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn two_hashes_of_one_password_differ() {
        let hasher = hasher();
        let password = secret("correct horse");
        assert_ne!(hasher.hash(&password).await.unwrap(), hasher.hash_blocking(&password).unwrap());
    }

    #[tokio::test]
    async fn other_costs_and_formats_ask_for_an_upgrade() {
        let (hasher, password) = (hasher(), secret("a"));
        let other = PasswordSettings { memory_kib: 32, ..PasswordSettings::default() };
        let other = PasswordHasher::new(&other).unwrap().hash_blocking(&password).unwrap();
        let django = "pbkdf2_sha256$1$x$m/l3Vl2z6U8cnu55bhSTG7mldFijLtZRm3TX2JhSJX4=";
        let bcrypt = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert_eq!(hasher.verify(&other, &password).await.unwrap(), Verdict::MatchNeedsUpgrade);
        let bcrypt: EncodedHash = bcrypt.parse().unwrap();
        assert_eq!(hasher.verify(&bcrypt, &password).await.unwrap(), Verdict::MatchNeedsUpgrade);
        let django: EncodedHash = django.parse().unwrap();
        assert_eq!(hasher.verify(&django, &password).await.unwrap(), Verdict::MatchNeedsUpgrade);
    }

    #[tokio::test]
    async fn a_bcrypt_password_of_72_bytes_matches_but_is_not_upgraded() {
        let long = "x".repeat(72);
        let hash: EncodedHash = ::bcrypt::hash(&long, 4).unwrap().parse().unwrap();
        assert_eq!(hasher().verify(&hash, &secret(&long)).await.unwrap(), Verdict::Match);
    }

    #[tokio::test]
    async fn a_long_password_is_refused_before_it_is_hashed() {
        let hasher = hasher();
        let _all = hasher.admitted.clone().acquire_many_owned(2).await.unwrap();
        let long = secret(&"x".repeat(MAX_PASSWORD_BYTES + 1));
        assert!(matches!(hasher.hash(&long).await, Err(PasswordError::TooLong)));
        assert!(matches!(hasher.verify(hasher.dummy(), &long).await, Err(PasswordError::TooLong)));
        assert!(matches!(hasher.hash_blocking(&long), Err(PasswordError::TooLong)));
    }

    #[tokio::test]
    async fn too_many_waiting_are_told_at_once() {
        let hasher = hasher();
        let all = hasher.admitted.clone().acquire_many_owned(2).await.unwrap();
        assert!(matches!(hasher.verify(hasher.dummy(), &secret("x")).await, Err(PasswordError::Overloaded)));
        drop(all);
        hasher.verify(hasher.dummy(), &secret("x")).await.unwrap();
        assert_eq!((hasher.running.available_permits(), hasher.admitted.available_permits()), (1, 2));
    }

    #[test]
    fn a_configured_cost_out_of_bounds_is_refused() {
        for (memory_kib, iterations) in [(4_194_304, 2), (19_456, 0), (19_456, 1_000), (1, 1)] {
            let settings = PasswordSettings { memory_kib, iterations, ..PasswordSettings::default() };
            assert!(PasswordHasher::new(&settings).is_err(), "{memory_kib} {iterations}");
        }
    }
}
