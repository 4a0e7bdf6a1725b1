//! App passwords among the subject tokens of `contracts/oauth2.md` §4: with a name, as HTTP Basic has them, and alone.

use auth_claims::basic::APP_PASSWORD;
use auth_claims::caller::{ExchangeError, ExchangeRefusal};
use chrono::TimeDelta;
use identity::accounts::Account;
use identity::app_passwords::AppPassword;
use identity::audit::Origin;
use rstest::rstest;
use serde_json::json;

use crate::harness::{
    Answer, BASIC, Backend, CLIENT, Credentials, PASSWORD, Spawned, basic, basic_of, claims, scopes,
};

struct World {
    app: Spawned,
    gate: Credentials,
    account: Account,
    own: AppPassword,
    secret: String,
}

impl World {
    async fn on(backend: Backend) -> Self {
        Self::of(Spawned::on(backend).await).await
    }

    async fn of(app: Spawned) -> Self {
        let gate = app.exchanger("gate").await;
        let account = app.account("nadia").await;
        let made = app.identity.create_app_password(account.id, "sync", &Origin::default()).await;
        let (own, secret) = made.expect("an app password");
        // A day later than what it is exchanged for.
        app.advance(TimeDelta::days(1)).await;
        Self { app, gate, account, own, secret: secret.expose().to_owned() }
    }

    /// The app password in either form.
    fn forms(&self) -> [(&'static str, String); 2] {
        [(BASIC, basic_of("nadia", &self.secret)), (APP_PASSWORD, self.secret.clone())]
    }

    async fn exchange(&self, kind: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        self.app.exchange(&self.gate, kind, token, more).await
    }

    async fn is_active(&self, token: &str) -> bool {
        self.app.introspect(&self.gate, token).await["active"] == json!(true)
    }

    async fn revoke(&self) {
        let origin = Origin::default();
        let revoked = self.app.identity.revoke_app_password(self.account.id, &self.own.id, &origin).await;
        assert!(revoked.expect("the database"));
    }
}

#[rstest]
#[actix_web::test]
async fn an_app_password_stands_for_its_account_in_a_session_of_its_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    for (kind, token) in world.forms() {
        let answer = world.exchange(kind, &token, &[]).await;
        let claims = answer.claims();
        assert_eq!((claims.sub, claims.sid.as_ref()), (world.account.id.to_string(), Some(&world.own.sid)));
        assert_eq!((claims.amr, claims.scope), (vec!["pwd".to_owned()], scopes("a b")));
        assert_eq!(claims.auth_time, Some(world.own.created_at.timestamp()));
        // The credential has no end that its tokens could share.
        assert_eq!((claims.session_exp, claims.exp - claims.iat), (None, 3600));
        assert!(answer.json().get("refresh_token").is_none());
    }
    let by_password = world.exchange(BASIC, &basic(&world.account), &[]).await.claims();
    assert_eq!(by_password.sid, None);
}

/// Nobody learns more than that it is not valid: neither of a wrong one nor of one under another name.
#[rstest]
#[case::of_another(BASIC, "other:{}")]
#[case::of_nobody(BASIC, "nobody:{}")]
#[case::without_a_name(BASIC, ":{}")]
#[case::wrong(BASIC, "nadia:00000-00000-00000-00000-00000")]
#[case::upper_case(BASIC, "nadia:{A}")]
#[case::wrong_alone(APP_PASSWORD, "00000-00000-00000-00000-00000")]
#[case::with_a_name(APP_PASSWORD, "nadia:{}")]
#[case::encoded(APP_PASSWORD, "{64}")]
#[case::the_accounts_own(APP_PASSWORD, PASSWORD)]
#[actix_web::test]
async fn bad_app_passwords_look_alike(#[case] kind: &str, #[case] pattern: &str) {
    let world = World::on(Backend::Sqlite).await;
    world.app.account("other").await;
    let text = pattern
        .replace("{}", &world.secret)
        .replace("{A}", &world.secret.to_uppercase())
        .replace("{64}", &basic_of("nadia", &world.secret));
    let token = match text.split_once(':') {
        Some((name, secret)) if kind == BASIC => basic_of(name, secret),
        _ => text,
    };
    let answer = world.exchange(kind, &token, &[]).await;
    answer.assert_refused(400, "invalid_grant");
    assert_eq!(answer.json()["error_description"], "the credentials are not valid");
    assert!(answer.json().get("reason").is_none());
}

/// Threats 9 and 26: with the app password goes, at once, what it was exchanged for and what that was exchanged for.
#[rstest]
#[actix_web::test]
async fn threat_26_what_an_app_password_gave_ends_with_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let offline = [("scope", "a b offline_access")];
    let mut tokens = Vec::new();
    let mut families = Vec::new();
    for (kind, token) in world.forms() {
        let session = world.exchange(kind, &token, &offline).await;
        assert_eq!(claims(&session.access_token()).sid.as_ref(), Some(&world.own.sid));
        let derived = world.exchange(crate::harness::ACCESS_TOKEN, &session.access_token(), &[]).await;
        tokens.extend([session.access_token(), derived.access_token()]);
        families.push(session.refresh_token());
    }
    let untouched = world.exchange(BASIC, &basic(&world.account), &[]).await.access_token();
    for token in &tokens {
        assert!(world.is_active(token).await);
    }
    world.revoke().await;
    for token in &tokens {
        assert!(!world.is_active(token).await);
    }
    for family in &families {
        world.app.refresh(&world.gate, family).await.assert_refused(400, "invalid_grant");
    }
    for (kind, token) in world.forms() {
        world.exchange(kind, &token, &[]).await.assert_refused(400, "invalid_grant");
    }
    assert!(world.is_active(&untouched).await, "the password's own");
}

/// Threats 9 and 26: a client that ends what it has got, or whose refresh token is used twice, ends that, and neither the app
/// password nor what comes of it later.
#[rstest]
#[actix_web::test]
async fn threat_26_no_client_ends_an_app_password(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(false, true)] used_twice: bool,
) {
    let world = World::on(backend).await;
    for (kind, token) in world.forms() {
        let session = world.exchange(kind, &token, &[("scope", "a b offline_access")]).await;
        let (access, refresh) = (session.access_token(), session.refresh_token());
        if used_twice {
            let next = world.app.refresh(&world.gate, &refresh).await.refresh_token();
            world.app.refresh(&world.gate, &next).await.refresh_token();
            world.app.refresh(&world.gate, &refresh).await.assert_refused(400, "invalid_grant");
        } else {
            let revoked = world.app.post_as(&world.gate, "/oauth/revoke", &[("token", &refresh)]).await;
            assert_eq!(revoked.status, 200);
        }
        assert!(!world.is_active(&access).await);
        world.app.refresh(&world.gate, &refresh).await.assert_refused(400, "invalid_grant");
        let again = world.exchange(kind, &token, &[]).await;
        assert!(world.is_active(&again.access_token()).await);
        assert_ne!(claims(&again.access_token()).sid, claims(&access).sid);
    }
    world.revoke().await;
    for (kind, token) in world.forms() {
        world.exchange(kind, &token, &[]).await.assert_refused(400, "invalid_grant");
    }
}

/// Threat 9: a disabled account is told as such to whoever has a right credential, and to nobody else.
#[rstest]
#[actix_web::test]
async fn threat_09_a_disabled_account_has_no_good_app_password(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let before = world.exchange(APP_PASSWORD, &world.secret, &[]).await.access_token();
    world.app.enable_account(&world.account, false).await;
    assert!(!world.is_active(&before).await);
    for (kind, token) in world.forms() {
        let answer = world.exchange(kind, &token, &[]).await;
        answer.assert_refused(400, "invalid_grant");
        assert_eq!(answer.json()["reason"], "account_disabled");
    }
    let wrong = world.exchange(BASIC, &basic_of("nadia", "00000-00000-00000-00000-00000"), &[]).await;
    assert!(wrong.json().get("reason").is_none());
    world.app.enable_account(&world.account, true).await;
    assert!(world.is_active(&before).await, "it was disabled, not revoked");
    world.app.identity.delete_account(world.account.id, &Origin::default()).await.expect("an account");
    assert!(!world.is_active(&before).await);
    for (kind, token) in world.forms() {
        let answer = world.exchange(kind, &token, &[]).await;
        answer.assert_refused(400, "invalid_grant");
        assert!(answer.json().get("reason").is_none());
    }
}

/// Threat 10: a service in the same process hears how long a name is held back, and its right app password is let in.
#[rstest]
#[actix_web::test]
async fn threat_10_a_service_hears_how_long_a_credential_waits(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::with(backend, |settings| settings.limits.password_failures = 3).await;
    let world = World::of(app).await;
    let service = auth_server::InProcessClient {
        id: "provisioning".parse().expect("a client id"),
        audience: "provisioning".to_owned(),
        scopes: scopes("provisioning"),
    };
    let exchange = world.app.auth.exchange(service);
    let (wrong, right) = (basic_of("nadia", "00000-00000-00000-00000-00000"), basic(&world.account));
    for _ in 0..3 {
        let refused = exchange.exchange(BASIC, &wrong, CLIENT).await;
        assert_eq!(refused, Err(ExchangeError::Refused(ExchangeRefusal::Invalid)));
    }
    for token in [&wrong, &right] {
        let refused = exchange.exchange(BASIC, token, CLIENT).await;
        assert_eq!(refused, Err(ExchangeError::Throttled { retry_after: 60 }));
    }
    for (kind, token) in world.forms() {
        exchange.exchange(kind, &token, CLIENT).await.expect("a token");
    }
    world.app.advance(TimeDelta::seconds(60)).await;
    exchange.exchange(BASIC, &right, CLIENT).await.expect("a refusal to look is not remembered");
}

/// A program sends its credential with every request: it is looked at once a minute, and after what it was exchanged for is
/// revoked.
#[rstest]
#[case::a_password(BASIC, None)]
#[case::an_app_password(APP_PASSWORD, Some(()))]
#[actix_web::test]
async fn a_credential_is_looked_at_once_a_minute(#[case] kind: &str, #[case] app_password: Option<()>) {
    let world = World::on(Backend::Sqlite).await;
    let service = auth_server::InProcessClient {
        id: "provisioning".parse().expect("a client id"),
        audience: "provisioning".to_owned(),
        scopes: scopes("provisioning"),
    };
    let exchange = world.app.auth.exchange(service);
    let token = app_password.map_or_else(|| basic(&world.account), |()| world.secret.clone());
    let first = exchange.exchange(kind, &token, CLIENT).await.expect("a token");
    for _ in 0..50 {
        assert_eq!(exchange.exchange(kind, &token, CLIENT).await.as_ref(), Ok(&first));
    }
    world.app.advance(TimeDelta::seconds(60)).await;
    assert_ne!(exchange.exchange(kind, &token, CLIENT).await.as_ref(), Ok(&first));
}
