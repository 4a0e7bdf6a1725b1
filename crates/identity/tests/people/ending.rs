//! The end of an account: nothing is left that could sign in, or that says anything of it. What revokes what is told
//! elsewhere (`tests/tokens`, `tests/sessions`); here it is that one act does all of it.

use auth_claims::revocations::RevocationReason;
use identity::account_tokens::AccountTokenStanding;
use identity::accounts::SignInRefusal;
use identity::apps::preferences;
use identity::audit::Origin;
use rstest::rstest;
use secrecy::SecretString;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD};

/// Every table that says something of one account, with the column that names it.
const TABLES: [&str; 14] = [
    "account_details WHERE account_id",
    "account_mails WHERE account_id",
    "account_sign_ins WHERE account_id",
    "account_search WHERE account_id",
    "account_passwords WHERE account_id",
    "account_groups WHERE account_id",
    "app_passwords WHERE account_id",
    "device_sessions WHERE account_id",
    "familiar_networks WHERE account_id",
    "group_admins WHERE account_id",
    "group_subadmins WHERE account_id",
    "refresh_families WHERE account_id",
    "user_preferences WHERE account_id",
    "accounts WHERE id",
];

struct Ended {
    fixture: Fixture,
    id: identity::accounts::AccountId,
    app_password: SecretString,
    account_token: String,
}

/// Somebody with everything that this suite can give.
async fn everything(backend: Backend) -> Ended {
    let fixture = Fixture::on(backend).await;
    let jonas = fixture.signing_in("jonas").await;
    fixture.group("staff", &[jonas.id]).await;
    fixture.change(jonas.id, "language", "fr").await.unwrap();
    fixture.change(jonas.id, "additional_mail", "more@example.org").await.unwrap();
    let apps = "apps: [{ id: notes, preferences: [order] }]";
    let document = identity::bootstrap::Document::parse(apps, &sources(), false).unwrap();
    fixture.identity.apply_bootstrap(&document, false, &Origin::default()).await.unwrap();
    let id = jonas.id;
    fixture
        .write(move |conn, act| {
            identity::groups::add_subadmin(conn, act, "staff", id)?;
            identity::sign_in_times::note(conn, id, act.now())?;
            preferences::set(conn, act, id, ("notes", "order"), "name").map(|_| ())
        })
        .await
        .unwrap();
    let (_, app_password) =
        fixture.identity.create_app_password(id, "sync", &Origin::default()).await.unwrap();
    let account_token =
        fixture.identity.account_token(&jonas, &Origin::default()).await.unwrap().expose().to_owned();
    let app_password = SecretString::from(app_password.expose().to_owned());
    Ended { fixture, id, app_password, account_token }
}

fn sources() -> identity::bootstrap::SecretSources<'static> {
    identity::bootstrap::SecretSources { environment: &|_| None, directory: ".".into() }
}

#[rstest]
#[tokio::test]
async fn a_deleted_account_leaves_nothing_but_the_trail(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let Ended { fixture, id, app_password, account_token } = everything(backend).await;
    let origin = Origin::default();
    fixture.identity.delete_account(id, &origin).await.unwrap();
    for table in TABLES {
        assert_eq!(fixture.count(format!("{table} = '{id}'")).await, 0, "{table}");
    }
    let refused = fixture.identity.verify_basic("jonas", &app_password, &origin).await.unwrap_err();
    assert!(matches!(refused, SignInRefusal::BadCredentials), "{refused}");
    let password = SecretString::from(PASSWORD);
    assert!(fixture.identity.verify_password("jonas", &password, &origin).await.is_err());
    let standing = fixture.identity.find_account_token(&account_token).await.unwrap();
    assert!(matches!(standing, AccountTokenStanding::Deleted), "{standing:?}");
    assert_eq!(reasons(&fixture, id).await, [RevocationReason::AccountDeleted]);
    let events = fixture.audited("account.delete").await;
    assert_eq!(events.len(), 1);
    let gone = serde_json::json!({"gone": {
        "account_tokens": 1, "app_passwords": 1, "memberships": 1, "passwords": 1, "sub_administrations": 1,
    }});
    assert_eq!(events[0].detail, Some(gone), "the trail says what has gone");
}

/// Services that were away for thirty days still hear of it; then the feed forgets.
#[rstest]
#[tokio::test]
async fn the_feed_tells_of_a_deleted_account_for_thirty_days(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let Ended { fixture, id, .. } = everything(backend).await;
    fixture.identity.delete_account(id, &Origin::default()).await.unwrap();
    fixture.pass(30 * 86_400 - 1);
    fixture.identity.prune(None).await.unwrap();
    assert_eq!(reasons(&fixture, id).await, [RevocationReason::AccountDeleted]);
    fixture.pass(1);
    fixture.identity.prune(None).await.unwrap();
    assert_eq!(reasons(&fixture, id).await, []);
}

#[rstest]
#[tokio::test]
async fn threat_9_a_disabled_account_signs_in_by_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let Ended { fixture, id, app_password, account_token } = everything(backend).await;
    let origin = Origin::default();
    fixture.identity.set_account_enabled(id, false, &origin).await.unwrap();
    for secret in [app_password.clone(), SecretString::from(PASSWORD)] {
        let refused = fixture.identity.verify_basic("jonas", &secret, &origin).await.unwrap_err();
        assert!(matches!(refused, SignInRefusal::Disabled), "{refused}");
    }
    let standing = fixture.identity.find_account_token(&account_token).await.unwrap();
    assert!(matches!(standing, AccountTokenStanding::Disabled(_)), "{standing:?}");
    assert_eq!(reasons(&fixture, id).await, [RevocationReason::AccountDisabled]);

    fixture.identity.set_account_enabled(id, true, &origin).await.unwrap();
    assert_eq!(fixture.details(id).await.language.as_deref(), Some("fr"), "it was only put aside");
    fixture.identity.verify_basic("jonas", &app_password, &origin).await.unwrap();
}

/// Why the feed says that its tokens do not count, apart from what has been lifted.
async fn reasons(fixture: &Fixture, id: identity::accounts::AccountId) -> Vec<RevocationReason> {
    let feed = fixture.identity.wait_for_revocation(0, std::time::Duration::ZERO).await.unwrap();
    let own = feed.entries.into_iter().filter(|entry| entry.value == id.to_string() && !entry.lifted);
    own.map(|entry| entry.reason).collect()
}
