//! Accounts: what they are, who may have which name, and what changing them revokes.

use auth_claims::{
    claims::OrganizationMembership,
    revocations::{RevocationKind, RevocationReason},
    roles::Role,
};
use identity::{
    IdentityError,
    accounts::{AccountProfile, NewAccount, NewPassword, SignInRefusal},
    audit::Origin,
    services::ServiceChange,
};
use rstest::rstest;
use serde_json::json;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, secret};

fn full(login: &str) -> AccountProfile {
    AccountProfile {
        email: Some(format!("{login}@Example.org")),
        given_name: Some("Élodie".to_owned()),
        family_name: Some("D'Arc".to_owned()),
        display_name: Some("Élodie \"D'Arc\"; --".to_owned()),
        organization_id: Some("north".to_owned()),
        organizations: vec![
            OrganizationMembership { id: "north".to_owned(), role: Role::Admin },
            OrganizationMembership { id: "south".to_owned(), role: Role::Agent },
        ],
        services: vec!["hotline".to_owned(), "night".to_owned()],
        territories: vec!["coast".to_owned()],
        roles: vec![Role::Agent, Role::Supervisor],
        ..AccountProfile::new(login)
    }
}

/// What [`full`] refers to.
async fn surroundings(fixture: &Fixture) {
    let (identity, origin) = (&fixture.identity, Origin::default());
    for id in ["north", "south"] {
        identity.create_organization(id, id, &origin).await.unwrap();
    }
    for id in ["hotline", "night"] {
        identity.create_service(id, ServiceChange::default(), &origin).await.unwrap();
    }
    identity.create_territory("coast", "Coast", &origin).await.unwrap();
}

fn new(profile: AccountProfile) -> NewAccount {
    NewAccount { profile, password: NewPassword::None }
}

#[rstest]
#[tokio::test]
async fn an_account_is_found_as_it_was_made(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    surroundings(&fixture).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let made = identity.create_account(new(full("Elodie")), &origin).await.unwrap();
    assert_eq!((made.created_at, made.updated_at), (fixture.clock.now(), fixture.clock.now()));
    assert_eq!(made.organizations, full("Elodie").organizations);
    assert_eq!((made.service_id.as_deref(), made.services.len()), (Some("hotline"), 2));
    assert_eq!((&made.services, &made.territories), (&full("").services, &full("").territories));
    assert_eq!(made.email.as_deref(), Some("Elodie@Example.org"));
    assert_eq!(identity.find_account(made.id).await.unwrap().as_ref(), Some(&made));
    assert_eq!(identity.find_account_by_login("eLODIE").await.unwrap().as_ref(), Some(&made));
    let key = "ELODIE@example.ORG".parse().unwrap();
    assert_eq!(identity.find_account_by_email(&key).await.unwrap().as_ref(), Some(&made));
    assert_eq!(fixture.audited("account.create").await[0].target, Some(made.id.to_string()));
}

/// However it is asked for, and whatever order the database's collation has.
#[rstest]
#[tokio::test]
async fn an_account_is_the_same_by_every_name(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const NAMES: [&str; 6] = ["ab", "a-c", "a1", "a.b", "b", "a"];
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    for name in NAMES {
        identity.create_organization(name, name, &origin).await.unwrap();
        identity.create_service(name, ServiceChange::default(), &origin).await.unwrap();
        identity.create_territory(name, name, &origin).await.unwrap();
    }
    let roles = [Role::Agent, Role::Admin, Role::Supervisor].into_iter().cycle();
    let memberships = NAMES.into_iter().zip(roles);
    let organizations =
        memberships.map(|(name, role)| OrganizationMembership { id: name.to_owned(), role }).collect();
    let names: Vec<String> = NAMES.map(str::to_owned).to_vec();
    let everywhere = AccountProfile {
        email: Some("ada@example.org".to_owned()),
        organizations,
        services: names.clone(),
        territories: names,
        ..AccountProfile::new("ada")
    };
    let nowhere = AccountProfile { email: Some("bob@example.org".to_owned()), ..AccountProfile::new("bob") };
    for profile in [everywhere, nowhere] {
        let key = profile.email.as_ref().unwrap().parse().unwrap();
        let made = identity.create_account(new(profile), &origin).await.unwrap();
        let by_login = identity.find_account_by_login(&made.login).await.unwrap().unwrap();
        assert_eq!(made.services, by_login.services);
        assert_eq!(by_login.organizations.len(), by_login.services.len());
        assert!(by_login.territories.is_sorted() && by_login.organizations.is_sorted_by_key(|one| &one.id));
        assert_eq!(identity.find_account(made.id).await.unwrap().as_ref(), Some(&by_login));
        assert_eq!(identity.find_account_by_email(&key).await.unwrap().as_ref(), Some(&by_login));
        let at = identity.find_account_by_email_at(&key, fixture.clock.now()).await.unwrap();
        assert_eq!(at.unwrap().0, by_login);
    }
}

#[rstest]
#[tokio::test]
async fn an_update_replaces_the_whole_profile(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    surroundings(&fixture).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let made = identity.create_account(new(full("elodie")), &origin).await.unwrap();
    fixture.pass(5);
    let bare = AccountProfile::new("elodie2");
    let updated = identity.update_account(made.id, bare, &origin).await.unwrap();
    assert_eq!((updated.id, updated.number, updated.created_at), (made.id, made.number, made.created_at));
    assert_eq!(updated.updated_at, fixture.clock.now());
    assert_eq!((updated.login.as_str(), updated.email.as_deref()), ("elodie2", None));
    assert!(
        updated.organizations.is_empty() && updated.roles.is_empty() && updated.organization_id.is_none()
    );
    assert!(updated.services.is_empty() && updated.territories.is_empty() && updated.service_id.is_none());
    assert!(identity.find_account_by_login("elodie").await.unwrap().is_none());
    assert!(fixture.feed().await.is_empty(), "a new name revokes nothing");
}

/// Who may do what is told by the audit trail; names and addresses are not.
#[rstest]
#[tokio::test]
async fn the_audit_trail_tells_what_an_account_was_given(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    surroundings(&fixture).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let made = identity.create_account(new(full("elodie")), &origin).await.unwrap();
    let given = json!({
        "login": "elodie",
        "organization_id": "north",
        "organizations": [{ "id": "north", "role": "ADMIN" }, { "id": "south", "role": "AGENT" }],
        "services": ["hotline", "night"],
        "territories": ["coast"],
        "roles": ["AGENT", "SUPERVISOR"],
    });
    assert_eq!(fixture.audited("account.create").await[0].detail, Some(given));

    let renamed = AccountProfile { family_name: Some("Roux".to_owned()), ..full("elodie") };
    identity.update_account(made.id, renamed.clone(), &origin).await.unwrap();
    assert_eq!(fixture.audited("account.update").await[0].detail, None);
    fixture.pass(1);
    let demoted = AccountProfile { territories: Vec::new(), roles: vec![Role::Agent], ..renamed };
    identity.update_account(made.id, demoted, &origin).await.unwrap();
    let taken = json!({ "territories": [], "roles": ["AGENT"] });
    assert_eq!(fixture.audited("account.update").await[0].detail, Some(taken));
}

#[rstest]
#[tokio::test]
async fn names_are_taken_without_regard_to_case(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    fixture.account("élodie").await;
    let other = fixture.account("other").await;
    let login = new(AccountProfile::new("ÉLODIE"));
    assert!(matches!(identity.create_account(login, &origin).await, Err(IdentityError::Taken("login"))));
    let email = AccountProfile { email: Some("ÉLODIE@EXAMPLE.ORG".to_owned()), ..AccountProfile::new("x") };
    let made = identity.create_account(new(email.clone()), &origin).await;
    assert!(matches!(made, Err(IdentityError::Taken("e-mail address"))));
    let updated = identity.update_account(other.id, email, &origin).await;
    assert!(matches!(updated, Err(IdentityError::Taken("e-mail address"))));
    let own = AccountProfile { email: Some("OTHER@example.org".to_owned()), ..AccountProfile::new("OTHER") };
    assert_eq!(identity.update_account(other.id, own, &origin).await.unwrap().login, "OTHER");
    for login in ["no-mail-1", "no-mail-2"] {
        identity.create_account(new(AccountProfile::new(login)), &origin).await.unwrap();
    }
}

#[rstest]
#[tokio::test]
async fn of_two_accounts_made_at_once_under_one_name_one_is_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let replica = fixture.replica().await;
    let origin = Origin::default();
    for round in 0..5 {
        let profile = AccountProfile::new(format!("racer-{round}"));
        let (first, second) = tokio::join!(
            fixture.identity.create_account(new(profile.clone()), &origin),
            replica.create_account(new(profile), &origin),
        );
        let won = [&first, &second].into_iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1);
        let lost = if first.is_ok() { second } else { first };
        assert!(matches!(lost, Err(IdentityError::Taken(_))), "{lost:?}");
    }
}

#[rstest]
#[tokio::test]
async fn what_an_account_refers_to_must_be_there(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let profile = AccountProfile { groups: vec!["'; --".to_owned(), "a\0b".to_owned()], ..full("elodie") };
    let refused = fixture.identity.create_account(new(profile), &Origin::default()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "organizations[0]: there is no such organization; organizations[1]: there is no such organization; \
         services[0]: there is no such service; services[1]: there is no such service; \
         territories[0]: there is no such territory; \
         groups[0]: there is no such group; groups[1]: there is no such group"
    );
    assert!(fixture.audited("account.create").await.is_empty());
}

#[rstest]
#[tokio::test]
async fn disabling_revokes_until_enabled_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let account = fixture.account("ada").await;
    for _ in 0..2 {
        assert!(!identity.set_account_enabled(account.id, false, &origin).await.unwrap().enabled);
    }
    let feed = fixture.feed().await;
    assert_eq!(feed.len(), 1, "disabling twice is one state");
    assert_eq!((feed[0].kind, &feed[0].value), (RevocationKind::Sub, &account.id.to_string()));
    assert_eq!((feed[0].reason, feed[0].lifted), (RevocationReason::AccountDisabled, false));
    fixture.pass(60);
    assert!(identity.set_account_enabled(account.id, true, &origin).await.unwrap().enabled);
    assert!(fixture.feed().await.iter().any(|entry| entry.lifted));
    assert_eq!(fixture.audited("account.disable").await.len(), 1);
    assert_eq!(fixture.audited("account.enable").await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn an_account_made_disabled_is_in_the_feed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let profile = AccountProfile { enabled: false, ..AccountProfile::new("ada") };
    let account = fixture.identity.create_account(new(profile.clone()), &Origin::default()).await.unwrap();
    assert!(!account.enabled);
    assert_eq!(fixture.feed().await[0].reason, RevocationReason::AccountDisabled);
    let enabled = AccountProfile { enabled: true, ..profile };
    let updated = fixture.identity.update_account(account.id, enabled, &Origin::default()).await.unwrap();
    assert!(updated.enabled);
    assert!(fixture.feed().await.iter().any(|entry| entry.lifted));
}

#[rstest]
#[tokio::test]
async fn deleting_leaves_nothing_that_signs_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    surroundings(&fixture).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let account = new(full("ada"));
    let account = NewAccount { password: NewPassword::Plain(secret(PASSWORD)), ..account };
    let account = identity.create_account(account, &origin).await.unwrap();
    identity.delete_account(account.id, &origin).await.unwrap();
    assert!(identity.find_account(account.id).await.unwrap().is_none());
    let refused = identity.verify_password("ada", &secret(PASSWORD), &Origin::default()).await;
    assert!(matches!(refused, Err(SignInRefusal::BadCredentials)));
    for table in
        ["account_id AS value FROM account_passwords", "account_id AS value FROM account_organizations"]
    {
        let query: &'static str = Box::leak(format!("SELECT {table}").into_boxed_str());
        assert!(fixture.texts(query).await.is_empty(), "{table}");
    }
    assert_eq!(fixture.feed().await[0].reason, RevocationReason::AccountDeleted);
    assert_eq!(fixture.audited("account.delete").await.len(), 1);
    let again = identity.delete_account(account.id, &origin).await;
    assert!(matches!(again, Err(IdentityError::Unknown("account"))));
    let successor = identity.create_account(new(full("ada")), &origin).await.unwrap();
    assert_ne!(successor.id, account.id);
    assert!(successor.number > account.number, "numbers are never given out twice");
}

#[rstest]
#[tokio::test]
async fn nobody_changes_an_account_that_is_not_there(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let nobody = identity::accounts::AccountId::new(fixture.clock.now());
    let outcomes = [
        identity.update_account(nobody, AccountProfile::new("x"), &origin).await.map(|_| ()),
        identity.set_account_enabled(nobody, false, &origin).await.map(|_| ()),
        identity.set_password(nobody, &secret(PASSWORD), &origin).await,
        identity.delete_account(nobody, &origin).await,
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(IdentityError::Unknown("account"))), "{outcome:?}");
    }
    assert!(fixture.feed().await.is_empty());
    assert!(fixture.texts("SELECT action AS value FROM audit_events").await.is_empty());
}

/// Threat 14: an update is checked like a creation.
#[rstest]
#[tokio::test]
async fn threat_14_an_account_update_is_checked_like_a_creation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    surroundings(&fixture).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    fixture.account("taken").await;
    let subject = fixture.account("subject").await;
    let base = || full("new");
    let text = |text: &str| Some(text.to_owned());
    let candidates = vec![
        base(),
        AccountProfile { login: String::new(), ..base() },
        AccountProfile { login: "a\0b".to_owned(), ..base() },
        AccountProfile { login: "x".repeat(256), ..base() },
        AccountProfile { login: "TAKEN".to_owned(), ..base() },
        AccountProfile { email: text("taken@example.org"), ..base() },
        AccountProfile { email: text("nobody"), ..base() },
        AccountProfile { email: Some(format!("{}@example.org", "x".repeat(250))), ..base() },
        AccountProfile { display_name: text("a\u{1}b"), ..base() },
        AccountProfile { organization_id: text("elsewhere"), ..base() },
        AccountProfile { organizations: vec![], ..base() },
        AccountProfile { groups: vec!["nowhere".to_owned()], ..base() },
        AccountProfile { service_id: text(" "), ..base() },
        AccountProfile { service_id: text("nowhere"), ..base() },
        AccountProfile { services: vec!["night".to_owned(); 2], ..base() },
        AccountProfile { territories: vec!["nowhere".to_owned()], ..base() },
        AccountProfile { territories: vec!["coast".to_owned(); 2], ..base() },
        AccountProfile { roles: vec![Role::Agent; 2], ..base() },
        AccountProfile { roles: vec![Role::Intervenant], ..base() },
    ];
    let mut accepted = 0;
    for candidate in candidates {
        let created = identity.create_account(new(candidate.clone()), &origin).await;
        if let Ok(account) = &created {
            identity.delete_account(account.id, &origin).await.unwrap();
        }
        let updated = identity.update_account(subject.id, candidate.clone(), &origin).await;
        identity.update_account(subject.id, AccountProfile::new("subject"), &origin).await.unwrap();
        let told = |outcome: Result<_, IdentityError>| outcome.err().map(|error| error.to_string());
        accepted += u32::from(created.is_ok());
        assert_eq!(told(created.map(|_| ())), told(updated.map(|_| ())), "{candidate:?}");
    }
    assert_eq!(accepted, 1);
}
