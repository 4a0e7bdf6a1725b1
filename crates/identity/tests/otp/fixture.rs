//! A directory with people who have authenticator apps, on a throw-away database, with a clock that can be moved.

use std::net::IpAddr;

use auth_claims::clock::Clock;
use chrono::{DateTime, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use identity::Identity;
use identity::accounts::{Account, AccountProfile, Name, NewAccount, NewPassword, SignInRefusal, SignedIn};
use identity::audit::{self, AuditEvent, AuditFilter, Origin};
use identity::master::MasterKey;
use identity::otp::{OtpSettings, RecoveryCodes, SecondFactor};
use identity::passwords::PasswordSettings;
use secrecy::SecretString;
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};
use totp_rs::Totp;

pub(crate) const PASSWORD: &str = "Pivoine-Rouge-26";

/// Seconds of a step.
pub(crate) const STEP: i64 = 30;

pub(crate) struct Fixture {
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    _database: TestDatabase,
}

/// What somebody holds whose factor is on.
pub(crate) struct App {
    pub(crate) account: Account,
    pub(crate) totp: Totp,
    pub(crate) recovery: RecoveryCodes,
    clock: Clock,
}

impl App {
    /// The code that the app shows so many steps from now.
    pub(crate) fn code(&self, steps: i64) -> String {
        code(&self.totp, &self.clock, steps)
    }

    pub(crate) fn factor(&self, steps: i64) -> SecondFactor {
        SecondFactor::code(self.code(steps))
    }

    /// A code that is good at no time near.
    pub(crate) fn wrong(&self) -> SecondFactor {
        let near: Vec<String> = (-10..10).map(|steps| self.code(steps)).collect();
        let wrong = (0..100).map(|number| format!("{number:06}")).find(|code| !near.contains(code));
        SecondFactor::code(wrong.unwrap())
    }
}

impl Fixture {
    /// With an account `ada`, who has no second factor yet.
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, OtpSettings::default()).await
    }

    pub(crate) async fn with(backend: Backend, settings: OtpSettings) -> Self {
        let database = TestDatabase::on(backend);
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        let cheap = PasswordSettings {
            memory_kib: 64,
            iterations: 1,
            threads: Some(4),
            ..PasswordSettings::default()
        };
        let master = MasterKey::generate().unwrap();
        let identity = Identity::open(db, master, cheap, clock.clone()).await.unwrap().with_otp(settings);
        let fixture = Self { identity, clock, _database: database };
        fixture.account("ada").await;
        fixture.pass(10);
        fixture
    }

    /// Somebody with the e-mail address `<login>@example.org` and the password of everybody.
    pub(crate) async fn account(&self, login: &str) -> Account {
        self.account_with(login, &format!("{login}@example.org")).await
    }

    pub(crate) async fn account_with(&self, login: &str, email: &str) -> Account {
        let profile = AccountProfile { email: Some(email.to_owned()), ..AccountProfile::new(login) };
        let password = NewPassword::Plain(secret(PASSWORD));
        self.identity.create_account(NewAccount { profile, password }, &Origin::default()).await.unwrap()
    }

    pub(crate) async fn find(&self, login: &str) -> Account {
        self.identity.find_account_by_login(login).await.unwrap().unwrap()
    }

    /// Switches somebody's factor on. The code of this moment is used up by it, so the next step begins.
    pub(crate) async fn protect(&self, login: &str) -> App {
        let (account, origin) = (self.find(login).await, Origin::default());
        let enrolment = self.identity.enrol_otp(&account, &origin).await.unwrap();
        let totp = Totp::from_url(enrolment.uri()).unwrap();
        let code = code(&totp, &self.clock, 0).into();
        let recovery = self.identity.confirm_otp(account.id, &code, &origin).await.unwrap();
        self.pass(STEP);
        App { account, totp, recovery, clock: self.clock.clone() }
    }

    /// Signs in with the right password from nowhere in particular.
    pub(crate) async fn sign_in(
        &self,
        login: &str,
        factor: &SecondFactor,
    ) -> Result<SignedIn, SignInRefusal> {
        self.try_with(login, PASSWORD, factor, &Origin::default()).await
    }

    pub(crate) async fn sign_in_from(
        &self,
        address: &str,
        login: &str,
        factor: &SecondFactor,
    ) -> Result<SignedIn, SignInRefusal> {
        self.try_with(login, PASSWORD, factor, &from(address)).await
    }

    pub(crate) async fn try_with(
        &self,
        login: &str,
        password: &str,
        factor: &SecondFactor,
        origin: &Origin,
    ) -> Result<SignedIn, SignInRefusal> {
        self.identity.verify_credentials(Name::login_or_email(login), &secret(password), factor, origin).await
    }

    /// The stored audit events of this action, newest first.
    pub(crate) async fn audited(&self, action: &str) -> Vec<AuditEvent> {
        self.identity.audit().flush().await.unwrap();
        let filter = AuditFilter { action: Some(action.into()), limit: 1000, ..AuditFilter::default() };
        self.identity.db().read(move |conn| audit::list(conn, &filter)).await.unwrap()
    }

    /// The number that a query gives.
    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            value: i64,
        }
        let load =
            move |conn: &mut DbConn| Ok::<_, StoreError>(diesel::sql_query(query).get_result::<Row>(conn)?);
        self.identity.db().read(load).await.unwrap().value
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}

pub(crate) fn code(totp: &Totp, clock: &Clock, steps: i64) -> String {
    let seconds = clock.now().timestamp() + steps * STEP;
    totp.generate(u64::try_from(seconds).unwrap()).to_string()
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

pub(crate) fn from(address: &str) -> Origin {
    let address: IpAddr = address.parse().unwrap();
    Origin { address: Some(address), ..Origin::default() }
}

/// Why somebody was not signed in, in a word.
pub(crate) fn why(outcome: &Result<SignedIn, SignInRefusal>) -> &'static str {
    outcome.as_ref().map_or_else(SignInRefusal::as_str, |_| "success")
}
