//! Signing in.

use auth_claims::revocations::RevocationReason;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;
use store::{DbConn, StoreError};
use uuid::Uuid;

use super::presented::{client_mac, token_mac};
use super::rows::{self, SessionRow};
use super::{
    DeviceSession, DeviceSettings, LONGEST_LIFETIME, OpenedSession, PlainDeviceToken, ending, is_agent, token,
};
use crate::Identity;
use crate::accounts::{self, Account, AccountId, Name, Proven, SignInRefusal};
use crate::act::Act;
use crate::audit::{AuditEvent, Origin, Outcome};
use crate::errors::IdentityError;
use crate::otp::{self, SecondFactor};
use crate::revocations::{self, Revocation};
use crate::throttle::familiar::Familiar;

/// How often the password may turn out to have changed while a session is being opened.
const TRIES: u32 = 3;

impl Identity {
    /// Opens a session for the account of this e-mail address (never its login), which may be typed in any case and
    /// with blanks around it. Earlier sessions make room as contracts/rdv-sign-in.md §8.3 says; a refusal ends none.
    ///
    /// # Errors
    /// [`SignInRefusal`]; `Disabled` only after the right password, and `OtpRequired` for every account whose second factor
    /// is on. An account that is an agent in none of its
    /// organisations has bad credentials, whatever its password.
    #[tracing::instrument(name = "device_session.open", skip_all)]
    pub async fn sign_in_by_email(
        &self,
        email: &str,
        password: &SecretString,
        settings: &DeviceSettings,
        origin: &Origin,
    ) -> Result<OpenedSession, SignInRefusal> {
        let attempt = self.prove(Name::email(email), password, &SecondFactor::default(), origin).await;
        let opened = match attempt.outcome {
            Ok(proven) => self.open_session(proven, password, settings, origin).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &opened {
            // What was typed is not kept: it may be a password in the wrong field.
            let event = AuditEvent::new(self.clock.now(), "device_session.open", origin)
                .outcome(Outcome::Failure)
                .detail(json!({ "error": refusal.as_str() }));
            let account = attempt.account.map(|id| id.to_string());
            self.audit.record(AuditEvent { target: account, ..event });
        }
        opened
    }

    async fn open_session(
        &self,
        proven: Proven,
        password: &SecretString,
        settings: &DeviceSettings,
        origin: &Origin,
    ) -> Result<OpenedSession, SignInRefusal> {
        let act = self.act(&Origin { actor: Some(proven.account.id.to_string()), ..origin.clone() });
        let (token, client) = (PlainDeviceToken::generate()?, token::new_client()?);
        let client_mac = client_mac(&self.secrets, &client);
        let token_mac = token_mac(&self.secrets, &client_mac, token.expose());
        let mut opening = Opening::new(proven, settings, act.now(), client_mac, token_mac);
        for _ in 0..TRIES {
            let (attempt, act) = (opening.clone(), act.clone());
            match self.write_revoking(move |conn| attempt.decide(conn, &act)).await? {
                Decision::Opened(account) => {
                    self.note_sign_in(account.id);
                    return Ok(OpenedSession { session: opening.session(*account, client), token });
                }
                Decision::Disabled => return Err(SignInRefusal::Disabled),
                Decision::FactorOn => return Err(SignInRefusal::OtpRequired),
                // As an unknown name (contracts/rdv-sign-in.md §3.2, the first case).
                Decision::NoAgent => return Err(SignInRefusal::BadCredentials),
                Decision::OtherPassword => {
                    (_, opening.stored) = self.still_valid(opening.account, "", password).await?;
                }
            }
        }
        Err(SignInRefusal::BadCredentials)
    }
}

/// What a transaction decided about a session.
enum Decision {
    Opened(Box<Account>),
    Disabled,
    /// The account has got a second factor meanwhile, which this dialect cannot ask for.
    FactorOn,
    /// The account belongs to organisations, and is an agent in none of them.
    NoAgent,
    /// The account has another hash by now, or is gone.
    OtherPassword,
}

/// A session that is being opened.
#[derive(Clone)]
struct Opening {
    account: AccountId,
    /// The hash that the password was checked against.
    stored: String,
    network: Familiar,
    max_clients: usize,
    sid: String,
    client_mac: [u8; 32],
    token_mac: [u8; 32],
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl Opening {
    fn new(
        proven: Proven,
        settings: &DeviceSettings,
        now: DateTime<Utc>,
        client_mac: [u8; 32],
        token_mac: [u8; 32],
    ) -> Self {
        // contracts/rdv-sign-in.md §8.2: whole seconds.
        let lifetime = settings.lifetime.min(LONGEST_LIFETIME).as_secs();
        let lifetime = TimeDelta::seconds(i64::try_from(lifetime).unwrap_or_default());
        Self {
            account: proven.account.id,
            stored: proven.stored,
            network: proven.network,
            max_clients: usize::try_from(settings.max_clients.max(1)).unwrap_or(usize::MAX),
            sid: Uuid::new_v4().to_string(),
            client_mac,
            token_mac,
            created_at: now,
            expires_at: now.trunc_subsecs(0) + lifetime,
        }
    }

    /// Opens the session, unless the account is not any more what the password was checked for. Under a lock: whoever
    /// changes the account waits, or is waited for, so that no session outlives such a change.
    fn decide(&self, conn: &mut DbConn, act: &Act) -> Result<Decision, IdentityError> {
        ending::hold(conn, &self.account.to_string())?;
        let account = match accounts::current(conn, self.account)? {
            Some((account, stored)) if stored.as_deref() == Some(&self.stored) => account,
            _ => return Ok(Decision::OtherPassword),
        };
        if !is_agent(&account) {
            return Ok(Decision::NoAgent);
        }
        if !account.enabled {
            return Ok(Decision::Disabled);
        }
        if otp::is_on(conn, self.account)? {
            return Ok(Decision::FactorOn);
        }
        self.make_room(conn, act)?;
        rows::insert(conn, &self.row())?;
        if self.network.is_due(act.now()) {
            self.network.note(conn, self.account, act.now())?;
        }
        act.record(conn, "device_session.open", &self.sid, None)?;
        Ok(Decision::Opened(Box::new(account)))
    }

    /// Takes away what has expired and, where there are too many, what the rules give up first.
    // contracts/rdv-sign-in.md §8.3. This session is not among them yet, so it survives whatever its end is.
    fn make_room(&self, conn: &mut DbConn, act: &Act) -> Result<(), StoreError> {
        let (live, dead): (Vec<_>, Vec<_>) =
            rows::list(conn, self.account)?.into_iter().partition(|(_, expires_at)| *expires_at > act.now());
        for (sid, _) in dead {
            rows::delete(conn, &sid)?;
        }
        if live.len() < self.max_clients {
            return Ok(());
        }
        // Left from a longer configured lifetime: they would outlast every newer one.
        let (beyond, within): (Vec<_>, Vec<_>) =
            live.into_iter().partition(|(_, expires_at)| *expires_at > self.expires_at);
        let surplus = (within.len() + 1).saturating_sub(self.max_clients);
        for (sid, _) in beyond.into_iter().chain(within.into_iter().take(surplus)) {
            revocations::revoke(conn, &Revocation::of_session(&sid, RevocationReason::Revoked, act.now()))?;
            act.record(conn, "device_session.evict", &sid, Some(json!({ "by": self.sid })))?;
        }
        Ok(())
    }

    fn row(&self) -> SessionRow {
        SessionRow {
            sid: self.sid.clone(),
            account_id: self.account.to_string(),
            client_mac: self.client_mac.to_vec(),
            token_mac: self.token_mac.to_vec(),
            created_at: self.created_at.naive_utc(),
            expires_at: self.expires_at.naive_utc(),
        }
    }

    fn session(self, account: Account, client: String) -> DeviceSession {
        let Self { sid, created_at, expires_at, .. } = self;
        DeviceSession { sid, account, client, expires_at, created_at }
    }
}
