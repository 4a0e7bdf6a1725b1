//! Apps, their config keys and preferences.

use std::time::Duration;

use auth_claims::revocations::{RevocationEntry, RevocationKind, RevocationReason};
use identity::IdentityError;
use identity::act::Act;
use identity::apps::{self, AppRefusal, config, config::ConfigRefusal, preferences};
use identity::audit::Origin;
use identity::bootstrap::{Document, SecretSources};
use rstest::rstest;
use store::{DbConn, StoreError};
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE};

const FILE: &str = "
apps:
  - id: notes
    name: Notes
    version: 1.2.3
    types: [filesystem, logging]
    preferences: [order]
    config: { limit: 10, ratio: 0.5, public: true, list: [1, 2], title: Notes }
";

async fn with_notes(backend: Backend) -> Fixture {
    let fixture = Fixture::on(backend).await;
    let sources = SecretSources { environment: &|_| None, directory: ".".into() };
    let document = Document::parse(FILE, &sources, false).unwrap();
    fixture.identity.apply_bootstrap(&document, false, &Origin::default()).await.unwrap();
    fixture
}

async fn enable(fixture: &Fixture, id: &'static str, enabled: bool) -> Result<bool, AppRefusal> {
    fixture.write(move |conn, act| apps::set_enabled(conn, act, id, enabled)).await
}

async fn set(fixture: &Fixture, app: &str, key: &str, value: &str) -> Result<(), ConfigRefusal> {
    let (app, key, value) = (app.to_owned(), key.to_owned(), value.to_owned());
    fixture.write(move |conn, act| config::set(conn, act, (&app, &key), &value, true)).await
}

async fn value(fixture: &Fixture, app: &str, key: &str) -> Option<String> {
    let (app, key) = (app.to_owned(), key.to_owned());
    fixture.write(move |conn: &mut DbConn, _: &Act| config::value(conn, &app, &key)).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn services_and_declared_apps_are_listed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_notes(backend).await;
    let list = fixture.read(apps::list).await;
    let shown: Vec<(&str, bool, bool)> =
        list.iter().map(|app| (app.id.as_str(), app.enabled, app.always_on)).collect();
    assert_eq!(
        shown,
        [
            ("agenda", true, false),
            ("applications", true, false),
            ("bases", true, false),
            ("notes", true, false),
            ("provisioning_api", true, true),
            ("rooms", true, false),
        ]
    );
    for app in &list {
        for key in ["id", "name", "summary", "description", "version", "licence", "author", "types"] {
            assert!(app.manifest.contains_key(key), "{} has no {key}", app.id);
        }
        let found = fixture.read({
            let id = app.id.clone();
            move |conn| apps::find(conn, &id)
        });
        assert_eq!(found.await.as_ref(), Some(app));
    }
    for id in HOSTILE.into_iter().chain(["core", "", "Rooms"]) {
        assert_eq!(fixture.read(move |conn| apps::find(conn, id)).await, None, "{id:?}");
    }
}

#[rstest]
#[tokio::test]
async fn disabling_is_told_once_and_kept(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = with_notes(backend).await;
    assert!(fixture.read(apps::disabled).await.is_empty());
    for id in ["rooms", "notes"] {
        assert!(!enable(&fixture, id, true).await.unwrap(), "{id} is enabled already");
        assert!(enable(&fixture, id, false).await.unwrap());
        assert!(!enable(&fixture, id, false).await.unwrap());
    }
    assert_eq!(fixture.read(apps::disabled).await, ["notes", "rooms"]);
    assert!(!fixture.read(|conn| apps::find(conn, "rooms")).await.unwrap().enabled);
    assert!(enable(&fixture, "rooms", true).await.unwrap());
    assert_eq!(fixture.read(apps::disabled).await, ["notes"]);
    assert_eq!(
        (fixture.audited("app.disable").await.len(), fixture.audited("app.enable").await.len()),
        (2, 1)
    );

    assert!(matches!(enable(&fixture, "nothing", true).await, Err(AppRefusal::Unknown)));
    assert!(!enable(&fixture, "nothing", false).await.unwrap(), "it is not there already");
    assert!(!enable(&fixture, "provisioning_api", true).await.unwrap());
    assert!(matches!(enable(&fixture, "provisioning_api", false).await, Err(AppRefusal::AlwaysOn)));
}

/// What the services hear: kind, id, whether it has ended.
async fn told(fixture: &Fixture) -> Vec<(RevocationReason, String, bool)> {
    let page = fixture.identity.wait_for_revocation(0, Duration::ZERO).await.unwrap();
    let of_service = |entry: &RevocationEntry| entry.kind == RevocationKind::Service;
    page.entries
        .into_iter()
        .filter(of_service)
        .map(|entry| (entry.reason, entry.value, entry.lifted))
        .collect()
}

/// Threat 26: a service learns of it in the transaction that disables it, and whenever it starts.
#[rstest]
#[tokio::test]
async fn threat_26_a_service_is_told_that_it_is_disabled(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_notes(backend).await;
    let state = |id: &str, lifted: bool| (RevocationReason::ServiceDisabled, id.to_owned(), lifted);
    enable(&fixture, "notes", false).await.unwrap();
    assert_eq!(told(&fixture).await, [], "a declared app reads no feed");
    for id in ["rooms", "bases", "rooms"] {
        enable(&fixture, id, false).await.unwrap();
    }
    assert_eq!(told(&fixture).await, [state("rooms", false), state("bases", false)]);
    fixture.pass(400 * 86_400);
    fixture.identity.prune(None).await.unwrap();
    assert_eq!(told(&fixture).await, [state("rooms", false), state("bases", false)], "it lasts");
    enable(&fixture, "rooms", true).await.unwrap();
    assert_eq!(told(&fixture).await, [state("bases", false), state("rooms", true)]);
    enable(&fixture, "rooms", false).await.unwrap();
    assert_eq!(told(&fixture).await, [state("bases", false), state("rooms", false)]);

    let failed = fixture
        .write(|conn, act| {
            apps::set_enabled(conn, act, "agenda", false)?;
            Err::<(), _>(AppRefusal::Unknown)
        })
        .await;
    assert!(failed.is_err());
    assert!(!told(&fixture).await.contains(&state("agenda", false)), "what is rolled back is told nobody");
}

/// A replica of a later version has written what this one does not know.
#[rstest]
#[tokio::test]
async fn threat_26_the_feed_goes_on_beyond_what_nobody_knows(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    enable(&fixture, "rooms", false).await.unwrap();
    let write = "UPDATE revocations SET kind = 'galaxy', reason = 'moved'";
    fixture.write(move |conn: &mut DbConn, _: &Act| store_execute(conn, write)).await.unwrap();
    enable(&fixture, "bases", false).await.unwrap();
    let page = fixture.identity.wait_for_revocation(0, Duration::ZERO).await.unwrap();
    let read: Vec<_> = page.entries.iter().map(|entry| (entry.kind, entry.reason)).collect();
    assert_eq!(
        read,
        [
            (RevocationKind::Unknown, RevocationReason::Unknown),
            (RevocationKind::Service, RevocationReason::ServiceDisabled),
        ]
    );
}

fn store_execute(conn: &mut DbConn, query: &str) -> Result<usize, StoreError> {
    Ok(diesel::RunQueryDsl::execute(diesel::sql_query(query), conn)?)
}

#[rstest]
#[tokio::test]
async fn config_is_read_as_texts_and_keeps_its_types(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_notes(backend).await;
    for (key, text) in [
        ("limit", "10"),
        ("ratio", "0.5"),
        ("public", "1"),
        ("list", "[1,2]"),
        ("title", "Notes"),
        ("installed_version", "1.2.3"),
        ("enabled", "yes"),
        ("types", "filesystem,logging"),
    ] {
        assert_eq!(value(&fixture, "notes", key).await.as_deref(), Some(text), "{key}");
    }
    for (key, given, read) in
        [("limit", "many", "0"), ("public", "off", "0"), ("list", "[\"a\" ]", "[\"a\"]"), ("title", "7", "7")]
    {
        set(&fixture, "notes", key, given).await.unwrap();
        assert_eq!(value(&fixture, "notes", key).await.as_deref(), Some(read), "{key}");
    }
    assert!(matches!(set(&fixture, "notes", "list", "none").await, Err(ConfigRefusal::Invalid)));
    enable(&fixture, "notes", false).await.unwrap();
    assert_eq!(value(&fixture, "notes", "enabled").await.as_deref(), Some("no"));
    assert_eq!(
        value(&fixture, "core", "installed_version").await.as_deref(),
        Some(env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(value(&fixture, "nothing", "enabled").await, None);
}

#[rstest]
#[tokio::test]
async fn keys_are_written_listed_and_removed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    set(&fixture, "files", "default_quota", "5 GB").await.unwrap();
    set(&fixture, "core", "shareapi_enabled", "yes").await.unwrap();
    set(&fixture, "core", "encryption_enabled", "yes").await.unwrap();
    let all = fixture.read(config::apps).await;
    assert_eq!(all, ["agenda", "applications", "bases", "core", "files", "provisioning_api", "rooms"]);
    let keys = |app: &'static str| fixture.write(move |conn: &mut DbConn, _: &Act| config::keys(conn, app));
    assert_eq!(keys("core").await.unwrap(), ["encryption_enabled", "installed_version", "shareapi_enabled"]);
    assert_eq!(keys("rooms").await.unwrap(), ["enabled", "installed_version", "types"]);
    assert_eq!(keys("files").await.unwrap(), ["default_quota"]);
    assert!(keys("nothing").await.unwrap().is_empty());
    assert!(matches!(keys("../etc").await, Err(ConfigRefusal::IllegalApp)));

    let delete = |app: &'static str, key: &'static str| {
        fixture.write(move |conn: &mut DbConn, act: &Act| config::delete(conn, act, app, key))
    };
    assert!(delete("core", "shareapi_enabled").await.unwrap());
    assert!(!delete("core", "shareapi_enabled").await.unwrap());
    for (app, key) in [("rooms", "enabled"), ("core", "remote_files"), ("core", "encryption_enabled")] {
        assert!(matches!(delete(app, key).await, Err(ConfigRefusal::Protected)), "{app}/{key}");
    }
    assert_eq!(value(&fixture, "core", "encryption_enabled").await.as_deref(), Some("yes"));
    let forbidden =
        |conn: &mut DbConn, act: &Act| config::set(conn, act, ("files", "default_quota"), "none", false);
    assert!(matches!(fixture.write(forbidden).await, Err(ConfigRefusal::UnlimitedForbidden)));
    set(&fixture, "files", "default_quota", "none").await.unwrap();
}

#[rstest]
#[tokio::test]
async fn threats_18_and_25_what_cannot_be_kept_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for text in HOSTILE {
        assert_eq!(value(&fixture, "files", text).await, None, "{text:?}");
        if set(&fixture, "files", text, text).await.is_ok() {
            assert_eq!(value(&fixture, "files", text).await.as_deref(), Some(text));
        }
    }
    let (long, larger) = ("k".repeat(config::MAX_KEY + 1), "v".repeat(config::MAX_VALUE + 1));
    for (app, key, given) in [
        ("files", long.as_str(), ""),
        (long.as_str(), "a", ""),
        ("files", "a", larger.as_str()),
        ("files", "", ""),
        ("", "a", ""),
    ] {
        assert!(matches!(set(&fixture, app, key, given).await, Err(ConfigRefusal::Invalid)));
    }
    set(&fixture, "files", "a", &larger[1..]).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn preferences_are_what_an_app_vouches_for(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = with_notes(backend).await;
    let jonas = fixture.person("jonas", None).await.id;
    let set = |key: (&'static str, &'static str), value: &'static str| {
        fixture.write(move |conn: &mut DbConn, act: &Act| preferences::set(conn, act, jonas, key, value))
    };
    let get = || fixture.read(move |conn| preferences::value(conn, jonas, "notes", "order"));
    for key in [("notes", "colour"), ("rooms", "order"), ("nothing", "order"), ("", ""), ("notes", "a\0")] {
        assert!(!set(key, "x").await.unwrap(), "{key:?}");
    }
    assert!(set(("notes", "order"), "name").await.unwrap() && set(("notes", "order"), "date").await.unwrap());
    assert_eq!(get().await.as_deref(), Some("date"));
    assert!(matches!(set(("notes", "order"), "a\0").await, Err(IdentityError::Invalid(_))));
    let delete = |key: (&'static str, &'static str)| {
        fixture.write(move |conn: &mut DbConn, act: &Act| preferences::delete(conn, act, jonas, key))
    };
    assert!(delete(("notes", "order")).await.unwrap() && delete(("notes", "order")).await.unwrap());
    assert!(!delete(("notes", "colour")).await.unwrap());
    assert_eq!(get().await, None);
}
