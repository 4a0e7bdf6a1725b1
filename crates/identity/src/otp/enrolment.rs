//! Switching second factors on and off.

use chrono::{DateTime, NaiveDateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use store::DbConn;

use super::codes::{Enrolment, OtpSecret};
use super::rows;
use super::{OtpRefusal, OtpStanding, OtpState, RecoveryCodes};
use crate::Identity;
use crate::accounts::{self, Account, AccountId};
use crate::act::Act;
use crate::audit::Origin;
use crate::device_sessions;
use crate::errors::IdentityError;

impl Identity {
    /// Makes a secret for an account and hands it out. It is needed once a code of it has been shown
    /// ([`confirm_otp`](Self::confirm_otp)); until then another one may take its place.
    ///
    /// # Errors
    /// [`OtpRefusal::AlreadyOn`]; [`IdentityError::Unknown`] for an account that is gone.
    #[tracing::instrument(name = "otp.enrol", skip_all, fields(account.id = %account.id))]
    pub async fn enrol_otp(&self, account: &Account, origin: &Origin) -> Result<Enrolment, OtpRefusal> {
        let (id, act, secret) = (account.id, self.act(origin), OtpSecret::generate()?);
        let sealed = secret.seal(self.secrets.sealer(), id)?;
        let enrol = move |conn: &mut DbConn| {
            hold(conn, id)?;
            if !rows::enrol(conn, id, &sealed, act.stamp())? {
                return Err(OtpRefusal::AlreadyOn);
            }
            Ok(act.record(conn, "otp.enrol", &id.to_string(), None)?)
        };
        self.db.write(enrol).await?;
        Ok(secret.enrolment(&self.otp.settings.issuer, &account.login))
    }

    /// Switches an enrolled factor on with a code of it, and hands out recovery codes. The code is used up. Sessions go on.
    ///
    /// # Errors
    /// [`OtpRefusal::WrongCode`], [`OtpRefusal::NotEnrolled`], [`OtpRefusal::AlreadyOn`].
    #[tracing::instrument(name = "otp.confirm", skip_all, fields(account.id = %id))]
    pub async fn confirm_otp(
        &self,
        id: AccountId,
        code: &SecretString,
        origin: &Origin,
    ) -> Result<RecoveryCodes, OtpRefusal> {
        let codes = RecoveryCodes::generate()?;
        let (act, macs) = (self.act(origin), codes.macs(&self.secrets, id));
        let (sealer, code) = (self.secrets.sealer().clone(), code.clone());
        let confirm = move |conn: &mut DbConn| {
            hold(conn, id)?;
            let row = rows::find(conn, id)?.ok_or(OtpRefusal::NotEnrolled)?;
            if row.confirmed_at.is_some() {
                return Err(OtpRefusal::AlreadyOn);
            }
            let secret = OtpSecret::open(&row.sealed_secret, &sealer, id)?;
            let step = secret.step_of(code.expose_secret(), act.by_now(), row.last_step);
            let step = step.ok_or(OtpRefusal::WrongCode)?;
            if !rows::confirm(conn, id, &row, step, act.stamp())? {
                return Err(OtpRefusal::NotEnrolled);
            }
            rows::replace_recovery_codes(conn, id, &macs)?;
            Ok(act.record(conn, "otp.confirm", &id.to_string(), None)?)
        };
        self.db.write(confirm).await?;
        Ok(codes)
    }

    /// Switches the factor of an account off, on or only enrolled, and forgets its recovery codes and trusted devices.
    /// Whether there was one.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "otp.disable", skip_all, fields(account.id = %id))]
    pub async fn disable_otp(&self, id: AccountId, origin: &Origin) -> Result<bool, IdentityError> {
        let act = self.act(origin);
        let disable = move |conn: &mut DbConn| {
            device_sessions::hold(conn, &id.to_string())?;
            switch_off(conn, &act, id, "otp.disable")
        };
        self.db.write(disable).await
    }

    /// How an account stands with its second factor.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn otp_standing(&self, id: AccountId) -> Result<OtpStanding, IdentityError> {
        let now = self.clock.now().naive_utc();
        self.db.read(move |conn| standing(conn, id, now)).await
    }
}

fn standing(conn: &mut DbConn, id: AccountId, now: NaiveDateTime) -> Result<OtpStanding, IdentityError> {
    let instant = |at: NaiveDateTime| -> DateTime<Utc> { at.and_utc() };
    let state = match rows::find(conn, id)? {
        None => OtpState::Off,
        Some(row) => match row.confirmed_at {
            Some(since) => OtpState::On { since: instant(since) },
            None => OtpState::Enrolled { at: instant(row.enrolled_at) },
        },
    };
    Ok(OtpStanding {
        state,
        recovery_codes: rows::count_recovery_codes(conn, id)?,
        trusted_devices: rows::count_devices(conn, id, now)?,
    })
}

/// Waits for whoever changes the account or signs in to it at the same time.
pub(super) fn hold(conn: &mut DbConn, id: AccountId) -> Result<(), IdentityError> {
    device_sessions::hold(conn, &id.to_string())?;
    accounts::find(conn, id)?.map(|_| ()).ok_or(IdentityError::Unknown("account"))
}

/// Whether there was a factor to switch off.
pub(super) fn switch_off(
    conn: &mut DbConn,
    act: &Act,
    id: AccountId,
    action: &'static str,
) -> Result<bool, IdentityError> {
    let removed = rows::remove(conn, id)?;
    if removed {
        act.record(conn, action, &id.to_string(), None)?;
    }
    Ok(removed)
}
