//! Checking a password, in every dialect: throttled, and as long for nobody's name as for somebody's.

mod name;
mod refusal;

use secrecy::SecretString;
use store::{DbConn, StoreError};
use tracing::Instrument as _;

pub use name::Name;
pub use refusal::SignInRefusal;

use super::{
    Account, AccountId, changes,
    queries::{self, Credentials},
};
use crate::{
    audit::Origin,
    errors::IdentityError,
    identity::Identity,
    otp::{FactorShown, SecondFactor, Shown, Whence},
    passwords::{EncodedHash, PasswordError, Turn, Verdict},
    throttle::{
        Network,
        attempts::{Admitted, Whose},
        familiar::Familiar,
    },
};

/// Somebody who has signed in, and what that rests on.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who: enabled.
    pub account: Account,
    /// What was shown beside the password.
    pub factor: FactorShown,
    /// The hash it was checked against, as it is stored.
    pub(crate) stored: String,
    pub(crate) shown: Shown,
}

/// Somebody who has just shown all that an enabled account asks for.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) account: Account,
    /// The hash it was checked against, as it is stored.
    pub(crate) stored: String,
    /// Where it came from.
    pub(crate) network: Familiar,
    pub(crate) shown: Shown,
}

/// A check of a password, with the account it was about, if there is one.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) account: Option<AccountId>,
    pub(crate) outcome: Result<Proven, SignInRefusal>,
}

impl Identity {
    /// The account that this name and password belong to, if they are all that it asks for.
    ///
    /// # Errors
    /// As [`verify_credentials`](Self::verify_credentials), with no second factor.
    pub async fn verify_password(
        &self,
        login_or_email: &str,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<Account, SignInRefusal> {
        let (name, nothing) = (Name::login_or_email(login_or_email), SecondFactor::default());
        Ok(self.verify_credentials(name, password, &nothing, origin).await?.account)
    }

    /// Signs in to the account of this name.
    ///
    /// An unknown name costs the same queries and one hash like a known one (threat 17). Only an account whose hash
    /// was imported and never used yet takes the time of its own format. Wrong passwords are counted as
    /// [`PasswordLimits`](crate::throttle::PasswordLimits) says, against the name and `origin`'s address; wrong codes as
    /// [`OtpSettings`](crate::otp::OtpSettings) says, against the account.
    ///
    /// # Errors
    /// [`SignInRefusal`]; `Disabled` only after the right password, `OtpRequired` and `OtpInvalid` only for an account that
    /// is enabled.
    #[tracing::instrument(name = "password.verify", skip_all)]
    pub async fn verify_credentials(
        &self,
        name: Name,
        password: &SecretString,
        factor: &SecondFactor,
        origin: &Origin,
    ) -> Result<SignedIn, SignInRefusal> {
        let attempt = self.prove(name, password, factor, origin).await;
        let Proven { account, stored, network, shown } = attempt.outcome?;
        self.note_later(account.id, network);
        self.note_sign_in(account.id);
        Ok(SignedIn { account, factor: shown.factor, stored, shown })
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

    /// Checks a password against the name's account, or against nothing in the same time; then the second factor. The only
    /// way from a name to an account: whatever dialect signs somebody in comes through here (threat 9).
    pub(crate) async fn prove(
        &self,
        name: Name,
        password: &SecretString,
        factor: &SecondFactor,
        origin: &Origin,
    ) -> Attempt {
        let (key, network) = (name.key(), Network::of(origin.address));
        let (credentials, familiar) = match self.known_under(name, network.clone()).await {
            Ok(found) => found,
            Err(error) => return Attempt { account: None, outcome: Err(error.into()) },
        };
        let account = credentials.as_ref().map(|(account, _)| account.id);
        let is_familiar = familiar.is_known();
        let outcome = async {
            let admitted = self.admit(&self.guard, &key, &network, is_familiar).await?;
            let checked = self.check(admitted, credentials, password, origin).await?;
            let whence = Whence { network: &network, is_familiar, origin };
            let (checked, shown) = self.with_factor(checked, password, factor, whence).await?;
            let (account, stored) = checked;
            Ok(Proven { account, stored, network: familiar, shown })
        };
        let outcome = outcome.await;
        let label = outcome.as_ref().map_or_else(SignInRefusal::as_str, |_| "success");
        metrics::counter!("tessera_password_checks_total", "outcome" => label).increment(1);
        Attempt { account, outcome }
    }

    /// Goes on from the right password to the second factor.
    async fn with_factor(
        &self,
        (account, stored): (Account, String),
        password: &SecretString,
        factor: &SecondFactor,
        whence: Whence<'_>,
    ) -> Result<((Account, String), Shown), SignInRefusal> {
        let shown = self.check_factor(&account, factor, whence).await?;
        if shown.factor != FactorShown::Code {
            return Ok(((account, stored), shown));
        }
        // A code may have waited for others, long enough for the account to change meanwhile.
        let checked = self.still_valid(account.id, &stored, password).await?;
        Ok((checked, shown))
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
        Ok(self.db.look_up(look).await?)
    }

    /// Checks, and says to the counts how it ended. Somebody who goes away before it begins has cost nothing and learnt
    /// nothing. Once it has begun it comes to its end, so that nobody gets hashes for free by hanging up (threat 18).
    async fn check(
        &self,
        mut admitted: Admitted,
        found: Option<Credentials>,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<(Account, String), SignInRefusal> {
        let turn = self.hasher.turn(password).await.map_err(refusal);
        let (identity, password, origin) = (self.clone(), password.clone(), origin.clone());
        let checked = async move {
            let account = found.as_ref().map(|(account, _)| account.id);
            let outcome = match turn {
                Ok(turn) => identity.compare(turn, found, &password).await,
                Err(refusal) => Err(refusal),
            };
            match &outcome {
                Ok(_) | Err(SignInRefusal::Disabled) => {
                    identity.confirm(&mut admitted).await?;
                    identity.succeeded(admitted).await;
                }
                Err(SignInRefusal::BadCredentials) => {
                    let whose = Whose { account, origin: &origin };
                    identity.failed(&identity.guard, admitted, whose).await?;
                }
                Err(_) => drop(admitted),
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
            self.db.look_up(move |conn| queries::current(conn, id)).await.map_err(IdentityError::from)?;
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
