//! Whoever signs in at one replica is at home at the other, and whatever is revoked at one is refused by all.

use std::time::Instant;

use reqwest::Method;

use crate::stack::{Answer, BOUND, Credentials, DESK_APPLICATION, Facing, Person, Plan, Stack, Triple};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list offline_access";
const SIDES: [Facing; 2] = [Facing::First, Facing::Second];

/// What somebody has once they have signed in every way.
struct Signed {
    /// Of a session by token exchange.
    access: String,
    refresh: String,
    triple: Triple,
    account: String,
    /// Of an application that works for them.
    application: String,
}

/// Sign-in on one, use on the other, both ways; and then revoked on one, refused by all.
#[tokio::test]
async fn what_one_replica_gives_or_takes_every_replica_knows() {
    let mut stack = Plan::in_two().await.start().await;
    for [here, there] in [SIDES, [Facing::Second, Facing::First]] {
        let ada = stack.declared.ada.clone();
        stack.face(here);
        let signed = sign_in(&stack, &ada).await;
        stack.face(there);
        is_at_home(&stack, &signed).await;
        let renewed = stack.refresh(&signed.refresh).await.expect(200);
        stack.call(&renewed.access_token(), Method::GET, "/rooms").await.expect(200);
        threat_26_what_is_revoked_on_one_is_refused_by_all(&mut stack, here, &signed).await;
        // The session by exchange goes with the newest of its refresh tokens.
        stack.face(here);
        revoke(&stack, &stack.declared.gateway, &renewed.refresh_token()).await;
        let since = Instant::now();
        for side in SIDES {
            stack.face(side);
            stack.refresh(&renewed.refresh_token()).await.expect_error(400, "invalid_grant");
            for token in [&signed.access, &renewed.access_token()] {
                assert!(!stack.is_active(token).await, "{side:?}");
                refused(&stack, side, "rooms, a session", since, &rooms(token)).await;
            }
        }
    }
}

/// Threat 26: one after the other, each measured from the answer that confirms it.
async fn threat_26_what_is_revoked_on_one_is_refused_by_all(
    stack: &mut Stack,
    here: Facing,
    signed: &Signed,
) {
    stack.face(here);
    revoke(stack, &stack.declared.booking, &signed.application).await;
    let since = Instant::now();
    for side in SIDES {
        stack.face(side);
        assert!(!stack.is_active(&signed.application).await, "the auth servers know at once");
        refused(stack, side, "rooms, an application's token", since, &rooms(&signed.application)).await;
    }
    stack.face(here);
    stack.as_agent(&signed.triple, Method::DELETE, "/auth/sign_out").await.expect(200);
    let since = Instant::now();
    for side in SIDES {
        stack.face(side);
        stack.as_agent(&signed.triple, Method::GET, "/auth/validate_token").await.expect(401);
        for service in ["agenda", "rooms", "applications"] {
            refused(stack, side, service, since, &Shown::Triple(service, &signed.triple)).await;
        }
    }
    stack.face(here);
    stack.tessera(&["user", "token", "revoke", "ada"]).expect(0);
    let since = Instant::now();
    for side in SIDES {
        stack.face(side);
        refused(stack, side, "bases, an Account-Token", since, &Shown::Account(&signed.account)).await;
    }
}

/// A person is disabled, by the operator; nobody lets them in any more, whatever they hold.
#[tokio::test]
async fn threat_26_a_disabled_person_is_refused_by_every_replica() {
    let mut stack = Plan::in_two().await.start().await;
    let bob = stack.declared.bob.clone();
    stack.face(Facing::First);
    let signed = sign_in(&stack, &bob).await;
    stack.face(Facing::Second);
    is_at_home(&stack, &signed).await;
    stack.ocs_self(&bob).await.expect(200);
    stack.tessera(&["user", "disable", "bob"]).expect(0);
    let since = Instant::now();
    for side in SIDES {
        stack.face(side);
        for token in [&signed.access, &signed.application] {
            assert!(!stack.is_active(token).await, "{side:?}");
            refused(&stack, side, "rooms", since, &rooms(token)).await;
        }
        for service in ["agenda", "rooms", "applications"] {
            refused(&stack, side, service, since, &Shown::Triple(service, &signed.triple)).await;
        }
        refused(&stack, side, "bases", since, &Shown::Account(&signed.account)).await;
        refused(&stack, side, "provisioning", since, &Shown::Password(&bob)).await;
        stack.refresh(&signed.refresh).await.expect_error(400, "invalid_grant");
    }
}

/// A replica that was away while something was revoked never lets it in again, from its first answer on.
#[tokio::test]
async fn threat_26_a_replica_that_was_away_refuses_what_was_revoked_meanwhile() {
    let mut stack = Plan::in_two().await.start().await;
    let ada = stack.declared.ada.clone();
    stack.face(Facing::Second);
    let signed = sign_in(&stack, &ada).await;
    is_at_home(&stack, &signed).await;
    for unit in stack.half(Facing::Second) {
        unit.kill();
    }
    stack.face(Facing::First);
    revoke(&stack, &stack.declared.booking, &signed.application).await;
    stack.as_agent(&signed.triple, Method::DELETE, "/auth/sign_out").await.expect(200);
    for unit in stack.half(Facing::Second) {
        unit.begin();
    }
    stack.face(Facing::Second);
    let (application, triple) = (rooms(&signed.application), Shown::Triple("agenda", &signed.triple));
    for shown in [&application, &triple] {
        let mut statuses = Vec::new();
        while statuses.last() != Some(&401) {
            // Nobody listens yet, or nobody knows yet.
            match shown.try_to(&stack).await {
                Ok(answer) => statuses.push(answer.status),
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(1)).await,
            }
        }
        assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
    }
    for unit in stack.half(Facing::Second) {
        unit.ready().await;
    }
}

async fn sign_in(stack: &Stack, person: &Person) -> Signed {
    let session = stack.sign_in(person, SCOPE).await.expect(200);
    Signed {
        access: session.access_token(),
        refresh: session.refresh_token(),
        triple: stack.agent_sign_in(person).await,
        account: stack.account_token(person).await,
        application: stack.application_token(&stack.declared.booking, person).await,
    }
}

/// Asserts that every service knows them.
async fn is_at_home(stack: &Stack, signed: &Signed) {
    for token in [&signed.access, &signed.application] {
        assert!(stack.is_active(token).await);
        stack.call(token, Method::GET, "/rooms").await.expect(200);
    }
    stack.as_agent(&signed.triple, Method::GET, "/auth/validate_token").await.expect(200);
    for service in ["agenda", "rooms", "applications"] {
        Shown::Triple(service, &signed.triple).try_to(stack).await.unwrap().expect(200);
    }
    Shown::Account(&signed.account).try_to(stack).await.unwrap().expect(200);
}

async fn revoke(stack: &Stack, client: &Credentials, token: &str) {
    stack.oauth("/oauth/revoke", client, &[("token", token)]).await.expect(200);
}

/// A credential, and the service that it is shown to.
enum Shown<'a> {
    Rooms(&'a str),
    Triple(&'static str, &'a Triple),
    Account(&'a str),
    Password(&'a Person),
}

fn rooms(token: &str) -> Shown<'_> {
    Shown::Rooms(token)
}

impl Shown<'_> {
    async fn try_to(&self, stack: &Stack) -> reqwest::Result<Answer> {
        let request = match self {
            Self::Rooms(token) => stack.request(token, Method::GET, "/rooms"),
            Self::Triple("agenda", triple) => stack.agent_request(triple, Method::GET, "/absences"),
            Self::Triple("rooms", triple) => triple.on(stack.http.get(stack.rooms_url("/rooms"))),
            Self::Triple(_, triple) => triple.on(stack.http.get(stack.applications_url(DESK_APPLICATION))),
            Self::Account(token) => stack.bases_request(token, Method::GET, "/groups/"),
            Self::Password(person) => stack.ocs_request(person, Method::GET, "/cloud/user"),
        };
        stack.try_send(request).await
    }
}

/// Waits until it is refused, which it must within [`BOUND`] of `since`. What counts is when it was asked: on a busy machine
/// an answer may take its time.
async fn refused(stack: &Stack, side: Facing, what: &str, since: Instant, shown: &Shown<'_>) {
    loop {
        let lag = since.elapsed();
        let answer = shown.try_to(stack).await.expect("an answer");
        // contracts/seatable-tokens.md: 403 for an account that is disabled.
        if [401, 403].contains(&answer.status) {
            println!("{what} ({side:?}): refused after {} ms", lag.as_millis());
            return;
        }
        assert!(lag <= BOUND, "{what} ({side:?}): asked after {lag:?}, and still {answer:?}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
