//! The check of a second factor, right after the password and nowhere else.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use store::{DbConn, StoreError};

use super::codes::OtpSecret;
use super::rows::{self, OtpRow};
use super::{FactorShown, OtpSettings, SecondFactor, trusted};
use crate::Identity;
use crate::accounts::{Account, AccountId, SignInRefusal};
use crate::audit::{AuditEvent, Origin, Outcome};
use crate::errors::IdentityError;
use crate::throttle::attempts::Whose;
use crate::throttle::lockouts::Guessed;
use crate::throttle::{Network, PasswordGuard};

/// The rules of second factors, and what was guessed so far.
#[derive(Debug)]
pub(crate) struct OtpChecks {
    pub(super) settings: OtpSettings,
    guard: PasswordGuard,
}

impl OtpChecks {
    pub(crate) fn new(settings: OtpSettings) -> Self {
        Self { guard: PasswordGuard::new(Guessed::Otp, &settings.limits()), settings }
    }
}

/// A factor that was good, with the secret it rests on as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) factor: FactorShown,
    pub(super) sealed_secret: Option<Vec<u8>>,
}

impl Shown {
    /// Whether it is all that the account asks for by now.
    pub(crate) fn still_holds(&self, conn: &mut DbConn, account: AccountId) -> Result<bool, StoreError> {
        let row = rows::find(conn, account)?.filter(|row| row.confirmed_at.is_some());
        Ok(row.is_none_or(|row| self.sealed_secret.as_ref() == Some(&row.sealed_secret)))
    }
}

/// Where somebody comes from who shows a factor.
#[derive(Clone, Copy)]
pub(crate) struct Whence<'a> {
    pub(crate) network: &'a Network,
    /// Whether the account has signed in from there.
    pub(crate) is_familiar: bool,
    pub(crate) origin: &'a Origin,
}

impl Identity {
    /// Whether this factor lets somebody in who has just shown the password of this account, which is enabled.
    ///
    /// # Errors
    /// `OtpRequired` without a code, `OtpInvalid` for one that is wrong or used up, `Throttled` after too many of those.
    pub(crate) async fn check_factor(
        &self,
        account: &Account,
        factor: &SecondFactor,
        whence: Whence<'_>,
    ) -> Result<Shown, SignInRefusal> {
        let (id, now) = (account.id, self.clock.now().naive_utc());
        let device = factor.trusted_device.as_ref().map(|value| trusted::mac(&self.secrets, id, value));
        let look = move |conn: &mut DbConn| {
            let Some(row) = rows::find(conn, id)?.filter(|row| row.confirmed_at.is_some()) else {
                return Ok(None);
            };
            let is_trusted = match device {
                Some(mac) => rows::is_trusted(conn, id, &mac, now)?,
                None => false,
            };
            Ok::<_, StoreError>(Some((row, is_trusted)))
        };
        let found = self.db.look_up(look).await.map_err(IdentityError::from)?;
        let Some((row, is_trusted)) = found else {
            return Ok(Shown { factor: FactorShown::NotNeeded, sealed_secret: None });
        };
        if is_trusted {
            return Ok(Shown { factor: FactorShown::TrustedDevice, sealed_secret: Some(row.sealed_secret) });
        }
        let Some(code) = &factor.code else { return Err(SignInRefusal::OtpRequired) };
        let checked = self.check_code(account, &row, code, whence).await;
        if let Err(refusal) = &checked {
            let event = AuditEvent::new(self.clock.now(), "otp.use", whence.origin)
                .target(id.to_string())
                .outcome(Outcome::Failure)
                .detail(json!({ "error": refusal.as_str() }));
            self.audit.record(event);
        }
        checked?;
        Ok(Shown { factor: FactorShown::Code, sealed_secret: Some(row.sealed_secret) })
    }

    /// Looks at a code if the account and the network have tries left, and uses it up if it is right.
    async fn check_code(
        &self,
        account: &Account,
        row: &OtpRow,
        code: &SecretString,
        Whence { network, is_familiar, origin }: Whence<'_>,
    ) -> Result<(), SignInRefusal> {
        let key = account.id.to_string();
        let mut admitted = self.admit(&self.otp.guard, &key, network, is_familiar).await?;
        let secret = OtpSecret::open(&row.sealed_secret, self.secrets.sealer(), account.id)
            .map_err(IdentityError::from)?;
        let now = self.clock.now();
        let Some(step) = secret.step_of(code.expose_secret(), now, row.last_step) else {
            // A right code that is used up is none that anybody has guessed, and tells nothing: whoever sends one twice, or
            // through many doors at once, does not lock themselves out.
            if secret.step_of(code.expose_secret(), now, i64::MIN).is_none() {
                let whose = Whose { account: Some(account.id), origin };
                self.failed(&self.otp.guard, admitted, whose).await?;
            }
            return Err(SignInRefusal::OtpInvalid);
        };
        self.confirm(&mut admitted).await?;
        if !self.spend(account.id, row, step, origin).await? {
            return Err(SignInRefusal::OtpInvalid);
        }
        self.succeeded(admitted).await;
        Ok(())
    }

    /// Uses the code of a step up, unless somebody else has just done so.
    async fn spend(
        &self,
        id: AccountId,
        row: &OtpRow,
        step: i64,
        origin: &Origin,
    ) -> Result<bool, IdentityError> {
        let row = row.clone();
        let act = self.act(&Origin { actor: Some(id.to_string()), ..origin.clone() });
        let spend = move |conn: &mut DbConn| {
            let spent = rows::spend(conn, id, &row, step)?;
            if spent {
                act.record(conn, "otp.use", &id.to_string(), None)?;
            }
            Ok::<_, StoreError>(spent)
        };
        Ok(self.db.write(spend).await?)
    }
}
