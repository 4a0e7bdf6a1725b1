//! §3.6 rule 4, threat 26: two servers on one database, and no window between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;

use super::{APP, Artefacts, Backend, EMAIL, Way, World, disabled, tell, usable};
use crate::harness::{BASIC, MEET, Spawned, basic};

const ROUNDS: usize = 40;

/// What the hammers know of the application.
#[derive(Default)]
struct Noted {
    /// The round in which the change that disables was confirmed, until the next one begins; else 0.
    disabled_in: AtomicUsize,
    over: AtomicBool,
    granted: AtomicUsize,
    refused: AtomicUsize,
}

/// Asks the server for tokens without a pause. What begins after the confirmation and ends in the same round is refused.
async fn hammer(
    http: reqwest::Client,
    base: String,
    path: &str,
    form: Vec<(String, String)>,
    noted: Arc<Noted>,
) {
    while !noted.over.load(Ordering::SeqCst) {
        let before = noted.disabled_in.load(Ordering::SeqCst);
        let answer = http.post(format!("{base}{path}")).form(&form).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let after = noted.disabled_in.load(Ordering::SeqCst);
        assert!([200, 400, 401].contains(&status), "{status} of {path}");
        let granted = status == 200;
        if before != 0 && before == after {
            assert!(!granted, "a token was issued in round {before}, after the change had been confirmed");
            noted.refused.fetch_add(1, Ordering::SeqCst);
        } else if granted {
            noted.granted.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn forms(world: &World, shown: &Artefacts) -> Vec<(&'static str, Vec<(String, String)>)> {
    let form = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let (bound, free, meet) = (&world.bound, &world.free, &world.meet);
    let account = basic(&world.account);
    vec![
        (
            "/oauth/token",
            form(&[
                ("client_id", &bound.id),
                ("client_secret", &bound.secret),
                ("grant_type", "client_credentials"),
            ]),
        ),
        (
            "/security/oauth/token",
            form(&[
                ("client_id", &free.id),
                ("client_secret", &free.secret),
                ("grant_type", crate::harness::EXCHANGE),
                ("subject_token_type", BASIC),
                ("subject_token", &account),
                ("scope", "a offline_access"),
                ("application_id", APP),
            ]),
        ),
        (
            "/oauth/token",
            form(&[
                ("client_id", &free.id),
                ("client_secret", &free.secret),
                ("grant_type", crate::harness::EXCHANGE),
                ("subject_token_type", crate::harness::ACCESS_TOKEN),
                ("subject_token", &shown.subject_bound),
            ]),
        ),
        (
            MEET,
            form(&[
                ("client_id", &meet.id),
                ("client_secret", &meet.secret),
                ("grant_type", "client_credentials"),
                ("scope", EMAIL),
            ]),
        ),
    ]
}

/// Threat 26: after the 204 that disables, on one server, no request for a token succeeds on the other.
#[rstest]
#[actix_web::test]
async fn threat_26_no_window_between_two_servers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let replica = world.app.replica().await;
    let shown = world.artefacts().await;
    let noted = Arc::new(Noted::default());
    let hammers: Vec<_> = forms(&world, &shown)
        .into_iter()
        .zip([&replica, &replica, &world.app, &replica])
        .map(|((path, form), server)| {
            let (http, base, noted) = (server.http.clone(), server.base.clone(), Arc::clone(&noted));
            actix_web::rt::spawn(async move { hammer(http, base, path, form, noted).await })
        })
        .collect();
    let mut family = shown.family_named.clone();
    for round in 1..=ROUNDS {
        family = one_round(&world, &replica, &noted, round, family).await;
    }
    noted.over.store(true, Ordering::SeqCst);
    for hammer in join_all(hammers).await {
        hammer.expect("a hammer that saw nothing wrong");
    }
    let (granted, refused) = (noted.granted.load(Ordering::SeqCst), noted.refused.load(Ordering::SeqCst));
    assert!(
        granted > ROUNDS && refused > ROUNDS / 2,
        "{granted} granted, {refused} refused: too few to prove much"
    );
}

async fn one_round(world: &World, replica: &Spawned, noted: &Noted, round: usize, family: String) -> String {
    // The change goes to the one, the requests to the other, in turns.
    let (told, asked) = if round.is_multiple_of(2) { (&world.app, replica) } else { (replica, &world.app) };
    let answer = tell(told, &world.token, Method::PUT, APP, Some(&disabled())).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    noted.disabled_in.store(round, Ordering::SeqCst);
    for server in [asked, told] {
        let own = server.token(&world.bound, &[("grant_type", "client_credentials")]).await;
        assert_eq!(own.json()["error_description"], "Application is disabled", "round {round}");
        let refreshed = server.refresh(&world.free, &family).await;
        assert_eq!(refreshed.json()["error_description"], "Application is disabled", "round {round}");
    }
    noted.disabled_in.store(0, Ordering::SeqCst);
    let answer = tell(told, &world.token, Method::PUT, APP, Some(&usable())).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let own = asked.token(&world.bound, &[("grant_type", "client_credentials")]).await;
    assert_eq!(own.status, 200, "round {round}: {own:?}");
    asked.refresh(&world.free, &family).await.refresh_token()
}

/// Threat 2: refreshes on two servers while the application is disabled and enabled again and again: the session survives,
/// and what was refused was not used up.
#[rstest]
#[actix_web::test]
async fn threat_02_refreshes_that_race_the_switch_lose_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let replica = world.app.replica().await;
    let shown = world.artefacts().await;
    let mut newest = shown.family_named.clone();
    for round in 0..ROUNDS / 2 {
        let status = if round % 2 == 0 { disabled() } else { usable() };
        let refreshes = (0..6).map(|place| {
            let server = if place % 2 == 0 { &world.app } else { &replica };
            server.refresh(&world.free, &newest)
        });
        let (answers, _) = tokio::join!(
            join_all(refreshes),
            tell(&world.app, &world.token, Method::PUT, APP, Some(&status))
        );
        let mut successors: Vec<String> = Vec::new();
        for answer in answers {
            match answer.status {
                200 => successors.push(answer.refresh_token()),
                _ => assert_eq!(answer.json()["error_description"], "Application is disabled"),
            }
        }
        successors.dedup();
        assert!(successors.len() <= 1, "round {round}: {successors:?}");
        newest = successors.pop().unwrap_or(newest);
    }
    world.put(APP, &usable()).await;
    assert_eq!(
        world.ask(&replica, Way::RefreshOfNamed, &Artefacts { family_named: newest, ..shown }).await.status,
        200
    );
}

/// §7.3 across servers: deleted on one, made anew on the other, and what was bound to it is dead on both.
#[rstest]
#[actix_web::test]
async fn deleted_and_made_anew_is_another_application(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let replica = world.app.replica().await;
    let shown = world.artefacts().await;
    for (server, method, status) in
        [(&world.app, Method::DELETE, None), (&replica, Method::PUT, Some(usable()))]
    {
        let answer = tell(server, &world.token, method, APP, status.as_ref()).await;
        assert_eq!(answer.status, 204);
    }
    for server in [&world.app, &replica] {
        for way in [Way::RefreshOfBound, Way::RefreshOfNamed, Way::RefreshNaming] {
            let answer = world.ask(server, way, &shown).await;
            assert_eq!(answer.json()["error_description"], "Application not found", "{way:?}");
        }
        for way in [Way::OwnBound, Way::OfflineNamed, Way::Meet, Way::RefreshOfFree] {
            assert_eq!(world.ask(server, way, &shown).await.status, 200, "{way:?}");
        }
    }
}
