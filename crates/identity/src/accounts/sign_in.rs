//! Checking a password, in every dialect: throttled, and as long for nobody's name as for somebody's.

use secrecy::SecretString;
use store::{DbConn, StoreError};
use tracing::Instrument as _;

use super::{
    Account, AccountId, EmailKey, changes,
    queries::{self, Credentials},
};
use crate::{
    audit::Origin,
    errors::IdentityError,
    identity::Identity,
    passwords::{EncodedHash, PasswordError, Turn, Verdict},
    text::fold,
    throttle::{Admitted, Network, Throttled, familiar::Familiar},
};

/// A longer name is nobody's, and is not looked up as it is.
const LONGEST_NAME: usize = 4096;

/// Why somebody is not signed in by password.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// No such account, no password on it, or another password: told apart by nobody.
    #[error("bad credentials")]
    BadCredentials,
    /// The password is right and the account disabled.
    #[error("the account is disabled")]
    Disabled,
    /// Too many wrong passwords: this one was not even looked at.
    #[error("too many failed attempts, try again in {retry_after} seconds")]
    Throttled {
        /// Whole seconds, at least one.
        retry_after: u64,
    },
    /// It could not be found out.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl From<Throttled> for SignInRefusal {
    fn from(Throttled { retry_after }: Throttled) -> Self {
        Self::Throttled { retry_after }
    }
}

impl SignInRefusal {
    /// A word for audit and metrics.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::Disabled => "disabled",
            Self::Throttled { .. } => "throttled",
            Self::Failed(_) => "failed",
        }
    }
}

/// What somebody calls themselves.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    /// A login, or else an e-mail address.
    LoginOrEmail(String),
    /// An e-mail address only.
    Email(String),
}

impl Name {
    /// As it was typed, so far as it can be somebody's.
    fn read(text: &str) -> String {
        let text = text.trim();
        if text.len() > LONGEST_NAME { String::new() } else { text.to_owned() }
    }

    pub(crate) fn login_or_email(text: &str) -> Self {
        Self::LoginOrEmail(Self::read(text))
    }

    pub(crate) fn email(text: &str) -> Self {
        Self::Email(Self::read(text))
    }

    /// The form under which failures are counted: that of the look-up, so that no two spellings of a name are two.
    fn key(&self) -> String {
        let (Self::LoginOrEmail(text) | Self::Email(text)) = self;
        queries::storable(&fold(text))
    }

    fn look_up(&self, conn: &mut DbConn) -> Result<Option<Credentials>, StoreError> {
        match self {
            Self::LoginOrEmail(text) => queries::credentials(conn, text),
            Self::Email(text) => queries::credentials_of_email(conn, text.parse::<EmailKey>().ok().as_ref()),
        }
    }
}

/// Somebody who has just shown the right password of an enabled account.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) account: Account,
    /// The hash it was checked against, as it is stored.
    pub(crate) stored: String,
    /// Where it came from.
    pub(crate) network: Familiar,
}

/// A check of a password, with the account it was about, if there is one.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) account: Option<AccountId>,
    pub(crate) outcome: Result<Proven, SignInRefusal>,
}

impl Identity {
    /// The account that this name and password belong to.
    ///
    /// An unknown name costs the same queries and one hash like a known one (threat 17). Only an account whose hash
    /// was imported and never used yet takes the time of its own format. Wrong passwords are counted as
    /// [`PasswordLimits`](crate::throttle::PasswordLimits) says, against the name and `origin`'s address.
    ///
    /// # Errors
    /// [`SignInRefusal`]; `Disabled` only after the right password.
    #[tracing::instrument(name = "password.verify", skip_all)]
    pub async fn verify_password(
        &self,
        login_or_email: &str,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<Account, SignInRefusal> {
        let attempt = self.prove(Name::login_or_email(login_or_email), password, origin).await;
        let Proven { account, network, .. } = attempt.outcome?;
        self.note_later(account.id, network);
        Ok(account)
    }

    /// A convenience of later sign-ins: this one neither waits for it nor fails with it.
    fn note_later(&self, id: AccountId, network: Familiar) {
        let (db, now) = (self.db.clone(), self.clock.now());
        if network.is_due(now) {
            tokio::spawn(async move {
                if let Err(error) = db.write(move |conn| network.note(conn, id, now)).await {
                    tracing::warn!(account.id = %id, %error, "a familiar network was not noted");
                }
            });
        }
    }

    /// Checks a password against the name's account, or against nothing in the same time.
    pub(crate) async fn prove(&self, name: Name, password: &SecretString, origin: &Origin) -> Attempt {
        let (key, network) = (name.key(), Network::of(origin.address));
        let (credentials, familiar) = match self.known_under(name, network.clone()).await {
            Ok(found) => found,
            Err(error) => return Attempt { account: None, outcome: Err(error.into()) },
        };
        let account = credentials.as_ref().map(|(account, _)| account.id);
        let outcome = match self.guard.admit(&key, &network, familiar.is_known(), &self.clock).await {
            Ok(admitted) => self.check(admitted, credentials, password).await,
            Err(throttled) => Err(throttled.into()),
        };
        // What a stranger would hear: see `check_shared`.
        let outcome = match outcome {
            Err(SignInRefusal::BadCredentials) if familiar.is_known() => {
                let shared = self.guard.check_shared(&key, &network, self.clock.uptime());
                Err(shared.err().map_or(SignInRefusal::BadCredentials, SignInRefusal::from))
            }
            outcome => outcome,
        };
        let label = outcome.as_ref().map_or_else(SignInRefusal::as_str, |_| "success");
        metrics::counter!("tessera_password_checks_total", "outcome" => label).increment(1);
        let outcome = outcome.map(|(account, stored)| Proven { account, stored, network: familiar });
        Attempt { account, outcome }
    }

    async fn known_under(
        &self,
        name: Name,
        network: Network,
    ) -> Result<(Option<Credentials>, Familiar), IdentityError> {
        let (secrets, now) = (self.secrets.clone(), self.clock.now());
        let look = move |conn: &mut DbConn| {
            let found = name.look_up(conn)?;
            let account = found.as_ref().map(|(account, _)| account.id);
            let familiar = Familiar::look(conn, &secrets, account, &network, now)?;
            Ok::<_, StoreError>((found, familiar))
        };
        Ok(self.db.read(look).await?)
    }

    /// Checks, and says to the counts how it ended. Somebody who goes away before it begins has cost nothing and learnt
    /// nothing. Once it has begun it comes to its end, so that nobody gets hashes for free by hanging up (threat 18).
    async fn check(
        &self,
        admitted: Admitted,
        found: Option<Credentials>,
        password: &SecretString,
    ) -> Result<(Account, String), SignInRefusal> {
        let turn = self.hasher.turn(password).await.map_err(refusal);
        let (identity, password) = (self.clone(), password.clone());
        let checked = async move {
            let outcome = match turn {
                Ok(turn) => identity.compare(turn, found, &password).await,
                Err(refusal) => Err(refusal),
            };
            match &outcome {
                Ok(_) | Err(SignInRefusal::Disabled) => admitted.succeeded(),
                Err(SignInRefusal::BadCredentials) => admitted.failed(identity.clock.uptime()),
                Err(SignInRefusal::Throttled { .. } | SignInRefusal::Failed(_)) => drop(admitted),
            }
            outcome
        };
        let ended = tokio::spawn(checked.in_current_span()).await;
        ended.unwrap_or_else(|_| Err(refusal(PasswordError::Unavailable)))
    }

    async fn compare(
        &self,
        turn: Turn,
        found: Option<Credentials>,
        password: &SecretString,
    ) -> Result<(Account, String), SignInRefusal> {
        let Some((account, stored, hash)) = usable(found) else {
            // The work is the same (threat 17).
            turn.verify(self.hasher.dummy(), password).await.map_err(refusal)?;
            return Err(SignInRefusal::BadCredentials);
        };
        let verdict = turn.verify(&hash, password).await.map_err(refusal)?;
        if verdict == Verdict::Mismatch {
            return Err(SignInRefusal::BadCredentials);
        }
        let stored = match verdict {
            Verdict::MatchNeedsUpgrade => self.upgrade(&account, stored, password).await?,
            Verdict::Match | Verdict::Mismatch => stored,
        };
        self.still_valid(account.id, &stored, password).await
    }

    /// Replaces the hash and returns the one stored then. A busy pool puts it off to the next sign-in.
    async fn upgrade(
        &self,
        account: &Account,
        stored: String,
        password: &SecretString,
    ) -> Result<String, IdentityError> {
        let (id, old) = (account.id, stored.clone());
        let new = match self.hasher.hash(password).await {
            Ok(new) => new,
            Err(error) => {
                tracing::warn!(account.id = %id, %error, "the password hash is upgraded later");
                return Ok(stored);
            }
        };
        let text = new.to_stored();
        let upgraded = self.db.write(move |conn| changes::upgrade_hash(conn, id, &old, &new)).await?;
        Ok(if upgraded { text } else { stored })
    }

    /// Looks again: hashing takes long enough for the account to be disabled, or its password changed, meanwhile.
    /// Returns the hash that is stored by then.
    pub(crate) async fn still_valid(
        &self,
        id: AccountId,
        stored: &str,
        password: &SecretString,
    ) -> Result<(Account, String), SignInRefusal> {
        let current: Option<Credentials> =
            self.db.read(move |conn| queries::current(conn, id)).await.map_err(IdentityError::from)?;
        let Some((account, stored_now, hash)) = usable(current) else {
            return Err(SignInRefusal::BadCredentials);
        };
        // Another hash: the password has changed, or a concurrent sign-in has upgraded the very same one.
        let unchanged = stored_now == stored;
        if !unchanged && self.hasher.verify(&hash, password).await.map_err(refusal)? == Verdict::Mismatch {
            return Err(SignInRefusal::BadCredentials);
        }
        if account.enabled { Ok((account, stored_now)) } else { Err(SignInRefusal::Disabled) }
    }
}

/// An account with a hash that can be checked against, or nothing.
fn usable(found: Option<Credentials>) -> Option<(Account, String, EncodedHash)> {
    let (account, stored) = found?;
    let stored = stored?;
    match stored.parse() {
        Ok(hash) => Some((account, stored, hash)),
        Err(error) => {
            tracing::warn!(account.id = %account.id, %error, "the stored password hash cannot be used");
            None
        }
    }
}

fn refusal(error: PasswordError) -> SignInRefusal {
    match error {
        PasswordError::TooLong => SignInRefusal::BadCredentials,
        other => SignInRefusal::Failed(other.into()),
    }
}
