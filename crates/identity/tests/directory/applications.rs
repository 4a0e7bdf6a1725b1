//! Applications as their service tells of them, and clients that are bound to one.

use auth_claims::roles::Role;
use chrono::{DateTime, TimeDelta, Utc};
use identity::{
    Identity, IdentityError,
    applications::{Application, ApplicationId, ApplicationStatus, Told},
    audit::Origin,
    clients::{ClientKind, NewClient, NewSecret, Registration},
};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE};

fn id(text: &str) -> ApplicationId {
    text.parse().unwrap()
}

fn of(organization: &str) -> ApplicationStatus {
    ApplicationStatus { organization_id: organization.to_owned(), disabled: false, expires_at: None }
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Tells what comes after whatever was told so far.
async fn tell(identity: &Identity, application: &str, status: Option<ApplicationStatus>) -> Told {
    let after = identity.application_revision(&id(application)).await.unwrap();
    tell_after(identity, application, status, after).await
}

async fn tell_after(
    identity: &Identity,
    application: &str,
    status: Option<ApplicationStatus>,
    after: i64,
) -> Told {
    let (id, origin) = (id(application), Origin::default());
    match status {
        Some(status) => identity.put_application(&id, status, after, &origin).await.unwrap(),
        None => identity.delete_application(&id, after, &origin).await.unwrap(),
    }
}

impl Fixture {
    async fn put(&self, application: &str, status: ApplicationStatus) {
        assert_eq!(tell(&self.identity, application, Some(status)).await, Told::Done);
    }

    async fn known(&self, application: &str) -> Option<Application> {
        self.identity.find_application(application).await.unwrap()
    }

    async fn organization(&self, id: &str) {
        self.identity.create_organization(id, id, &Origin::default()).await.unwrap();
    }

    async fn bind(
        &self,
        client: &str,
        organization: Option<&str>,
        application: &str,
        roles: Vec<Role>,
    ) -> Result<(), IdentityError> {
        let registration = bound(client, organization, application, roles);
        let (id, kind, secret) = (Some(client.parse().unwrap()), ClientKind::Service, NewSecret::Generate);
        let new = NewClient { id, kind, registration, secret };
        self.identity.create_client(new, &Origin::default()).await.map(drop)
    }
}

fn bound(client: &str, organization: Option<&str>, application: &str, roles: Vec<Role>) -> Registration {
    Registration {
        organization_id: organization.map(str::to_owned),
        application_id: Some(application.to_owned()),
        roles,
        ..Registration::new(client)
    }
}

#[rstest]
#[tokio::test]
async fn an_application_is_as_it_was_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let made_at = fixture.clock.now();
    assert_eq!(fixture.known("app").await, None);
    let told = [
        of("helios"),
        ApplicationStatus { disabled: true, ..of("helios") },
        ApplicationStatus { expires_at: Some(instant("2027-03-01T09:30:00.123456Z")), ..of("Ünbekannt") },
        ApplicationStatus { expires_at: Some(instant("0001-01-01T00:00:00Z")), ..of("'; --") },
        ApplicationStatus { expires_at: Some(instant("9999-12-31T23:59:59.999999Z")), ..of("selene") },
    ];
    for status in told {
        fixture.pass(10);
        let now = fixture.clock.now();
        fixture.put("app", status.clone()).await;
        let created_at = fixture.known("app").await.unwrap().created_at;
        let expected = Application { id: id("app"), status: status.clone(), created_at, updated_at: now };
        assert_eq!(fixture.known("app").await, Some(expected.clone()));
        // Saying so again changes nothing, and is not worth a line in the trail.
        fixture.pass(10);
        fixture.put("app", status).await;
        assert_eq!(fixture.known("app").await, Some(expected));
    }
    assert_eq!(fixture.known("app").await.unwrap().created_at, made_at + TimeDelta::seconds(10));
    assert_eq!(fixture.known("APP").await, None, "case counts");
    assert_eq!(fixture.audited("application.create").await.len(), 1);
    let updates = fixture.audited("application.update").await;
    assert_eq!(updates.len(), 4);
    assert_eq!(updates[0].target.as_deref(), Some("app"));
    assert_eq!(updates[0].detail.as_ref().unwrap()["organization_id"], "selene");
    for _ in 0..2 {
        assert_eq!(tell(&fixture.identity, "app", None).await, Told::Done);
    }
    assert_eq!(fixture.known("app").await, None);
    assert_eq!(fixture.audited("application.delete").await.len(), 1);
}

/// What both databases can store is decided before either is asked.
#[rstest]
#[tokio::test]
async fn finer_instants_are_cut_to_microseconds(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let told =
        ApplicationStatus { expires_at: Some(instant("2027-01-01T00:00:00.999999999Z")), ..of("helios") };
    fixture.put("app", told.clone()).await;
    let known = fixture.known("app").await.unwrap();
    assert_eq!(known.status.expires_at, Some(instant("2027-01-01T00:00:00.999999Z")));
    fixture.put("app", told).await;
    assert_eq!(fixture.audited("application.update").await.len(), 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_who_tell_of_one_application_make_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.replica().await];
    let tellers = (0..24).map(|teller| {
        let (directory, disabled) = (directories[teller % 2].clone(), teller % 3 == 0);
        let status = ApplicationStatus { disabled, ..of("helios") };
        tokio::spawn(
            async move { while tell(&directory, "app", Some(status.clone())).await == Told::Late {} },
        )
    });
    for told in futures_util::future::join_all(tellers).await {
        told.unwrap();
    }
    assert!(fixture.known("app").await.is_some());
    assert_eq!(fixture.identity.application_revision(&id("app")).await.unwrap(), 24);
    assert_eq!(fixture.audited("application.create").await.len(), 1);
}

/// Threat 26: whatever was given up on and arrives late undoes nothing that was confirmed since, not even where that said
/// what was known already.
#[rstest]
#[tokio::test]
async fn threat_26_what_arrives_late_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, app) = (&fixture.identity, id("app"));
    let disabled = ApplicationStatus { disabled: true, ..of("helios") };
    let mut confirmed = Vec::new();
    for told in [Some(disabled.clone()), Some(disabled), None, None, Some(of("helios")), None] {
        let after = identity.application_revision(&app).await.unwrap();
        assert_eq!(tell_after(identity, "app", told.clone(), after).await, Told::Done);
        confirmed.push(after);
        let known = fixture.known("app").await;
        assert_eq!(known.as_ref().map(|known| &known.status), told.as_ref());
        for late in [Some(of("helios")), Some(of("selene")), None] {
            for after in &confirmed {
                assert_eq!(tell_after(identity, "app", late.clone(), *after).await, Told::Late, "{after}");
            }
        }
        assert_eq!(fixture.known("app").await, known);
    }
    assert_eq!(confirmed, [0, 1, 2, 3, 4, 5]);
    for never in [7, i64::MAX, -1, i64::MIN] {
        assert_eq!(tell_after(identity, "app", Some(of("helios")), never).await, Told::Late);
    }
    assert_eq!(fixture.known("app").await, None);
}

/// Of those who were told the same revision one is listened to.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_after_one_revision_one_counts(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.replica().await];
    for after in 0..6 {
        let tellers = (0..12).map(|teller| {
            let directory = directories[teller % 2].clone();
            let status = (teller % 3 != 0).then(|| of(&format!("org-{teller}")));
            tokio::spawn(async move { tell_after(&directory, "app", status, after).await })
        });
        let told = futures_util::future::join_all(tellers).await;
        let done = told.into_iter().filter(|told| *told.as_ref().unwrap() == Told::Done).count();
        assert_eq!(done, 1, "after {after}");
    }
}

/// Deletions are remembered for a day, and then the table is as small as before; what exists is never forgotten.
#[rstest]
#[tokio::test]
async fn the_memory_of_deletions_is_bounded(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let revision = async |name: &str| fixture.identity.application_revision(&id(name)).await.unwrap();
    for name in ["kept", "gone", "never-was"] {
        fixture.put(name, of("helios")).await;
    }
    for name in ["gone", "never-was"] {
        let _ = tell(&fixture.identity, name, None).await;
    }
    fixture.pass(24 * 60 * 60 - 1);
    assert_eq!(fixture.identity.prune(None).await.unwrap(), 0);
    assert_eq!((revision("gone").await, revision("kept").await), (2, 1));
    fixture.pass(1);
    assert_eq!(fixture.identity.prune(None).await.unwrap(), 2);
    assert_eq!((revision("gone").await, revision("kept").await), (0, 1));
    fixture.put("gone", of("helios")).await;
    assert!(fixture.known("gone").await.is_some());
}

/// Threat 25: a text that is looked for is only ever a text.
#[rstest]
#[tokio::test]
async fn threat_25_statements_are_no_ids(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    fixture.put("app", of("helios")).await;
    for text in HOSTILE {
        assert_eq!(fixture.known(text).await, None, "{text:?}");
        assert!(text.parse::<ApplicationId>().is_err() || !text.contains(['\'', '"', ' ', '\0']), "{text:?}");
    }
    assert!(fixture.known("app").await.is_some());
}

#[rstest]
#[tokio::test]
async fn a_client_is_bound_to_an_application_of_its_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for organization in ["helios", "selene"] {
        fixture.organization(organization).await;
    }
    fixture.put("app", of("helios")).await;
    fixture.bind("own", Some("helios"), "app", vec![Role::ClientService]).await.unwrap();
    fixture.bind("any", None, "app", vec![Role::Service]).await.unwrap();
    // People of whatever organisation sign in through a front end that is nobody's.
    fixture.bind("front", None, "app", vec![]).await.unwrap();
    let refused = fixture.bind("stranger", Some("selene"), "app", vec![Role::GlobalAdmin]).await.unwrap_err();
    assert_eq!(refused.to_string(), "application_id: is another organization's application");
    for text in ["", ".", "organizations", "a b", "a/b", "é", "\0"] {
        let refused = fixture.bind("own-2", Some("helios"), text, vec![]).await.unwrap_err();
        assert!(matches!(refused, IdentityError::Invalid(_)), "{text:?}: {refused}");
    }
    let longest = "x".repeat(255);
    fixture.bind("long", Some("helios"), &longest, vec![]).await.unwrap();
}

/// Threat 14: an update that binds is checked as a registration is; one that leaves the bond alone does not fail over what
/// others have done to the application since.
#[rstest]
#[tokio::test]
async fn threat_14_an_update_binds_by_the_same_rule(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for organization in ["helios", "selene"] {
        fixture.organization(organization).await;
    }
    // Before there is such an application, as a file may declare it.
    fixture.bind("early", Some("helios"), "app", vec![]).await.unwrap();
    fixture.put("app", of("selene")).await;
    let client = "early".parse().unwrap();
    let update = async |registration| {
        fixture.identity.update_client(&client, registration, &Origin::default()).await.map(drop)
    };
    let renamed =
        Registration { name: "renamed".to_owned(), ..bound("early", Some("helios"), "app", vec![]) };
    update(renamed).await.unwrap();
    let refused = update(bound("early", Some("helios"), "app", vec![Role::Admin])).await.unwrap_err();
    assert_eq!(refused.to_string(), "application_id: is another organization's application");
    update(bound("early", Some("helios"), "other", vec![])).await.unwrap();
    assert!(update(bound("early", Some("helios"), "app", vec![])).await.is_err());
    update(bound("early", Some("selene"), "app", vec![])).await.unwrap();
}
