//! The section `apps` of bootstrap files.

use identity::apps::{self, config};
use identity::audit::Origin;
use identity::bootstrap::{BootstrapError, Document, SecretSources};
use rstest::rstest;
use store::DbConn;
use test_kit::Backend;

use crate::fixture::Fixture;

const FIRST: &str = "
apps:
  - { id: notes, name: Notes, version: '1', config: { limit: 10 }, preferences: [order] }
  - { id: rooms, enabled: false, config: { banner: hello } }
";

fn parse(text: &str) -> Result<Document, BootstrapError> {
    Document::parse(text, &SecretSources { environment: &|_| None, directory: ".".into() }, false)
}

/// Applies a file, having checked that the plan says the same, and that nothing is left to be done.
async fn apply(fixture: &Fixture, text: &str, prune: bool) -> Vec<String> {
    let (document, origin) = (parse(text).unwrap(), Origin::default());
    let planned = fixture.identity.plan_bootstrap(&document, prune, &origin).await.unwrap();
    let applied = fixture.identity.apply_bootstrap(&document, prune, &origin).await.unwrap();
    assert_eq!(applied, planned);
    assert!(fixture.identity.plan_bootstrap(&document, prune, &origin).await.unwrap().is_empty());
    applied.iter().map(ToString::to_string).collect()
}

#[rstest]
#[tokio::test]
async fn a_file_declares_apps_and_their_state(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let changes = apply(&fixture, FIRST, false).await;
    assert_eq!(
        changes,
        ["create app notes (manifest, preferences, config)", "create app rooms (enabled, config)"]
    );
    assert_eq!(fixture.read(apps::disabled).await, ["rooms"]);
    let enable = |conn: &mut DbConn, act: &identity::act::Act| apps::set_enabled(conn, act, "notes", false);
    fixture.write(enable).await.unwrap();
    let second = "apps: [{ id: notes, summary: Short, config: { limit: 11, more: true } }]";
    assert_eq!(apply(&fixture, second, false).await, ["update app notes (manifest, config)"]);
    let notes = fixture.read(|conn| apps::find(conn, "notes")).await.unwrap();
    assert!(!notes.enabled, "what is not declared stays as it is");
    assert_eq!((notes.version(), notes.preferences.as_slice()), ("1", &["order".to_owned()][..]));
    assert_eq!(notes.manifest["name"], "Notes");

    let changes = apply(&fixture, "apps: [{ id: rooms }]", true).await;
    assert_eq!(changes, ["delete app notes"]);
    assert_eq!(fixture.read(|conn| apps::find(conn, "notes")).await, None);
    assert_eq!(fixture.count("app_config WHERE app = 'notes'".to_owned()).await, 0);
    apply(&fixture, "groups: []", true).await;
    assert!(fixture.read(apps::disabled).await.is_empty(), "a service is what it was before the file");
    let banner = |conn: &mut DbConn, _: &identity::act::Act| config::value(conn, "rooms", "banner");
    assert_eq!(fixture.write(banner).await.unwrap().as_deref(), Some("hello"));
}

#[test]
fn every_fault_is_told_with_its_path() {
    let text = "
apps:
  - { id: a/b }
  - { id: rooms, name: Halls }
  - { id: notes, preferences: [a, a], config: { enabled: true, '': x }, types: [' '] }
  - { id: notes }
  - { id: core, config: { remote_files: x } }
";
    let Err(BootstrapError::Invalid(faults)) = parse(text) else { panic!("the file is taken") };
    let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
    for path in [
        "apps[0].id",
        "apps[1].id",
        "apps[2].preferences[1]",
        "apps[2].config.enabled",
        "apps[2].config.",
        "apps[2].types[0]",
        "apps[4].config.remote_files",
    ] {
        assert!(paths.contains(&path), "{path} is not in {paths:?}");
    }
    assert!(matches!(parse("apps: [{ id: a, colour: red }]"), Err(BootstrapError::Syntax(_))));
}

#[rstest]
#[tokio::test]
async fn the_provisioning_api_stays_on(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let document = parse("apps: [{ id: provisioning_api, enabled: false }]").unwrap();
    let refused = fixture.identity.apply_bootstrap(&document, false, &Origin::default()).await;
    let Err(BootstrapError::Invalid(faults)) = refused else { panic!("it was disabled") };
    assert_eq!(faults.to_string(), "apps[0].enabled: this app cannot be disabled");
}
