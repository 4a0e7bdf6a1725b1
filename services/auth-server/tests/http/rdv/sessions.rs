//! §1, §8: how long a session lives, how many there are, and what ends one.

use chrono::TimeDelta;
use futures_util::future::join_all;
use identity::accounts::AccountProfile;
use identity::audit::Origin;
use rstest::rstest;

use crate::harness::{Backend, Spawned};
use crate::rdv::{
    BAD, EMAIL, NOT_SIGNED_IN, PASSWORD, Session, UID, World, assert_said, is_valid, sign_in, sign_out,
    validate,
};

/// §1: 24 h from the sign-in, not extended by use; `expiry > now`, in whole seconds.
#[rstest]
#[actix_web::test]
async fn a_session_lives_for_a_day(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    world.app.advance(TimeDelta::microseconds(700_000)).await;
    let session = world.session().await;
    let end = TimeDelta::seconds(86_400) - TimeDelta::microseconds(700_000);
    for _ in 0..2 {
        world.app.advance(end / 2 - TimeDelta::microseconds(1)).await;
        assert!(world.is_valid(&session).await, "using it does not change it");
    }
    world.app.advance(TimeDelta::microseconds(2)).await;
    assert!(!world.is_valid(&session).await);
    assert_said(&sign_out(&world.app, &session).await, 404, NOT_SIGNED_IN);
}

/// §1: the lifetime is a setting.
#[actix_web::test]
async fn the_lifetime_is_a_setting() {
    let minute = std::time::Duration::from_mins(1);
    let world = World::with(Backend::Sqlite, |settings| settings.rdv.sessions.lifetime = minute).await;
    let session = world.session().await;
    assert_eq!(session.expiry, (world.app.clock.unix() + 60).to_string());
    world.app.advance(TimeDelta::seconds(60)).await;
    assert!(!world.is_valid(&session).await);
}

/// §8.3, with the default maximum of one.
#[rstest]
#[actix_web::test]
async fn a_sign_in_ends_the_session_before_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let first = world.session().await;
    let second = world.session().await;
    assert_ne!((&first.access_token, &first.client), (&second.access_token, &second.client));
    assert!(!world.is_valid(&first).await);
    assert!(world.is_valid(&second).await);
    assert_said(&sign_out(&world.app, &first).await, 404, NOT_SIGNED_IN);
    assert!(world.is_valid(&second).await, "signing out what is over ends nothing");
}

/// §8.3: a failed sign-in ends nothing, whatever is wrong with it.
#[rstest]
#[actix_web::test]
async fn a_failed_sign_in_ends_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let session = world.session().await;
    for (email, password) in [(UID, "wrong"), (UID, ""), (EMAIL, "x"), ("nobody@cd26.example", PASSWORD)] {
        assert_said(&sign_in(&world.app, email, password).await, 401, BAD);
    }
    assert!(world.is_valid(&session).await);
}

/// §8.3: with room for three the oldest goes first, and the newest never.
#[rstest]
#[actix_web::test]
async fn beyond_the_maximum_the_oldest_go(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::with(backend, |settings| settings.rdv.sessions.max_clients = 3).await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(world.session().await);
        world.app.advance(TimeDelta::seconds(1)).await;
    }
    let mut valid = Vec::new();
    for session in &sessions {
        valid.push(world.is_valid(session).await);
    }
    assert_eq!(valid, [false, true, true, true]);
    // §6: of several only the one that is shown.
    assert_said(&sign_out(&world.app, &sessions[2]).await, 200, r#"{"success":true}"#);
    for (index, expected) in [(1, true), (2, false), (3, true)] {
        assert_eq!(world.is_valid(&sessions[index]).await, expected, "{index}");
    }
    // All of one second: the one just opened survives.
    for _ in 0..5 {
        let newest = world.session().await;
        assert!(world.is_valid(&newest).await);
    }
}

/// §8.3: sessions of a longer lifetime than is set today go before all others.
#[rstest]
#[actix_web::test]
async fn sessions_of_a_longer_lifetime_go_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::with(backend, |settings| settings.rdv.sessions.max_clients = 2).await;
    let short = std::time::Duration::from_hours(1);
    let replica = world.app.replica_with(|settings| settings.rdv.sessions.lifetime = short).await;
    let long = world.session().await;
    world.app.advance(TimeDelta::seconds(1)).await;
    let first = Session::of(&sign_in(&replica, UID, PASSWORD).await);
    let second = Session::of(&sign_in(&replica, UID, PASSWORD).await);
    assert!(!is_valid(&replica, &long).await);
    assert!(is_valid(&replica, &first).await && is_valid(&world.app, &second).await);
}

/// §8.4: of two sign-ins at once, on two servers, both succeed and one of the sessions is left.
#[rstest]
#[actix_web::test]
async fn of_sign_ins_at_once_one_session_is_left(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let replica = world.app.replica().await;
    for round in 0..5 {
        let servers: [&Spawned; 4] = [&world.app, &replica, &world.app, &replica];
        let answers = join_all(servers.map(|server| sign_in(server, UID, PASSWORD))).await;
        let sessions: Vec<Session> = answers.iter().map(Session::of).collect();
        let mut left = 0;
        for session in &sessions {
            let seen = [is_valid(&world.app, session).await, is_valid(&replica, session).await];
            assert_eq!(seen[0], seen[1], "round {round}: both servers agree");
            left += usize::from(seen[0]);
        }
        assert_eq!(left, 1, "round {round}");
    }
}

/// §8.4: parallel requests with one token are all accepted.
#[rstest]
#[actix_web::test]
async fn many_may_use_one_session_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let session = world.session().await;
    let answers = join_all((0..32).map(|_| validate(&world.app, &session))).await;
    for answer in answers {
        assert_eq!(Session::of(&answer), session);
    }
    // Of as many sign-outs at once one finds it.
    let answers = join_all((0..8).map(|_| sign_out(&world.app, &session))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 404).count(), 7);
}

/// §8.5: the session goes on under the new address, and under it alone.
#[rstest]
#[actix_web::test]
async fn uid_follows_the_address(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let session = world.session().await;
    let email = Some("A.Kerbrat@cd26.example".to_owned());
    let profile = AccountProfile { email, ..AccountProfile::new("amina") };
    world.app.identity.update_account(world.agent.id, profile, &Origin::default()).await.expect("a change");
    assert_said(&validate(&world.app, &session).await, 401, BAD);
    let renamed = Session { uid: "a.kerbrat@cd26.example".to_owned(), ..session };
    let answer = validate(&world.app, &renamed).await;
    assert_eq!(Session::of(&answer).uid, "a.kerbrat@cd26.example");
    assert_eq!(answer.json()["data"]["uid"], "a.kerbrat@cd26.example");
}

/// §16, threat 26: whatever ends a session ends it at once, on every server, and for good.
#[rstest]
#[actix_web::test]
async fn threat_26_an_ended_session_counts_nowhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("sign out", "sign in", "disable", "delete", "password")] how: &str,
) {
    let world = World::on(backend).await;
    let (app, id, origin) = (&world.app, world.agent.id, Origin::default());
    let replica = app.replica().await;
    let session = world.session().await;
    assert!(is_valid(&replica, &session).await);
    match how {
        "sign out" => assert_eq!(sign_out(app, &session).await.status, 200),
        "sign in" => drop(world.session().await),
        "disable" => app.enable_account(&world.agent, false).await,
        "delete" => app.identity.delete_account(id, &origin).await.expect("an account"),
        _ => {
            let password = "Another-Password-26".to_owned().into();
            app.identity.set_password(id, &password, &origin).await.expect("a change");
        }
    }
    let restarted = app.replica().await;
    for server in [app, &replica, &restarted] {
        assert_said(&validate(server, &session).await, 401, BAD);
        assert_said(&sign_out(server, &session).await, 404, NOT_SIGNED_IN);
    }
    if how == "disable" {
        app.enable_account(&world.agent, true).await;
        assert_said(&validate(app, &session).await, 401, BAD);
    }
}

/// Threat 26: a clock that is set back does not bring back what was over, nor lengthen what was given.
#[rstest]
#[actix_web::test]
async fn threat_26_a_clock_that_is_set_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let over = world.session().await;
    let session = world.session().await;
    world.app.clock.advance(TimeDelta::hours(-30));
    assert!(!world.is_valid(&over).await, "evicted is evicted");
    assert!(world.is_valid(&session).await);
    world.app.clock.advance(TimeDelta::hours(54));
    assert!(!world.is_valid(&session).await, "it ends when it said it would");
}
