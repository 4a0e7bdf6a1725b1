//! Recovery codes: for whoever has lost the device. An operator asks the person for one, and a right one switches the
//! factor off. No sign-in takes them (contracts/seatable-tokens.md §5).

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use store::DbConn;
use zeroize::Zeroizing;

use super::{OtpRefusal, enrolment, rows};
use crate::Identity;
use crate::accounts::AccountId;
use crate::audit::{AuditEvent, Origin, Outcome};
use crate::errors::IdentityError;
use crate::master::{Purpose, Secrets};

/// How many an account has at first.
const CODES: usize = 10;

/// Characters of a code, without the hyphens: 80 bits.
const LENGTH: usize = 16;

/// Crockford's base 32, which can be read out: I, L and O mean 1 and 0, and there is no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// New codes, shown once: four groups of four characters each. Wiped from memory when dropped.
pub struct RecoveryCodes(Vec<Zeroizing<String>>);

impl RecoveryCodes {
    pub(super) fn generate() -> Result<Self, IdentityError> {
        (0..CODES).map(|_| generate()).collect::<Result<_, _>>().map(Self)
    }

    /// The codes, for the one answer they go into.
    pub fn expose(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|code| code.as_str())
    }

    pub(super) fn macs(&self, secrets: &Secrets, account: AccountId) -> Vec<[u8; 32]> {
        self.expose().map(|code| mac(secrets, account, code)).collect()
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes(..)")
    }
}

fn generate() -> Result<Zeroizing<String>, IdentityError> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    getrandom::fill(bytes.as_mut_slice()).map_err(IdentityError::Random)?;
    let mut code = Zeroizing::new(String::with_capacity(LENGTH + LENGTH / 4));
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(code)
}

/// What is stored of a code. Bound to its account, so that it says nothing in another's row.
fn mac(secrets: &Secrets, account: AccountId, code: &str) -> [u8; 32] {
    let code = Zeroizing::new(plain(code));
    let bound = Zeroizing::new([account.as_uuid().as_bytes(), code.as_bytes()].concat());
    secrets.mac(Purpose::RecoveryCode, &bound)
}

/// A code as it was meant, however it was typed.
fn plain(code: &str) -> String {
    let meant = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    code.chars().filter(|c| *c != '-' && !c.is_whitespace()).map(meant).collect()
}

impl Identity {
    /// Gives an account new recovery codes in place of those it has.
    ///
    /// # Errors
    /// [`OtpRefusal::NotOn`].
    #[tracing::instrument(name = "otp.recovery_codes", skip_all, fields(account.id = %id))]
    pub async fn renew_recovery_codes(
        &self,
        id: AccountId,
        origin: &Origin,
    ) -> Result<RecoveryCodes, OtpRefusal> {
        let codes = RecoveryCodes::generate()?;
        let (act, macs) = (self.act(origin), codes.macs(&self.secrets, id));
        let renew = move |conn: &mut DbConn| {
            enrolment::hold(conn, id)?;
            if !rows::is_on(conn, id)? {
                return Err(OtpRefusal::NotOn);
            }
            rows::replace_recovery_codes(conn, id, &macs)?;
            Ok(act.record(conn, "otp.recovery_codes", &id.to_string(), None)?)
        };
        self.db.write(renew).await?;
        Ok(codes)
    }

    /// Switches the factor of an account off on the strength of a recovery code. The others go with it.
    ///
    /// # Errors
    /// [`OtpRefusal::WrongCode`], [`OtpRefusal::NotOn`].
    #[tracing::instrument(name = "otp.recover", skip_all, fields(account.id = %id))]
    pub async fn recover_otp(
        &self,
        id: AccountId,
        code: &SecretString,
        origin: &Origin,
    ) -> Result<(), OtpRefusal> {
        let (act, mac) = (self.act(origin), mac(&self.secrets, id, code.expose_secret()));
        let recover = move |conn: &mut DbConn| {
            enrolment::hold(conn, id)?;
            if !rows::is_on(conn, id)? {
                return Err(OtpRefusal::NotOn);
            }
            if !rows::spend_recovery_code(conn, id, &mac)? {
                return Err(OtpRefusal::WrongCode);
            }
            enrolment::switch_off(conn, &act, id, "otp.recover")?;
            Ok(())
        };
        let recovered = self.db.write(recover).await;
        if let Err(OtpRefusal::WrongCode) = &recovered {
            let event = AuditEvent::new(self.clock.now(), "otp.recover", origin)
                .target(id.to_string())
                .outcome(Outcome::Failure)
                .detail(json!({ "error": "wrong_code" }));
            self.audit.record(event);
        }
        recovered
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::DateTime;

    use super::*;
    use crate::master::MasterKey;

    #[test]
    fn ten_codes_differ_and_can_be_read_out() {
        let codes = RecoveryCodes::generate().unwrap();
        let form = |code: &str| {
            let groups: Vec<&str> = code.split('-').collect();
            groups.len() == 4
                && groups.iter().all(|group| group.len() == 4 && group.bytes().all(|c| ALPHABET.contains(&c)))
        };
        assert!(codes.expose().all(form), "{:?}", codes.0);
        assert_eq!(codes.expose().collect::<HashSet<_>>().len(), CODES);
        assert_eq!(format!("{codes:?}"), "RecoveryCodes(..)");
    }

    #[test]
    fn a_code_is_what_was_meant_however_it_was_typed() {
        for typed in
            ["0123-ABCD-1X0Y-ZZZZ", "0123abcd1x0yzzzz", " o123 abcd-lxOy-zzzz\n", "O123-ABCD-IX0Y-ZZZZ"]
        {
            assert_eq!(plain(typed), "0123ABCD1X0YZZZZ", "{typed:?}");
        }
    }

    /// Threat 4: the same text is another code for another account, and no trusted device.
    #[test]
    fn threat_04_a_code_is_its_accounts_alone() {
        let secrets = Secrets::new(&MasterKey::generate().unwrap());
        let [one, other] = [1, 2].map(|at| AccountId::new(DateTime::from_timestamp(at, 0).unwrap()));
        let code = mac(&secrets, one, "0123ABCD1X0YZZZZ");
        assert_ne!(code, mac(&secrets, other, "0123ABCD1X0YZZZZ"));
        assert_ne!(code, crate::otp::trusted::mac(&secrets, one, &"0123ABCD1X0YZZZZ".to_owned().into()));
    }
}
