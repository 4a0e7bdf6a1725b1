//! The secret of a second factor and the codes it gives.

use std::fmt;

use chrono::{DateTime, Utc};
use store::StoreError;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use token_signing::Sealer;
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use crate::accounts::AccountId;
use crate::errors::IdentityError;

/// RFC 4226 §4 R6 recommends 160 bits.
const SECRET_BYTES: usize = 20;

/// Seconds of a step.
const STEP: i64 = 30;

/// Steps by which the clock of an app may be wrong, before and after.
const DRIFT: i64 = 1;

/// The secret that an app and the directory share. Wiped from memory when dropped.
pub(super) struct OtpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl OtpSecret {
    pub(super) fn generate() -> Result<Self, IdentityError> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(IdentityError::Random)?;
        Ok(Self(bytes))
    }

    /// The stored form. Bound to its account: in another's row it does not open.
    pub(super) fn seal(&self, sealer: &Sealer, account: AccountId) -> Result<Vec<u8>, StoreError> {
        let stored = sealer.seal(self.0.as_slice(), &purpose(account));
        stored.map_err(|error| StoreError::corrupt("account_otps.sealed_secret", error))
    }

    pub(super) fn open(stored: &[u8], sealer: &Sealer, account: AccountId) -> Result<Self, StoreError> {
        let corrupt = |error| StoreError::corrupt("account_otps.sealed_secret", error);
        let opened = sealer.open(stored, &purpose(account)).map_err(corrupt)?;
        let bytes = <[u8; SECRET_BYTES]>::try_from(opened.as_slice())
            .map_err(|error| StoreError::corrupt("account_otps.sealed_secret", error))?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    fn builder(&self) -> Builder {
        // SHA-1, six digits and 30 s: what every app knows (contracts/seatable-tokens.md §5).
        Builder::new().with_secret(*self.0)
    }

    /// The step that a code is of, if it is good now and newer than `last`. Takes the same time for every code.
    pub(super) fn step_of(&self, code: &str, now: DateTime<Utc>, last: i64) -> Option<i64> {
        let totp: Totp = self.builder().build_noncompliant();
        let current = now.timestamp().div_euclid(STEP);
        let (mut found, mut step) = (Choice::from(0), 0_i64);
        // From the newest on, so that of two equal codes the older one counts.
        for candidate in (current - DRIFT..=current + DRIFT).rev() {
            let seconds = u64::try_from(candidate * STEP).unwrap_or_default();
            let right = Zeroizing::new(totp.generate(seconds).to_string());
            let good = right.as_bytes().ct_eq(code.as_bytes()) & Choice::from(u8::from(candidate > last));
            step.conditional_assign(&candidate, good);
            found |= good;
        }
        bool::from(found).then_some(step)
    }

    /// What its owner puts into an app.
    pub(super) fn enrolment(&self, issuer: &str, login: &str) -> Enrolment {
        // A colon separates the two in the label; no app shows the difference.
        let plain = |text: &str| text.replace(':', "-");
        let named = self.builder().with_account_name(plain(login)).with_issuer(Some(plain(issuer)));
        let totp = named.build_noncompliant();
        // It refuses an empty name and one with a colon, which these are not.
        let uri = Zeroizing::new(totp.to_url().unwrap_or_default());
        Enrolment { secret: Zeroizing::new(totp.secret().to_base32()), uri }
    }
}

pub(super) fn purpose(account: AccountId) -> Vec<u8> {
    format!("account otp {account}").into_bytes()
}

/// A secret on its way to its owner, shown once. Wiped from memory when dropped.
pub struct Enrolment {
    secret: Zeroizing<String>,
    uri: Zeroizing<String>,
}

impl Enrolment {
    /// The secret in base32, to be typed into an app.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The `otpauth://` address that apps read from a QR code.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::master::{MasterKey, Secrets};

    fn published() -> OtpSecret {
        OtpSecret(Zeroizing::new(*b"12345678901234567890"))
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238, appendix B, of whose eight digits these are the last six.
    #[test]
    fn the_published_vectors_hold() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(published().step_of(code, at(seconds), 0), Some(seconds / 30), "{code}");
        }
    }

    /// One step of drift on either side, and no step that is not newer than the last one.
    #[test]
    fn a_code_is_good_for_three_steps_and_once() {
        let (secret, code) = (published(), "005924");
        let step = 1_234_567_890 / 30;
        for (seconds, good) in
            [(-31, false), (-30, true), (-1, true), (0, true), (29, true), (59, true), (60, false)]
        {
            let now = at(step * 30 + seconds);
            assert_eq!(secret.step_of(code, now, step - 1), good.then_some(step), "{seconds}");
            assert_eq!(secret.step_of(code, now, step), None, "{seconds}");
        }
    }

    #[test]
    fn what_is_not_six_digits_is_no_code() {
        let now = at(1_234_567_890);
        for text in ["", "5924", "005924 ", " 005924", "+05924", "0059240", "００５９２４", "005924\0"]
        {
            assert_eq!(published().step_of(text, now, 0), None, "{text:?}");
        }
    }

    #[test]
    fn an_app_is_told_in_one_address() {
        let enrolment = published().enrolment("Tessera & Co", "ada:lovelace@example.org");
        assert_eq!(enrolment.secret(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let read = Totp::from_url(enrolment.uri()).unwrap();
        assert_eq!((read.issuer(), read.account_name()), (Some("Tessera & Co"), "ada-lovelace@example.org"));
        assert_eq!(read.generate(59).to_string(), "287082");
        assert_eq!(format!("{enrolment:?}"), "Enrolment(..)");
    }

    /// Threat 4: a sealed secret says nothing in the row of another account.
    #[test]
    fn threat_04_a_secret_opens_for_its_own_account_alone() {
        let secrets = Secrets::new(&MasterKey::generate().unwrap());
        let (one, other) = (AccountId::new(at(1)), AccountId::new(at(2)));
        let sealed = published().seal(secrets.sealer(), one).unwrap();
        assert!(OtpSecret::open(&sealed, secrets.sealer(), one).is_ok());
        assert!(OtpSecret::open(&sealed, secrets.sealer(), other).is_err());
    }

    proptest! {
        #[test]
        fn no_instant_and_no_text_is_too_odd(seconds in -100_i64..5_000_000_000, code in ".{0,8}", last in any::<i64>()) {
            if let Some(step) = published().step_of(&code, at(seconds), last) {
                prop_assert!(step > last && (step - seconds.div_euclid(30)).abs() <= 1 && code.len() == 6);
            }
        }
    }
}
