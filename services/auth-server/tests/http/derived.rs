//! What was exchanged from a token ends with it, and with the client that held it.

use auth_claims::claims::{Actor, Audience};
use auth_claims::roles::Role;
use chrono::TimeDelta;
use identity::clients::{ClientKind, GrantType};
use rstest::rstest;

use crate::harness::{ACCESS_TOKEN, Answer, BASIC, Backend, Credentials, Spawned, basic, claims, scopes};

/// Where the first token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// An account's password, through the holder.
    User,
    /// A session of an account at the holder.
    Session,
    /// The holder's own authority.
    Own,
    /// The holder, for an account, by the dialect of Meet.
    Meet,
}

/// A token of `holder`, what `middle` got for it, and what `last` got for that.
struct World {
    app: Spawned,
    holder: Credentials,
    middle: Credentials,
    last: Credentials,
    monitor: Credentials,
    tokens: [String; 3],
}

impl World {
    async fn on(backend: Backend, source: Source) -> Self {
        let app = Spawned::on(backend).await;
        let account = app.account("nadia").await;
        let holder = match source {
            Source::Meet => app.application("holder").await,
            Source::User | Source::Session | Source::Own => app.exchanger("holder").await,
        };
        let first = match source {
            Source::User => app.exchange(&holder, BASIC, &basic(&account), &[]).await.access_token(),
            Source::Session => app.session(&holder, &account).await.0,
            Source::Own => app.own_token(&holder).await,
            Source::Meet => app.meet(&holder, "nadia@agency.example").await.access_token(),
        };
        let audience = claims(&first).aud;
        let (middle, last) =
            (partner(&app, "middle", &audience).await, partner(&app, "last", &audience).await);
        let monitor = app.client("monitor", ClientKind::Service, |r| r.roles = vec![Role::Service]).await;
        app.clock.advance(TimeDelta::seconds(10));
        let second = app.exchange(&middle, ACCESS_TOKEN, &first, &[]).await.access_token();
        app.clock.advance(TimeDelta::seconds(10));
        let third = app.exchange(&last, ACCESS_TOKEN, &second, &[]).await.access_token();
        Self { app, holder, middle, last, monitor, tokens: [first, second, third] }
    }

    /// Which of the three introspection calls active; it agrees with whether each is taken as a subject.
    async fn active(&self) -> [bool; 3] {
        let mut active = [false; 3];
        for (active, token) in active.iter_mut().zip(&self.tokens) {
            *active = self.app.introspect(&self.monitor, token).await["active"] == true;
            let answer = self.app.exchange(&self.last, ACCESS_TOKEN, token, &[]).await;
            if *active {
                assert_eq!(answer.status, 200, "{answer:?}");
            } else {
                answer.assert_refused(400, "invalid_grant");
            }
        }
        active
    }

    async fn revoke(&self, client: &Credentials, token: usize) -> Answer {
        self.app.post_as(client, "/oauth/revoke", &[("token", &self.tokens[token])]).await
    }
}

/// An exchanger that may have whatever the token gives.
async fn partner(app: &Spawned, id: &str, audience: &Audience) -> Credentials {
    app.client(id, ClientKind::Service, |registration| {
        registration.grants = vec![GrantType::TokenExchange];
        registration.scopes = scopes("a b c rooms:list rooms:create");
        registration.default_scopes = scopes("a b rooms:list");
        registration.audiences = audience.iter().map(str::to_owned).collect();
    })
    .await
}

/// Threat 26: disabling an application ends what others got for its tokens, at any remove.
#[rstest]
#[actix_web::test]
async fn threat_26_a_disabled_application_takes_along_what_was_exchanged(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Source::User, Source::Session, Source::Own, Source::Meet)] source: Source,
) {
    let world = World::on(backend, source).await;
    assert_eq!(world.active().await, [true; 3]);
    world.app.enable_client("holder", false).await;
    assert_eq!(world.active().await, [false; 3]);
    world.app.enable_client("holder", true).await;
    assert_eq!(world.active().await, [true; 3], "a state that ends");
    // One in the middle leaves alone what came before it.
    world.app.enable_client("middle", false).await;
    assert_eq!(world.active().await, [true, false, false]);
    world.app.delete_client("holder").await;
    assert_eq!(world.active().await, [false; 3]);
}

/// Threat 26: revoking a token without a session ends what came of it, and nothing else of the client.
#[rstest]
#[actix_web::test]
async fn threat_26_a_revoked_token_takes_along_what_was_exchanged(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Source::User, Source::Own, Source::Meet)] source: Source,
) {
    let world = World::on(backend, source).await;
    let another = world.app.exchange(&world.middle, BASIC, &basic_of_nadia(), &[]).await;
    assert_eq!(world.active().await, [true; 3]);
    assert_eq!(world.revoke(&world.holder, 0).await.status, 200);
    assert_eq!(world.active().await, [false; 3]);
    if source != Source::Meet {
        let said = world.app.introspect(&world.monitor, &another.access_token()).await;
        assert_eq!(said["active"], true, "it came of another credential");
    }
}

fn basic_of_nadia() -> String {
    crate::harness::basic_of("nadia", crate::harness::PASSWORD)
}

/// A token that belongs to a session ends alone: its session goes on.
#[rstest]
#[actix_web::test]
async fn a_token_of_a_session_is_revoked_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend, Source::Session).await;
    assert_eq!(world.revoke(&world.holder, 0).await.status, 200);
    assert_eq!(world.active().await, [false, true, true]);
    // Whoever exchanged cannot end what it exchanged from.
    let world = World::on(backend, Source::User).await;
    assert_eq!(world.revoke(&world.middle, 1).await.status, 200);
    assert_eq!(world.active().await, [true, false, true]);
}

#[rstest]
#[case::user(Source::User)]
#[case::session(Source::Session)]
#[case::own(Source::Own)]
#[case::meet(Source::Meet)]
#[actix_web::test]
async fn the_chain_names_every_client_the_authority_went_through(#[case] source: Source) {
    let world = World::on(Backend::Sqlite, source).await;
    let [first, second, third] = world.tokens.each_ref().map(|token| claims(token));
    let actor =
        |id: &str, act| Some(Box::new(Actor { sub: id.to_owned(), client_id: Some(id.to_owned()), act }));
    assert_eq!(second.act, actor("middle", actor("holder", None)));
    assert_eq!(third.act, actor("last", actor("middle", actor("holder", None))));
    let sid = first.sid.unwrap_or(first.jti);
    assert_eq!((second.sid, third.sid), (Some(sid.clone()), Some(sid)));
}

/// The client that held the first token takes a place in the chain.
#[rstest]
#[case::too_short(2, 400)]
#[case::long_enough(3, 200)]
#[actix_web::test]
async fn the_holder_counts_among_the_actors(#[case] actors: usize, #[case] status: u16) {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.limits.actors = actors).await;
    let holder = app.exchanger("holder").await;
    let first = app.own_token(&holder).await;
    let audience = claims(&first).aud;
    let (middle, last) = (partner(&app, "middle", &audience).await, partner(&app, "last", &audience).await);
    let second = app.exchange(&middle, ACCESS_TOKEN, &first, &[]).await.access_token();
    assert_eq!(app.exchange(&last, ACCESS_TOKEN, &second, &[]).await.status, status);
    // Exchanged by the holder itself, it is named once.
    let own = app.exchange(&holder, ACCESS_TOKEN, &first, &[]).await.claims();
    assert_eq!(own.act.map(|actor| (actor.sub, actor.act)), Some(("holder".to_owned(), None)));
}
