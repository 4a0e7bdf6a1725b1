//! Lists of people: what is found, in which order, by whom.

use diesel::connection::SimpleConnection as _;
use identity::audit::Origin;
use identity::directory_search::{self, Among, Window};
use identity::sign_in_times;
use rstest::rstest;
use store::DbConn;
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE};

const ALL: Window = Window { offset: 0, limit: None };

#[rstest]
#[tokio::test]
async fn login_name_and_address_are_searched_whatever_the_case(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.person("Mira", Some("Élodie Ströng")).await;
    fixture.person("jonas", Some("mirador")).await;
    fixture.person("zoe", None).await;
    for (search, found) in [
        ("MIRA", &["jonas", "Mira"][..]),
        ("élodie", &["Mira"]),
        ("ÉLODIE STRÖNG", &["Mira"]),
        ("ö", &["Mira"]),
        ("zoe@example", &["zoe"]),
        ("E@EXAMPLE.org", &["zoe"]),
        ("o", &["jonas", "zoe", "Mira"]),
        ("ramirador", &[]),
        ("mira\u{1}", &[]),
        ("q", &[]),
        ("qx", &[]),
        ("qxz", &[]),
        (" ", &["Mira"]),
        ("", &["jonas", "zoe", "Mira"]),
    ] {
        assert_eq!(fixture.search(search).await, found, "{search:?}");
    }
    assert!(fixture.search(&"o".repeat(200_000)).await.is_empty());
    for text in HOSTILE {
        assert!(fixture.search(text).await.is_empty(), "{text:?}");
    }
}

#[rstest]
#[tokio::test]
async fn pages_go_by_display_name_and_are_shown_by_login(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for (login, name) in
        [("c", Some("Alpha")), ("B", Some("beta")), ("a", Some("Gamma")), ("b2", Some("beta"))]
    {
        fixture.person(login, name).await;
    }
    assert_eq!(fixture.logins(Among::Everybody, "", ALL).await, ["c", "B", "b2", "a"]);
    let window = Window { offset: 1, limit: Some(2) };
    assert_eq!(fixture.logins(Among::Everybody, "", window).await, ["B", "b2"]);
    assert_eq!(fixture.logins(Among::Everybody, "eta", window).await, ["b2"]);
    let found = fixture.read(|conn| directory_search::find(conn, Among::Everybody, "", ALL)).await;
    assert_eq!(directory_search::sorted_logins(found), ["a", "B", "b2", "c"]);
    for window in [
        Window { offset: 0, limit: Some(0) },
        Window { offset: 0, limit: Some(i64::MIN) },
        Window { offset: i64::MAX, limit: Some(i64::MAX) },
    ] {
        assert!(fixture.logins(Among::Everybody, "", window).await.is_empty(), "{window:?}");
        assert!(fixture.logins(Among::Everybody, "a", window).await.is_empty(), "{window:?}");
    }
    let window = Window { offset: i64::MIN, limit: Some(i64::MAX) };
    assert_eq!(fixture.logins(Among::Everybody, "eta", window).await, ["B", "b2"]);
}

#[rstest]
#[tokio::test]
async fn a_list_follows_what_becomes_of_an_account(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.person("ada", Some("Ada")).await;
    fixture.person("bob", Some("Bob")).await;
    assert!(fixture.logins(Among::Disabled, "", ALL).await.is_empty());
    fixture.identity.set_account_enabled(ada.id, false, &Origin::default()).await.unwrap();
    assert_eq!(fixture.logins(Among::Disabled, "", ALL).await, ["ada"]);
    assert_eq!(fixture.logins(Among::Disabled, "AD", ALL).await, ["ada"]);
    assert!(fixture.logins(Among::Disabled, "bob", ALL).await.is_empty());
    fixture.change(ada.id, "displayname", "Zoë").await.unwrap();
    assert_eq!(fixture.search("").await, ["bob", "ada"]);
    assert_eq!((fixture.search("ZOË").await, fixture.search("ada").await.len()), (vec!["ada".to_owned()], 1));
    fixture.identity.set_account_enabled(ada.id, true, &Origin::default()).await.unwrap();
    assert!(fixture.logins(Among::Disabled, "", ALL).await.is_empty());
    assert_eq!(fixture.search("zoë").await, ["ada"], "still folded");
    fixture.identity.delete_account(ada.id, &Origin::default()).await.unwrap();
    assert_eq!(fixture.search("").await, ["bob"]);
}

#[rstest]
#[tokio::test]
async fn what_an_older_replica_wrote_is_found(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let write = |conn: &mut DbConn, _: &identity::act::Act| {
        conn.batch_execute(
            "INSERT INTO accounts
                (id, login, login_key, display_name, roles, provisional, enabled, created_at, updated_at)
            VALUES
                ('01900000-0000-7000-8000-000000000001', 'Mia', 'mia', 'ÉLAN', '[]', FALSE, TRUE,
                    '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
                ('01900000-0000-7000-8000-000000000002', 'Leo', 'leo', 'Plain', '[]', FALSE, FALSE,
                    '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
        )
        .map_err(identity::IdentityError::from)
    };
    fixture.write(write).await.unwrap();
    assert_eq!(
        (fixture.search("PLAIN").await, fixture.search("mia").await),
        (vec!["Leo".into()], vec!["Mia".into()])
    );
    assert_eq!(fixture.logins(Among::Disabled, "", ALL).await, ["Leo"]);
    assert!(fixture.search("élan").await.is_empty(), "databases fold ASCII only");
    fixture.replica().await;
    assert_eq!(fixture.search("Élan").await, ["Mia"]);
    assert_eq!(fixture.count("account_search WHERE NOT folded".to_owned()).await, 0);
}

#[rstest]
#[tokio::test]
async fn the_last_to_sign_in_come_first(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    for (login, minutes) in
        [("ada", Some(1)), ("Bob", Some(3)), ("cleo", None), ("bea", Some(3)), ("dan", Some(2))]
    {
        let person = fixture.person(login, Some("Somebody")).await;
        if let Some(minutes) = minutes {
            let at = fixture.clock.now() + chrono::TimeDelta::minutes(minutes);
            let note = move |conn: &mut DbConn, _: &identity::act::Act| {
                sign_in_times::note(conn, person.id, at).map_err(identity::IdentityError::from)
            };
            fixture.write(note).await.unwrap();
        }
        if login == "dan" {
            fixture.identity.set_account_enabled(person.id, false, &Origin::default()).await.unwrap();
        }
    }
    assert_eq!(fixture.logins(Among::SignedIn, "", ALL).await, ["bea", "Bob", "dan", "ada"]);
    let window = Window { offset: 1, limit: Some(2) };
    assert_eq!(fixture.logins(Among::SignedIn, "", window).await, ["Bob", "dan"]);
    assert_eq!(fixture.logins(Among::SignedIn, "SOMEBODY", window).await, ["Bob", "dan"]);
    assert_eq!(fixture.logins(Among::SignedIn, "da", ALL).await, ["dan", "ada"]);
    assert!(fixture.logins(Among::SignedIn, "cleo", ALL).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn members_are_listed_like_everybody(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.person("ada", Some("Zeta")).await;
    let bob = fixture.person("Bob", None).await;
    fixture.person("cleo", None).await;
    fixture.group("a/b é", &[ada.id, bob.id]).await;
    fixture.group("none", &[]).await;
    assert_eq!(fixture.logins(Among::Group("a/b é"), "", ALL).await, ["Bob", "ada"]);
    assert_eq!(fixture.logins(Among::Group("a/b é"), "zet", ALL).await, ["ada"]);
    assert_eq!(
        fixture.logins(Among::Group("a/b é"), "", Window { offset: 1, limit: Some(1) }).await,
        ["ada"]
    );
    for nobody in ["none", "A/B é", "nowhere", "", "'; DROP TABLE groups; --", "\0"] {
        assert!(fixture.logins(Among::Group(nobody), "", ALL).await.is_empty(), "{nobody:?}");
    }
}

#[rstest]
#[tokio::test]
async fn threat_15_managers_reach_their_groups_and_no_administrator(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let mut ids = Vec::new();
    for login in ["manager", "member", "other", "admin", "role", "unmanaged"] {
        ids.push(fixture.person(login, None).await.id);
    }
    let [manager, member, other, admin, role, unmanaged] = ids[..] else { panic!() };
    let account = fixture.identity.find_account(role).await.unwrap().unwrap();
    let mut profile = identity::accounts::AccountProfile::from(&account);
    profile.roles = vec![auth_claims::roles::Role::GlobalAdmin];
    fixture.identity.update_account(role, profile, &Origin::default()).await.unwrap();
    fixture.group("atelier", &[member, admin, role]).await;
    fixture.group("staff", &[manager, member, other]).await;
    let make = move |conn: &mut DbConn, act: &identity::act::Act| {
        identity::groups::add_subadmin(conn, act, "atelier", manager)?;
        identity::groups::add_member(conn, act, "admin", admin)
    };
    fixture.write(make).await.unwrap();
    let reach = |caller| {
        let all = ids.clone();
        fixture.read(move |conn| directory_search::accessible(conn, caller, &all))
    };
    assert_eq!(reach(manager).await, [manager, member].into());
    assert_eq!(reach(unmanaged).await, [unmanaged].into());
    let twice = fixture.read(move |conn| directory_search::accessible(conn, manager, &[other])).await;
    assert!(twice.is_empty(), "nor oneself, when nobody asked");
}

#[rstest]
#[tokio::test]
async fn whoever_is_gone_is_left_out(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (ada, bob) = (fixture.person("ada", None).await, fixture.person("bob", None).await);
    let gone = identity::accounts::AccountId::new(fixture.clock.now());
    let ids = [bob.id, gone, ada.id];
    let people = fixture.read(move |conn| directory_search::load(conn, &ids)).await;
    let logins: Vec<&str> = people.iter().map(|person| person.account.login.as_str()).collect();
    assert_eq!(logins, ["bob", "ada"]);
    assert!(fixture.read(|conn| directory_search::load(conn, &[])).await.is_empty());
}
