//! Threats 9 and 26: a service that is disabled over OCS is there for administrators alone, until it is enabled again.

use std::time::Instant;

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::SCOPE;
use crate::stack::{Answer, Base, Person, Stack, Topology, Triple, settled};

/// The apps whose services refuse, and how.
const SERVICES: [(&str, u16); 4] = [("agenda", 403), ("applications", 403), ("bases", 503), ("rooms", 403)];

/// What opens each service for one person.
struct Keys {
    /// Of a device, for the agenda.
    agenda: Triple,
    /// Of a front end, for applications.
    applications: String,
    /// An Account-Token.
    bases: String,
    /// By token exchange.
    rooms: String,
}

impl Keys {
    async fn of(stack: &Stack, person: &Person) -> Self {
        Self {
            agenda: stack.agent_sign_in(person).await,
            applications: stack.desk_sign_in(person).await.expect(200).access_token(),
            bases: stack.account_token(person).await,
            rooms: stack.sign_in(person, SCOPE).await.expect(200).access_token(),
        }
    }

    /// Lists what there is at this service.
    async fn ask(&self, stack: &Stack, app: &str) -> Answer {
        match app {
            "agenda" => stack.as_agent(&self.agenda, Method::GET, "/absences").await,
            "applications" => stack.call_application(&self.applications, Method::GET, "").await,
            "bases" => stack.bases_get(&self.bases, "/workspaces/").await,
            _ => stack.call(&self.rooms, Method::GET, "/rooms").await,
        }
    }
}

/// What opens the service of bases without anybody's name.
struct Anonymous {
    token: String,
    link: String,
}

impl Anonymous {
    async fn of(stack: &Stack, account: &str) -> Self {
        let base: Base = stack.make_base(account, "Stock").await;
        let token = stack.api_token(account, &base, "sync", "rw").await;
        Self { token, link: stack.external_link(account, &base).await }
    }

    async fn expect(&self, stack: &Stack, status: u16) {
        stack.exchange_api_token(&self.token).await.expect(status);
        stack.exchange_link(&self.link).await.expect(status);
    }
}

async fn switch(stack: &Stack, app: &str, enabled: bool) -> Instant {
    let method = if enabled { Method::POST } else { Method::DELETE };
    stack.as_root(method, &format!("/cloud/apps/{app}"), &json!({})).await;
    Instant::now()
}

#[rstest]
#[tokio::test]
async fn threat_26_a_service_disabled_over_ocs_is_there_for_administrators_alone(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let (ada, root) =
        (Keys::of(&stack, &stack.declared.ada).await, Keys::of(&stack, &stack.declared.root).await);
    let anonymous = Anonymous::of(&stack, &ada.bases).await;
    anonymous.expect(&stack, 200).await;
    for (app, refusal) in SERVICES {
        ada.ask(&stack, app).await.expect(200);
        let since = switch(&stack, app, false).await;
        settled(app, since, refusal, || ada.ask(&stack, app)).await;
        root.ask(&stack, app).await.expect(200);
        for (other, _) in SERVICES.iter().filter(|(other, _)| *other != app) {
            ada.ask(&stack, other).await.expect(200);
        }
        let since = switch(&stack, app, true).await;
        settled(app, since, 200, || ada.ask(&stack, app)).await;
    }

    // A restart changes nothing: nobody is let in before it is known who may be.
    for (app, refusal) in SERVICES {
        let since = switch(&stack, app, false).await;
        settled(app, since, refusal, || ada.ask(&stack, app)).await;
    }
    anonymous.expect(&stack, 503).await;
    for unit in stack.units() {
        unit.terminate();
        unit.start().await;
    }
    for (app, refusal) in SERVICES {
        ada.ask(&stack, app).await.expect(refusal);
        root.ask(&stack, app).await.expect(200);
    }
    anonymous.expect(&stack, 503).await;
    for (app, _) in SERVICES {
        let since = switch(&stack, app, true).await;
        settled(app, since, 200, || ada.ask(&stack, app)).await;
    }
    anonymous.expect(&stack, 200).await;
}
