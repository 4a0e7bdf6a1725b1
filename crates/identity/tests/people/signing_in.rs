//! When somebody has signed in.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use identity::accounts::{AccountId, Name};
use identity::audit::Origin;
use identity::device_sessions::DeviceSettings;
use identity::otp::SecondFactor;
use identity::sign_in_times::{self, SignInTimes};
use rstest::rstest;
use secrecy::SecretString;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD};

async fn times(fixture: &Fixture, id: AccountId) -> Option<SignInTimes> {
    fixture.read(move |conn| sign_in_times::find(conn, id)).await
}

/// Waits for what nobody waits for otherwise.
async fn noted_at(fixture: &Fixture, id: AccountId, at: DateTime<Utc>) -> SignInTimes {
    for _ in 0..1000 {
        if let Some(times) = times(fixture, id).await
            && times.last_at == at
        {
            return times;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the sign-in was not noted");
}

#[rstest]
#[tokio::test]
async fn every_way_in_is_noted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin, password) = (&fixture.identity, Origin::default(), SecretString::from(PASSWORD));
    let jonas = fixture.signing_in("jonas").await;
    assert!(identity.verify_password("jonas", &SecretString::from("wrong"), &origin).await.is_err());
    let first = fixture.clock.now();
    identity.verify_password("jonas", &password, &origin).await.unwrap();
    let noted = noted_at(&fixture, jonas.id, first).await;
    assert_eq!(noted.first_at, first);

    fixture.pass(61);
    let name = Name::email("jonas@example.org");
    identity.verify_credentials(name, &password, &SecondFactor::default(), &origin).await.unwrap();
    noted_at(&fixture, jonas.id, fixture.clock.now()).await;

    fixture.pass(61);
    identity
        .sign_in_by_email("jonas@example.org", &password, &DeviceSettings::default(), &origin)
        .await
        .unwrap();
    noted_at(&fixture, jonas.id, fixture.clock.now()).await;

    fixture.pass(61);
    let (_, secret) = identity.create_app_password(jonas.id, "sync", &origin).await.unwrap();
    let secret = SecretString::from(secret.expose().to_owned());
    identity.verify_basic("jonas", &secret, &origin).await.unwrap();
    let noted = noted_at(&fixture, jonas.id, fixture.clock.now()).await;
    assert_eq!(noted.first_at, first, "the first time stays");
}

#[rstest]
#[tokio::test]
async fn one_in_a_minute_is_noted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let jonas = fixture.person("jonas", None).await;
    let (first, id) = (fixture.clock.now(), jonas.id);
    let note = |at: DateTime<Utc>| {
        fixture.write(move |conn, _| sign_in_times::note(conn, id, at).map_err(identity::IdentityError::from))
    };
    note(first).await.unwrap();
    for seconds in [1, 30, 59] {
        note(first + chrono::TimeDelta::seconds(seconds)).await.unwrap();
        assert_eq!(times(&fixture, id).await.unwrap().last_at, first, "{seconds} s later");
    }
    // Another process with a slow clock.
    note(first - chrono::TimeDelta::hours(1)).await.unwrap();
    assert_eq!(times(&fixture, id).await.unwrap(), SignInTimes { first_at: first, last_at: first });
    let second = first + chrono::TimeDelta::seconds(60);
    note(second).await.unwrap();
    assert_eq!(times(&fixture, id).await.unwrap(), SignInTimes { first_at: first, last_at: second });
    let nobody = AccountId::new(first);
    let gone = fixture.write(move |conn, _| {
        sign_in_times::note(conn, nobody, first).map_err(identity::IdentityError::from)
    });
    gone.await.unwrap();
    assert_eq!(times(&fixture, nobody).await, None);
}

#[rstest]
#[tokio::test]
async fn first_sign_ins_at_the_same_time_make_one_row(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let jonas = fixture.person("jonas", None).await;
    let (now, id) = (fixture.clock.now(), jonas.id);
    let notes = (0..16).map(|_| {
        fixture
            .write(move |conn, _| sign_in_times::note(conn, id, now).map_err(identity::IdentityError::from))
    });
    assert!(join_all(notes).await.iter().all(Result::is_ok));
    assert_eq!(times(&fixture, id).await, Some(SignInTimes { first_at: now, last_at: now }));
}
