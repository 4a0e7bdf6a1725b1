//! Refresh tokens bound to an application (contracts/auvious-applications.md §3.6, §7.3).

use auth_claims::claims::OrganizationMembership;
use auth_claims::revocations::RevocationReason;
use auth_claims::roles::Role;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection as _;
use futures_util::future::join_all;
use identity::Identity;
use identity::accounts::AccountProfile;
use identity::applications::{ApplicationId, ApplicationRefusal, ApplicationStatus, Told};
use identity::audit::Origin;
use identity::clients::Registration;
use identity::refresh::{Family, NewFamily, PlainRefreshToken, RefreshError, RefreshRefusal, Rotation};
use rstest::rstest;
use store::{DbConn, StoreError};
use test_kit::Backend;

use crate::fixture::Fixture;

/// Rounds of every race.
const ROUNDS: usize = 12;

fn app() -> ApplicationId {
    "app".parse().unwrap()
}

fn usable() -> ApplicationStatus {
    ApplicationStatus { organization_id: "helios".to_owned(), disabled: false, expires_at: None }
}

fn refused(why: ApplicationRefusal) -> RefreshRefusal {
    RefreshRefusal::Application(why)
}

async fn put(identity: &Identity, status: ApplicationStatus) {
    put_as(identity, &app(), status).await;
}

async fn put_as(identity: &Identity, id: &ApplicationId, status: ApplicationStatus) {
    let after = identity.application_revision(id).await.unwrap();
    let told = identity.put_application(id, status, after, &Origin::default()).await.unwrap();
    assert_eq!(told, Told::Done);
}

async fn delete(identity: &Identity) {
    let after = identity.application_revision(&app()).await.unwrap();
    let told = identity.delete_application(&app(), after, &Origin::default()).await.unwrap();
    assert_eq!(told, Told::Done);
}

fn decided<T>(answer: Result<T, RefreshError>) -> Result<T, RefreshRefusal> {
    answer.map_err(|error| match error {
        RefreshError::Refused(refusal) => refusal,
        RefreshError::Identity(error) => panic!("{error}"),
    })
}

/// The fixture's account is a member of `helios`, and so is the application.
async fn world(backend: Backend) -> Fixture {
    let fixture = Fixture::on(backend).await;
    join(&fixture, "helios").await;
    put(&fixture.identity, usable()).await;
    fixture
}

async fn join(fixture: &Fixture, organization: &str) {
    let _ = fixture.identity.create_organization(organization, organization, &Origin::default()).await;
    let profile = AccountProfile {
        organization_id: Some(organization.to_owned()),
        organizations: vec![OrganizationMembership { id: organization.to_owned(), role: Role::Agent }],
        ..AccountProfile::new("ada")
    };
    fixture.identity.update_account(fixture.account, profile, &Origin::default()).await.unwrap();
    fixture.wait(2);
}

impl Fixture {
    fn bound(&self) -> NewFamily {
        NewFamily { application_id: Some("app".to_owned()), ..self.family() }
    }

    async fn begin(&self) -> (PlainRefreshToken, Family) {
        self.identity.start_family(self.bound()).await.unwrap()
    }

    async fn present(&self, token: &PlainRefreshToken) -> Result<Rotation, RefreshRefusal> {
        decided(self.identity.rotate(&self.client, token.expose(), &Origin::default()).await)
    }

    async fn present_naming(
        &self,
        named: &str,
        token: &PlainRefreshToken,
    ) -> Result<Rotation, RefreshRefusal> {
        let origin = Origin::default();
        decided(self.identity.rotate_through(Some(named), &self.client, token.expose(), &origin).await)
    }

    async fn bind_client(&self, application: Option<&str>) {
        let registration =
            Registration { application_id: application.map(str::to_owned), ..Registration::new("web") };
        self.identity.update_client(&self.client, registration, &Origin::default()).await.unwrap();
    }

    async fn found(&self, token: &PlainRefreshToken) -> (Family, Result<(), RefreshRefusal>) {
        let found = self.identity.find_family(token.expose()).await.unwrap().unwrap();
        (found.family, found.standing)
    }
}

/// Each state refuses without using the token up, and ends with the state.
#[rstest]
#[case::disabled(ApplicationStatus { disabled: true, ..usable() }, ApplicationRefusal::Disabled)]
#[case::expired(
    ApplicationStatus { expires_at: chrono::DateTime::from_timestamp(1_800_000_000, 0), ..usable() },
    ApplicationRefusal::Expired
)]
#[case::moved(
    ApplicationStatus { organization_id: "selene".to_owned(), ..usable() },
    ApplicationRefusal::Foreign
)]
#[tokio::test]
async fn a_refused_refresh_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] status: ApplicationStatus,
    #[case] why: ApplicationRefusal,
) {
    let fixture = world(backend).await;
    let (first, _) = fixture.begin().await;
    let second = fixture.present(&first).await.unwrap().token;
    let before = fixture.found(&second).await.0;
    put(&fixture.identity, status).await;
    for _ in 0..3 {
        assert_eq!(fixture.present(&second).await.unwrap_err(), refused(why));
        assert_eq!(fixture.present(&first).await.unwrap_err(), refused(why), "a repetition");
        assert_eq!(fixture.found(&second).await, (before.clone(), Err(refused(why))));
        assert_eq!(decided(fixture.identity.start_family(fixture.bound()).await).unwrap_err(), refused(why));
    }
    // Longer than a token that was used would count.
    fixture.wait(3600);
    put(&fixture.identity, usable()).await;
    let third = fixture.present(&second).await.unwrap();
    assert_eq!((third.family.generation, third.application_id.as_deref()), (2, Some("app")));
    assert_eq!(fixture.feed().await.len(), 0, "nothing was revoked");
}

#[rstest]
#[tokio::test]
async fn a_replay_ends_the_family_whatever_the_application(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = world(backend).await;
    let (first, _) = fixture.begin().await;
    let second = fixture.present(&first).await.unwrap().token;
    fixture.wait(61);
    put(&fixture.identity, ApplicationStatus { disabled: true, ..usable() }).await;
    assert_eq!(fixture.present(&first).await.unwrap_err(), RefreshRefusal::Reused);
    put(&fixture.identity, usable()).await;
    assert_eq!(fixture.present(&second).await.unwrap_err(), RefreshRefusal::Revoked);
}

/// Threat 26: the end of an application counts from its very instant on.
#[rstest]
#[tokio::test]
async fn threat_26_an_application_expires_at_its_instant(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = world(backend).await;
    let (mut token, _) = fixture.begin().await;
    let end = fixture.clock.now() + TimeDelta::seconds(30);
    put(&fixture.identity, ApplicationStatus { expires_at: Some(end), ..usable() }).await;
    fixture.clock.advance(TimeDelta::seconds(30) - TimeDelta::microseconds(1));
    token = fixture.present(&token).await.unwrap().token;
    fixture.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(fixture.present(&token).await.unwrap_err(), refused(ApplicationRefusal::Expired));
    fixture.clock.advance(TimeDelta::days(1));
    assert_eq!(fixture.present(&token).await.unwrap_err(), refused(ApplicationRefusal::Expired));
    let put_off = ApplicationStatus { expires_at: Some(end + TimeDelta::days(2)), ..usable() };
    put(&fixture.identity, put_off).await;
    fixture.present(&token).await.unwrap();
}

/// §7.3: what was bound to a deleted application stays dead, also when there is one of its id again.
#[rstest]
#[tokio::test]
async fn deletion_is_for_good(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = world(backend).await;
    let (first, family) = fixture.begin().await;
    let second = fixture.present(&first).await.unwrap().token;
    let (unbound, _) = fixture.start().await;
    let claims = fixture.claims(&family);
    delete(&fixture.identity).await;
    delete(&fixture.identity).await;
    let gone = refused(ApplicationRefusal::Deleted);
    for again in [false, true] {
        if again {
            put(&fixture.identity, usable()).await;
        }
        assert_eq!(fixture.present(&second).await.unwrap_err(), gone);
        assert_eq!(fixture.present(&first).await.unwrap_err(), gone, "a repetition");
        assert_eq!(fixture.found(&second).await.1, Err(gone));
        let other = fixture.identity.rotate(&fixture.other_client, second.expose(), &Origin::default()).await;
        assert_eq!(decided(other).unwrap_err(), RefreshRefusal::WrongClient);
    }
    fixture.wait(61);
    assert_eq!(fixture.present(&first).await.unwrap_err(), RefreshRefusal::Revoked, "used, and long so");
    assert_eq!(fixture.present(&second).await.unwrap_err(), gone);
    fixture.present(&unbound).await.unwrap();
    fixture.present(&fixture.begin().await.0).await.unwrap();
    // §3.6 rule 3: access tokens are not touched.
    assert_eq!(fixture.identity.find_revocation(&claims).await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn everybody_has_to_name_the_same_application(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = world(backend).await;
    let other: ApplicationId = "other".parse().unwrap();
    put_as(&fixture.identity, &other, usable()).await;
    let (bound, _) = fixture.begin().await;
    let (unbound, _) = fixture.start().await;
    let foreign = refused(ApplicationRefusal::Foreign);
    assert_eq!(fixture.present_naming("other", &bound).await.unwrap_err(), foreign);
    assert_eq!(
        fixture.present_naming("nope", &unbound).await.unwrap_err(),
        refused(ApplicationRefusal::Unknown)
    );
    let named = fixture.present_naming("app", &unbound).await.unwrap();
    assert_eq!((named.application_id.as_deref(), named.family.application_id), (Some("app"), None));
    let bound = fixture.present_naming("app", &bound).await.unwrap().token;
    // The client is bound later: so is whatever it does from then on.
    fixture.bind_client(Some("other")).await;
    assert_eq!(fixture.present(&bound).await.unwrap_err(), foreign);
    assert_eq!(fixture.present_naming("app", &named.token).await.unwrap_err(), foreign);
    let rotation = fixture.present(&named.token).await.unwrap();
    assert_eq!(rotation.application_id.as_deref(), Some("other"));
    put(&fixture.identity, ApplicationStatus { disabled: true, ..usable() }).await;
    fixture.bind_client(Some("app")).await;
    let disabled = refused(ApplicationRefusal::Disabled);
    assert_eq!(fixture.present(&rotation.token).await.unwrap_err(), disabled);
    fixture.bind_client(None).await;
    fixture.present(&rotation.token).await.unwrap();
    assert_eq!(fixture.present(&bound).await.unwrap_err(), disabled);
}

/// Threat 9: an account that changes sides leaves the application behind; a `SERVICE` is at home everywhere.
#[rstest]
#[tokio::test]
async fn threat_09_the_organisation_is_that_of_the_moment(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = world(backend).await;
    let (token, _) = fixture.begin().await;
    join(&fixture, "selene").await;
    assert_eq!(fixture.present(&token).await.unwrap_err(), refused(ApplicationRefusal::Foreign));
    let profile = AccountProfile { roles: vec![Role::Service], ..AccountProfile::new("ada") };
    fixture.identity.update_account(fixture.account, profile, &Origin::default()).await.unwrap();
    let token = fixture.present(&token).await.unwrap().token;
    join(&fixture, "helios").await;
    fixture.present(&token).await.unwrap();
}

/// Threat 2: a session that begins while its application is deleted is refused, or ends with it, whatever is made under
/// that id at once.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_02_a_family_that_starts_during_a_deletion_does_not_outlive_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = world(backend).await;
    let directories = [fixture.identity.clone(), fixture.another().await];
    for round in 0..ROUNDS {
        let starts = (0..16).map(|place| {
            let (directory, family) = (directories[place % 2].clone(), fixture.bound());
            tokio::spawn(async move { directory.start_family(family).await })
        });
        let begun = tokio::spawn(join_all(starts));
        delete(&directories[round % 2]).await;
        let at_deletion = begun.await.unwrap();
        put(&directories[(round + 1) % 2], usable()).await;
        for started in at_deletion {
            match decided(started.unwrap()) {
                Ok((token, _)) => {
                    let gone = refused(ApplicationRefusal::Deleted);
                    assert_eq!(fixture.present(&token).await.unwrap_err(), gone, "round {round}");
                }
                Err(refusal) => assert_eq!(refusal, refused(ApplicationRefusal::Unknown), "round {round}"),
            }
        }
    }
}

/// Threat 2: refreshes that race a deletion leave no living token.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_02_a_deletion_that_races_rotations_wins(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = world(backend).await;
    let directories = [fixture.identity.clone(), fixture.another().await];
    let gone = refused(ApplicationRefusal::Deleted);
    for round in 0..ROUNDS {
        let (token, _) = fixture.begin().await;
        let rotations = (0..16).map(|place| {
            let (directory, client) = (directories[place % 2].clone(), fixture.client.clone());
            let token = token.clone();
            tokio::spawn(async move { directory.rotate(&client, token.expose(), &Origin::default()).await })
        });
        let rotations = tokio::spawn(join_all(rotations));
        delete(&directories[round % 2]).await;
        put(&directories[(round + 1) % 2], usable()).await;
        for rotation in rotations.await.unwrap() {
            match decided(rotation.unwrap()) {
                Ok(rotation) => {
                    assert_eq!(fixture.present(&rotation.token).await.unwrap_err(), gone, "round {round}");
                }
                Err(refusal) => assert_eq!(refusal, gone, "round {round}"),
            }
        }
        assert_eq!(fixture.present(&token).await.unwrap_err(), gone, "round {round}");
    }
}

/// Threat 26: from the answer to the change on, no other directory on the database lets a token pass.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_change_counts_everywhere_from_its_answer_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = world(backend).await;
    let directories = [fixture.identity.clone(), fixture.another().await];
    let mut token = fixture.begin().await.0;
    for round in 0..ROUNDS * 4 {
        let (here, there) = (&directories[round % 2], &directories[(round + 1) % 2]);
        put(here, ApplicationStatus { disabled: true, ..usable() }).await;
        let answer = there.rotate(&fixture.client, token.expose(), &Origin::default()).await;
        assert_eq!(decided(answer).unwrap_err(), refused(ApplicationRefusal::Disabled), "round {round}");
        put(here, usable()).await;
        let answer = there.rotate(&fixture.client, token.expose(), &Origin::default()).await;
        token = decided(answer).unwrap().token;
    }
}

/// A replica of the version before knows nothing of applications: what it writes is read, and what ended with an
/// application is revoked to it, too.
#[rstest]
#[tokio::test]
async fn a_replica_of_the_version_before_gets_along(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const COLUMNS: &str = "client_id, account_id, sid, scopes, audience, application_id, auth_time, amr, generation, \
        rotated_at, created_at, expires_at, revoked_reason";
    let fixture = world(backend).await;
    let (token, family) = fixture.begin().await;
    // The same family, as that replica inserts it.
    let id = family.id;
    let anew = [
        format!("CREATE TABLE was AS SELECT id, {COLUMNS} FROM refresh_families WHERE id = '{id}'"),
        format!("DELETE FROM refresh_families WHERE id = '{id}'"),
        format!("INSERT INTO refresh_families (id, {COLUMNS}) SELECT id, {COLUMNS} FROM was"),
    ];
    let run = move |conn: &mut DbConn| Ok::<_, StoreError>(conn.batch_execute(&anew.join("; "))?);
    fixture.db().write(run).await.unwrap();
    assert_eq!(fixture.found(&token).await, (family, Ok(())));
    delete(&fixture.identity).await;
    let ended = fixture.found(&token).await.0;
    assert_eq!((ended.revoked, ended.application_deleted), (Some(RevocationReason::Revoked), true));
}
