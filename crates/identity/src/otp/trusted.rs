//! Trusted devices: whoever has shown a code there needs none for a while (contracts/seatable-tokens.md §5).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use store::DbConn;
use zeroize::Zeroizing;

use super::{FactorShown, rows};
use crate::Identity;
use crate::accounts::{self, AccountId, SignedIn};
use crate::audit::Origin;
use crate::device_sessions;
use crate::errors::IdentityError;
use crate::master::{Purpose, Secrets};

const BYTES: usize = 32;

/// What a trusted device presents: 43 characters, shown once, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainTrust(Zeroizing<String>);

impl PlainTrust {
    /// The value, for the one answer it goes into.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn generate() -> Result<Self, IdentityError> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(IdentityError::Random)?;
        let mut text = Zeroizing::new(String::with_capacity(BYTES.div_ceil(3) * 4));
        URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
        Ok(Self(text))
    }
}

impl fmt::Debug for PlainTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainTrust(..)")
    }
}

/// What is stored of a value, and looked up. Bound to its account: another's device is a stranger's.
pub(super) fn mac(secrets: &Secrets, account: AccountId, value: &SecretString) -> [u8; 32] {
    let bound = Zeroizing::new([account.as_uuid().as_bytes(), value.expose_secret().as_bytes()].concat());
    secrets.mac(Purpose::TrustedDevice, &bound)
}

impl Identity {
    /// Trusts the device of a sign-in that a code was shown for. `None` when none was, or when password or factor have
    /// changed since.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "otp.trust_device", skip_all, fields(account.id = %signed_in.account.id))]
    pub async fn trust_device(
        &self,
        signed_in: &SignedIn,
        origin: &Origin,
    ) -> Result<Option<PlainTrust>, IdentityError> {
        let (id, shown, stored) = (signed_in.account.id, signed_in.shown.clone(), signed_in.stored.clone());
        if shown.factor != FactorShown::Code {
            return Ok(None);
        }
        let value = PlainTrust::generate()?;
        let mac = mac(&self.secrets, id, &SecretString::from(value.expose()));
        let act = self.act(&Origin { actor: Some(id.to_string()), ..origin.clone() });
        let (expires_at, most) =
            (self.trusted_until(act.now()), i64::from(self.otp.settings.trusted_devices));
        let trust = move |conn: &mut DbConn| {
            device_sessions::hold(conn, &id.to_string())?;
            let password = accounts::current(conn, id)?.and_then(|(_, stored)| stored);
            let factor = rows::find(conn, id)?.map(|row| row.sealed_secret);
            if password.as_ref() != Some(&stored) || factor != shown.sealed_secret {
                return Ok(false);
            }
            rows::trust(conn, id, &mac, (act.stamp(), expires_at.naive_utc()), most)?;
            act.record(conn, "otp.trust_device", &id.to_string(), None)?;
            Ok::<_, IdentityError>(true)
        };
        Ok(self.db.write(trust).await?.then_some(value))
    }

    fn trusted_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let lifetime = TimeDelta::from_std(self.otp.settings.trusted_device_lifetime).unwrap_or_default();
        now.checked_add_signed(lifetime).unwrap_or(now)
    }
}
