//! The section `applications` of bootstrap files: planned, applied, applied again, pruned.

use std::fmt::Write as _;
use std::path::Path;

use applications::bootstrap::{BootstrapError, Document};
use bootstrap::{Change, SecretSources, Source};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use proptest::prelude::*;
use rstest::rstest;
use store::{DbConn, StoreError};

use crate::support::{Backend, Mood, Service, application, id};

const FILE: &str = r"
applications:
  - id: desk
    organization_id: helios
    type: GENESYS
    config: { organizationId: o, pcEnvironment: e, serviceParameters: { secret: s } }
  - id: portal
    organization_id: selene
    type: STANDALONE_OPENID
    disabled: true
    visible: false
    expires_at: 2035-01-01T02:00:00+02:00
    anonymous_registration_enabled: true
";

fn parse(text: &str) -> Result<Document, BootstrapError> {
    let environment = |name: &str| (name == "CONFIG").then(|| r#"{"n": 1.50}"#.to_owned());
    Document::parse(text, &SecretSources { environment: &environment, directory: ".".into() })
}

fn told(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

/// What is planned is what is done, once.
#[rstest]
#[tokio::test]
async fn a_file_is_applied_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (app, document) = (service.app(), parse(FILE).unwrap());
    let planned = told(&app.plan_bootstrap(&document, true).await.unwrap());
    assert_eq!(
        planned,
        [
            "create application desk (organization_id, type, config)",
            "create application portal (organization_id, type, disabled, visible, expires_at, \
             anonymous_registration_enabled)",
        ]
    );
    assert_eq!((service.find("desk").await, service.authority.told()), (None, 0), "a plan does nothing");
    assert_eq!(told(&app.apply_bootstrap(&document, false).await.unwrap()), planned);
    for name in ["desk", "portal"] {
        service.assert_agreement(name).await;
    }
    let portal = service.find("portal").await.unwrap();
    assert_eq!((portal.version, portal.visible, portal.disabled), (0, false, true));
    assert_eq!(portal.expires_at.unwrap().to_rfc3339(), "2035-01-01T00:00:00+00:00");
    assert!(portal.anonymous_registration_enabled);

    let before = service.authority.told();
    for prune in [false, true] {
        assert!(app.plan_bootstrap(&document, prune).await.unwrap().is_empty());
        assert!(app.apply_bootstrap(&document, prune).await.unwrap().is_empty());
    }
    assert_eq!((service.find("portal").await, service.authority.told()), (Some(portal), before));
}

/// A field that is not declared stays as it is, and of those that differ the ones a PUT writes count as a change.
#[rstest]
#[tokio::test]
async fn drift_is_told_field_by_field(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (app, document) = (service.app(), parse(FILE).unwrap());
    app.apply_bootstrap(&document, false).await.unwrap();
    let bare = "applications: [{ id: desk, organization_id: helios, type: GENESYS }]";
    assert!(app.plan_bootstrap(&parse(bare).unwrap(), false).await.unwrap().is_empty());
    for (field, version) in [
        ("visible: false", 0),
        ("expires_at: 2030-01-01T00:00:00Z", 0),
        ("expires_at: never", 0),
        ("anonymous_registration_enabled: true", 0),
        ("disabled: true", 1),
        ("config: { organizationId: o, pcEnvironment: other }", 2),
        ("type: TEST", 3),
        ("organization_id: selene", 4),
    ] {
        let name = field.split(':').next().unwrap();
        let kept = [("organization_id", "organization_id: helios"), ("type", "type: GENESYS")];
        let kept: Vec<_> = kept.iter().filter(|(kept, _)| *kept != name).map(|(_, text)| *text).collect();
        let kept = if version > 3 { vec!["type: TEST"] } else { kept };
        let text = format!("applications: [{{ id: desk, {}, {field} }}]", kept.join(", "));
        let changed = parse(&text).unwrap();
        let planned = told(&app.plan_bootstrap(&changed, false).await.unwrap());
        assert_eq!(planned, [format!("update application desk ({name})")], "{text}");
        assert_eq!(told(&app.apply_bootstrap(&changed, false).await.unwrap()), planned);
        assert!(app.plan_bootstrap(&changed, false).await.unwrap().is_empty(), "{text}");
        assert_eq!(service.find("desk").await.unwrap().version, version, "{text}");
        service.assert_agreement("desk").await;
    }
}

/// Only what a file made is removed, only when that is asked, and not what somebody has made since under the same id.
#[rstest]
#[tokio::test]
async fn pruning_takes_back_what_files_made(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let app = service.app();
    service.create(application("by-hand", "helios")).await;
    app.apply_bootstrap(&parse(FILE).unwrap(), false).await.unwrap();
    service.clock.advance(chrono::TimeDelta::seconds(1));
    app.delete(id("portal"), |_| Ok(())).await.unwrap();
    let mut anew = application("portal", "helios");
    anew.created_at = service.clock.now();
    service.create(anew).await;

    let empty = parse("applications:\norganizations: [{ id: helios }]\n").unwrap();
    assert!(app.apply_bootstrap(&empty, false).await.unwrap().is_empty());
    let planned = told(&app.plan_bootstrap(&empty, true).await.unwrap());
    assert_eq!(planned, ["delete application desk"]);
    assert_eq!(told(&app.apply_bootstrap(&empty, true).await.unwrap()), planned);
    assert!(service.find("desk").await.is_none() && service.find("portal").await.is_some());
    assert!(service.find("by-hand").await.is_some());
    service.assert_agreement("desk").await;
    assert!(app.apply_bootstrap(&empty, true).await.unwrap().is_empty());
}

/// However often an application is deleted and declared again, one note of a file is left of it.
#[rstest]
#[tokio::test]
async fn notes_of_applications_that_are_gone_go(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let app = service.app();
    let notes = async || {
        let query = "SELECT count(*) AS count FROM bootstrap_made WHERE id = 'portal'";
        let work = move |conn: &mut DbConn| {
            Ok::<_, StoreError>(diesel::sql_query(query).get_result::<Count>(conn)?.count)
        };
        service.db().read(work).await.unwrap()
    };
    for _ in 0..3 {
        app.apply_bootstrap(&parse(FILE).unwrap(), false).await.unwrap();
        assert_eq!(notes().await, 1);
        app.delete(id("portal"), |_| Ok(())).await.unwrap();
        service.clock.advance(chrono::TimeDelta::days(2));
    }
    // Of a moment ago there may be another one, of a replica that is about to make it.
    app.apply_bootstrap(&parse(FILE).unwrap(), false).await.unwrap();
    app.delete(id("portal"), |_| Ok(())).await.unwrap();
    service.clock.advance(chrono::TimeDelta::hours(23));
    app.apply_bootstrap(&parse(FILE).unwrap(), false).await.unwrap();
    assert_eq!(notes().await, 2);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Two replicas that apply the same file at their start: one makes everything, the other finds it done.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_apply_one_file(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let document = parse(FILE).unwrap();
    let [one, other] = &service.replicas;
    let (one, other) =
        tokio::join!(one.apply_bootstrap(&document, false), other.apply_bootstrap(&document, false));
    let made = [one.unwrap(), other.unwrap()].concat();
    assert_eq!(told(&made).iter().filter(|change| change.starts_with("create")).count(), 2, "{made:?}");
    assert_eq!(service.find("desk").await.unwrap().version, 0);
    let removed = service.app().apply_bootstrap(&parse("").unwrap(), true).await.unwrap();
    assert_eq!(removed.len(), 2, "whoever made it, a file did");
}

/// Without the auth server nothing of an application changes, and the next start goes on.
#[rstest]
#[tokio::test]
async fn without_the_auth_server_nothing_is_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (app, source) = (service.app(), Source::new(FILE, Path::new(".")));
    service.authority.becomes(Mood::Refusing);
    let failed = app.apply_at_start(std::slice::from_ref(&source)).await;
    assert!(matches!(failed, Err(BootstrapError::Failed(_))), "{failed:?}");
    assert!(service.find("desk").await.is_none());
    service.authority.becomes(Mood::Obedient);
    app.apply_at_start(&[source]).await.unwrap();
    assert!(service.find("portal").await.is_some());
}

/// What the configuration needs depends on what is stored: all such faults are told, and nothing is changed.
#[rstest]
#[tokio::test]
async fn faults_with_the_stored_application_change_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.create(application("old", "helios")).await;
    let text = "applications:\n  - { id: new, organization_id: helios, type: TEST }\n  \
                - { id: old, organization_id: helios, type: GENESYS, config: {} }\n";
    let document = parse(text).unwrap();
    let expected = "applications[1].config.organizationId: is required for type GENESYS";
    assert_eq!(service.app().plan_bootstrap(&document, false).await.unwrap_err().to_string(), expected);
    assert_eq!(service.app().apply_bootstrap(&document, false).await.unwrap_err().to_string(), expected);
    assert!(service.find("new").await.is_none());
}

/// Every fault at once, each with its path, and none with a value that may be a secret.
#[test]
fn faults_are_told_at_once() {
    let text = r"
applications:
  - { id: organizations, organization_id: ' ', type: genesys, config: hunter22, expires_at: tomorrow }
  - { id: a, organization_id: helios, type: TEST, config: env:NOT_SET }
  - { id: a, organization_id: helios, type: TEST, config: file:/nowhere.json }
  - { id: b, organization_id: helios, type: TEST, config: [hunter22] }
";
    let Err(BootstrapError::Invalid(faults)) = parse(text) else { panic!("no faults") };
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "applications[0].id: id must be 1 to 255 characters of A-Z a-z 0-9 . _ - and not a reserved word",
            "applications[0].organization_id: organizationId must be 1 to 255 characters and not blank",
            "applications[0].type: is none of GENESYS, STANDALONE_OPENID, TALKDESK_OPENID, NICE_CXONE_OPENID, \
             TEST, SETUP_TEST",
            "applications[0].config: is neither an object nor env:NAME or file:PATH with one",
            "applications[0].expires_at: is neither an instant such as 2027-03-01T09:30:00Z nor never",
            "applications[1].config: the environment variable NOT_SET is not set",
            "applications[2].id: is declared twice",
            "applications[2].config: cannot read /nowhere.json: No such file or directory (os error 2)",
            "applications[3].config: is neither an object nor env:NAME or file:PATH with one",
        ]
    );
    for (text, words) in [
        (
            "applications: [{ id: a, organization_id: b, type: TEST, colour: red }]",
            &["applications[0]", "colour"][..],
        ),
        ("applications: [{ id: a }]", &["applications[0]"]),
        ("rooms: []", &["rooms"]),
        ("clients: []\nclients: []", &["clients"]),
    ] {
        let Err(BootstrapError::Syntax(error)) = parse(text) else { panic!("{text} is accepted") };
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
    }
}

/// A configuration from elsewhere is kept as it stands there.
#[tokio::test]
async fn a_configuration_may_be_elsewhere() {
    let service = Service::on(Backend::Sqlite).await;
    let text = "applications: [{ id: a, organization_id: helios, type: TEST, config: env:CONFIG }]";
    service.app().apply_bootstrap(&parse(text).unwrap(), false).await.unwrap();
    assert_eq!(service.find("a").await.unwrap().config.to_string(), r#"{"n":1.50}"#);
}

/// Sections of others may hold anything, and deep documents end in an answer.
#[test]
fn hostile_documents_are_refused_in_time() {
    let nested = format!("applications: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let entry = "applications: [{ id: a, organization_id: b, type: TEST, config: { a: ";
    let deep = format!("{entry}{}{} }} }}]", "[".repeat(5_000), "]".repeat(5_000));
    let mut bomb = "clients: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    writeln!(bomb, "groups: {}", "[*a0]".repeat(3)).unwrap();
    for text in [nested, deep, bomb] {
        assert!(matches!(parse(&text), Err(BootstrapError::Syntax(_) | BootstrapError::Invalid(_))));
    }
}

proptest! {
    /// Whatever somebody types: an answer, and no fault without a place.
    #[test]
    fn any_text_gets_an_answer(lines in proptest::collection::vec(
        "(applications:|  - (id|type): [a-z\"':{}\\[\\]&*!|>%@#-]{0,8}|    (config|organization_id|expires_at): .{0,12}|.{0,12})", 0..8
    )) {
        if let Err(BootstrapError::Invalid(faults)) = parse(&lines.join("\n")) {
            prop_assert!(faults.iter().all(|fault| fault.path.contains('[') && !fault.message.is_empty()));
        }
    }
}
