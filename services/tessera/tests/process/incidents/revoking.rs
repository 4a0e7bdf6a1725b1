//! Threat 26: `tessera revoke`, in every dialect and every process.

use std::time::Instant;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Person, Stack, Topology, Triple, settled};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list offline_access";

/// What somebody holds.
struct Held {
    access: String,
    refresh: String,
    delegated: String,
    device: Triple,
    account_token: String,
}

async fn hold(stack: &Stack, person: &Person) -> Held {
    let session = stack.sign_in(person, SCOPE).await.expect(200);
    Held {
        access: session.access_token(),
        refresh: session.refresh_token(),
        delegated: stack.application_token(&stack.declared.kiosk, person).await,
        device: stack.agent_sign_in(person).await,
        account_token: stack.account_token(person).await,
    }
}

impl Held {
    async fn is_good(&self, stack: &Stack) {
        for token in [&self.access, &self.delegated] {
            stack.call(token, Method::GET, "/rooms").await.expect(200);
            assert!(stack.is_active(token).await);
        }
        stack.as_agent(&self.device, Method::GET, "/absences").await.expect(200);
        stack.bases_get(&self.account_token, "/workspaces/").await.expect(200);
    }

    /// Within the bound of `since`, and at once where the auth server is asked.
    async fn is_over(&self, stack: &Stack, since: Instant) {
        for token in [&self.access, &self.delegated] {
            assert!(!stack.is_active(token).await);
            let list = || stack.call(token, Method::GET, "/rooms");
            settled("rooms", since, 401, list).await.expect_detail(401, "Invalid token.");
        }
        stack.refused_everywhere(&self.device, since, "revoked").await;
        let workspaces = || stack.bases_get(&self.account_token, "/workspaces/");
        settled("bases", since, 401, workspaces).await;
        stack.account_info(&self.account_token).await.expect(401);
        stack.refresh(&self.refresh).await.expect_error(400, "invalid_grant");
    }
}

fn revoke(stack: &Stack, flags: &[&str]) -> Value {
    stack.tessera(&[&["revoke", "--json"], flags].concat()).expect(0).json()
}

#[rstest]
#[tokio::test]
async fn threat_26_what_one_person_has_ends_everywhere(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (ada, bob) = (hold(&stack, &stack.declared.ada).await, hold(&stack, &stack.declared.bob).await);
    let (_, program) = stack.app_password("ada", "sync");
    let synced = stack.sign_in(&program, SCOPE).await.expect(200).access_token();
    let counts = json!({
        "accounts": 1, "clients": 0, "refresh_families": 2, "device_sessions": 1, "account_tokens": 1, "app_passwords": 0,
    });
    assert_eq!(revoke(&stack, &["--user", "ada", "--dry-run"]), counts);
    ada.is_good(&stack).await;

    assert_eq!(revoke(&stack, &["--user", "ada@agency.example"]), counts);
    let since = Instant::now();
    ada.is_over(&stack, since).await;
    stack.settles(&synced, 401).await;
    bob.is_good(&stack).await;
    // Nobody is locked out: not the person, and not the program whose password was not meant.
    for person in [&stack.declared.ada, &program] {
        let next = stack.sign_in(person, SCOPE).await.expect(200).access_token();
        stack.settles(&next, 200).await;
    }

    let again = revoke(&stack, &["--user", "ada", "--app-passwords"]);
    assert_eq!((&again["app_passwords"], &again["device_sessions"]), (&json!(1), &json!(0)));
    stack.sign_in(&program, SCOPE).await.expect_error(400, "invalid_grant");
    let told =
        stack.tessera(&["audit", "list", "--json", "--action", "account.revoke_tokens"]).expect(0).json();
    assert_eq!(told.as_array().unwrap().len(), 2, "{told}");
    bob.is_good(&stack).await;
}

#[rstest]
#[tokio::test]
async fn threat_26_what_everybody_has_ends_everywhere_and_doing_it_again_is_harmless(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (ada, bob) = (hold(&stack, &stack.declared.ada).await, hold(&stack, &stack.declared.bob).await);
    let planned = revoke(&stack, &["--everybody", "--dry-run"]);
    assert_eq!(
        (&planned["device_sessions"], &planned["account_tokens"]),
        (&json!(2), &json!(2)),
        "{planned}"
    );
    for _ in 0..2 {
        revoke(&stack, &["--everybody"]);
    }
    let since = Instant::now();
    ada.is_over(&stack, since).await;
    bob.is_over(&stack, since).await;
    let told = stack.tessera(&["audit", "list", "--json", "--action", "tokens.revoke_all"]).expect(0).json();
    assert_eq!((told.as_array().unwrap().len(), &told[0]["target"]), (2, &json!("everybody")), "{told}");
    // Services sign in again by themselves.
    for person in [&stack.declared.ada, &stack.declared.bob] {
        settles_down(&stack, person).await;
    }
}

/// A client, whoever it acts for; an organisation, with its clients and its people.
#[rstest]
#[tokio::test]
async fn threat_26_what_a_client_and_what_an_organisation_has_ends(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let ada = hold(&stack, &stack.declared.ada).await;
    let dana = stack.newcomer("dana");
    let create = ["user", "create", "--login", dana.login, "--email", &dana.email, "--password"];
    stack.tessera_reading(&create, &dana.password).expect(0);
    let outsider = stack.sign_in(&dana, SCOPE).await.expect(200);
    assert_eq!(revoke(&stack, &["--client", "kiosk"])["clients"], 1);
    stack.settles(&ada.delegated, 401).await;
    assert!(!stack.is_active(&ada.delegated).await);
    stack.call(&ada.access, Method::GET, "/rooms").await.expect(200);

    let crm = stack.oauth("/oauth/token", &stack.declared.crm, &[("grant_type", "client_credentials")]).await;
    let crm = crm.expect(200).access_token();
    let done = revoke(&stack, &["--organization", "agency"]);
    let since = Instant::now();
    assert_eq!((&done["accounts"], &done["device_sessions"]), (&json!(3), &json!(1)), "{done}");
    ada.is_over(&stack, since).await;
    assert!(!stack.is_active(&crm).await);
    assert!(stack.is_active(&outsider.access_token()).await, "of no organisation");
    stack.refresh(&outsider.refresh_token()).await.expect(200);

    for wrong in [["--client", "nobody"], ["--organization", "nowhere"], ["--user", "carol"]] {
        stack.tessera(&[&["revoke"], &wrong[..]].concat()).expect(3);
    }
    for wrong in [&[][..], &["--everybody", "--user", "ada"], &["--client", "kiosk", "--app-passwords"]] {
        stack.tessera(&[&["revoke"], wrong].concat()).expect(2);
    }
}

/// Signs in anew, and is served.
async fn settles_down(stack: &Stack, person: &Person) {
    let token = stack.sign_in(person, SCOPE).await.expect(200).access_token();
    let rooms = || stack.call(&token, Method::GET, "/rooms");
    settled("rooms again", Instant::now(), 200, rooms).await;
    let device = stack.agent_sign_in(person).await;
    let agenda = || stack.as_agent(&device, Method::GET, "/absences");
    settled("agenda again", Instant::now(), 200, agenda).await;
    let account = stack.account_token(person).await;
    let bases = || stack.bases_get(&account, "/workspaces/");
    settled("bases again", Instant::now(), 200, bases).await;
}
