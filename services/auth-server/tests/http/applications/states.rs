//! Each state of an application × every way to a token bound to it.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use super::{APP, Answer, Backend, Way, World, disabled, usable};

/// What has become of the application, or of those who use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Disabled,
    Expired,
    DisabledAndExpired,
    Deleted,
    /// To another organisation.
    Moved,
    /// The person to another organisation, and the application as it was.
    Left,
}

impl State {
    async fn enter(self, world: &World) {
        let expired = "2027-01-15T08:00:00Z";
        match self {
            Self::Disabled => world.put(APP, &disabled()).await,
            Self::Expired => world.put(APP, &status("helios", false, &json!(expired))).await,
            Self::DisabledAndExpired => world.put(APP, &status("helios", true, &json!(expired))).await,
            Self::Deleted => world.delete(APP).await,
            Self::Moved => world.put(APP, &status("selene", false, &Value::Null)).await,
            Self::Left => world.join("selene").await,
        }
    }

    async fn leave(self, world: &World) {
        match self {
            Self::Left => world.join("helios").await,
            _ => world.put(APP, &usable()).await,
        }
    }

    const fn sentence(self, way: Way) -> &'static str {
        match self {
            Self::Disabled | Self::DisabledAndExpired => "Application is disabled",
            Self::Expired => "Application is expired",
            Self::Deleted if way.is_bound_refresh() => "Application not found",
            Self::Deleted | Self::Moved | Self::Left => "Bad credentials",
        }
    }

    /// Whether this way is closed: who leaves an organisation takes no client along, and no token issued before.
    const fn closes(self, way: Way) -> bool {
        !matches!(self, Self::Left) || !(way.is_the_clients() || way.shows_a_token())
    }

    const fn is_open_to_meet(self) -> &'static str {
        match self {
            Self::Disabled | Self::Expired | Self::DisabledAndExpired => "Application is inactive",
            Self::Deleted | Self::Moved | Self::Left => "Invalid credentials",
        }
    }
}

fn status(organization: &str, disabled: bool, expires_at: &Value) -> Value {
    json!({ "organization_id": organization, "disabled": disabled, "expires_at": expires_at })
}

fn assert_refused(answer: &Answer, state: State, way: Way) {
    if way == Way::Meet {
        assert_eq!(answer.status, 401, "{state:?} {way:?}: {answer:?}");
        let said = state.is_open_to_meet();
        assert_eq!(answer.json(), json!({ "detail": said, "error": said }), "{state:?} {way:?}");
    } else {
        answer.assert_refused(400, "invalid_grant");
        let expected = json!({ "error": "invalid_grant", "error_description": state.sentence(way) });
        assert_eq!(answer.json(), expected, "{state:?} {way:?}");
    }
}

/// Threat 9: every state × every grant of every dialect × {bound client, named in the request, bound before}, asked of the
/// server that was told and of another one. What is refused is not used up, and works again with the application; a
/// deleted application takes its refresh tokens along for good.
#[rstest]
#[actix_web::test]
async fn threat_09_every_state_closes_every_way(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        State::Disabled,
        State::Expired,
        State::DisabledAndExpired,
        State::Deleted,
        State::Moved,
        State::Left
    )]
    state: State,
) {
    let world = World::on(backend).await;
    let replica = world.app.replica().await;
    let servers = [&world.app, &replica];
    let fresh = world.artefacts().await;
    for (way, server) in Way::ALL.into_iter().zip(servers.into_iter().cycle()) {
        let answer = world.ask(server, way, &fresh).await;
        assert_eq!(answer.claims().application_id.as_deref(), Some(APP), "{way:?}");
    }
    let shown = world.artefacts().await;
    state.enter(&world).await;
    for way in Way::ALL {
        for server in servers {
            let answer = world.ask(server, way, &shown).await;
            if state.closes(way) {
                assert_refused(&answer, state, way);
            } else {
                assert_eq!(answer.claims().application_id.as_deref(), Some(APP), "{state:?} {way:?}");
            }
        }
    }
    // Longer than a refresh token that was used would be answered again.
    world.app.advance(TimeDelta::seconds(90)).await;
    state.leave(&world).await;
    for way in Way::ALL {
        let server = servers[way as usize % 2];
        let answer = world.ask(server, way, &shown).await;
        if state == State::Deleted && way.is_bound_refresh() {
            assert_refused(&answer, state, way);
        } else if state == State::Deleted && way == Way::SubjectOfBound {
            // Bound to the application that was, not to the one that is.
            answer.assert_refused(400, "invalid_grant");
            assert_eq!(answer.json()["error_description"], "Bad credentials");
        } else if way == Way::RefreshNaming {
            // The same token as of the way before: its successor once more.
            assert_eq!(answer.status, 200, "{state:?} {way:?}: {answer:?}");
        } else {
            assert_eq!(answer.claims().application_id.as_deref(), Some(APP), "{state:?} {way:?}");
        }
    }
}

/// §3.6 rule 3: what was issued before stays what it was.
#[rstest]
#[actix_web::test]
async fn access_tokens_live_on(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let shown = world.artefacts().await;
    let own = world.app.own_token(&world.bound).await;
    world.put(APP, &disabled()).await;
    world.app.introspect(&world.free, &shown.subject).await;
    for _ in 0..2 {
        for token in [&shown.subject_bound, &own] {
            assert_eq!(world.app.introspect(&world.bound, token).await["active"], true);
        }
        // Whoever asks about a refresh token wants to know whether it works.
        assert_eq!(
            world.app.introspect(&world.bound, &shown.family_of_bound).await,
            json!({ "active": false })
        );
        world.delete(APP).await;
    }
}

/// Threat 26: expiry is a matter of the instant, and of a clock that all requests go by.
#[rstest]
#[actix_web::test]
async fn threat_26_an_application_expires_at_its_instant(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let replica = world.app.replica().await;
    let end = world.app.clock.now() + TimeDelta::seconds(20);
    world.put(APP, &status("helios", false, &json!(end.to_rfc3339()))).await;
    world.app.advance(TimeDelta::seconds(20) - TimeDelta::microseconds(1)).await;
    let shown = world.artefacts().await;
    for way in [Way::OwnBound, Way::BasicNamed, Way::SubjectNamed, Way::Meet] {
        assert_eq!(world.ask(&replica, way, &shown).await.status, 200, "{way:?}");
    }
    world.app.advance(TimeDelta::microseconds(1)).await;
    for way in Way::ALL {
        for server in [&world.app, &replica] {
            assert_refused(&world.ask(server, way, &shown).await, State::Expired, way);
        }
    }
    // Put off, with another offset on the wire; nothing was used up.
    let later =
        (end + TimeDelta::hours(1)).with_timezone(&chrono::FixedOffset::east_opt(7200).expect("an offset"));
    world.put(APP, &status("helios", false, &json!(later.to_rfc3339()))).await;
    for way in Way::ALL {
        assert_eq!(world.ask(&replica, way, &shown).await.status, 200, "{way:?}");
    }
}
