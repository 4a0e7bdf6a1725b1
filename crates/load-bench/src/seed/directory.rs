//! The directory that the server starts with: a bootstrap file, in JSON, which YAML contains.

use serde_json::{Value, json};

/// The password of everybody who has one.
pub(crate) const PASSWORD: &str = "Only-For-Measuring-1";
/// The secret of every client.
pub(crate) const SECRET: &str = "only-for-measuring-0123456789abcdef";

/// Accounts without a password, for whom applications act.
pub(crate) const PEOPLE: usize = 1000;
/// Accounts that sign in by themselves.
pub(crate) const AGENTS: usize = 64;
/// Clients that get tokens of their own.
pub(crate) const SERVICES: usize = 100;
/// Applications of the Auvious dialect.
pub(crate) const APPLICATIONS: usize = 100;

/// The client that acts for people in the Meet dialect.
pub(crate) const MEET: &str = "bench-meet";
/// A service that is handed tokens: asks about them, and exchanges them.
pub(crate) const GATEWAY: &str = "bench-gateway";
/// A back end of the organisation that the applications belong to.
pub(crate) const CRM: &str = "bench-crm";
/// An account that may read every other over OCS.
pub(crate) const ADMINISTRATOR: &str = "bench-administrator";

const ORGANIZATION: &str = "bench";
const ACTIONS: [&str; 4] = ["rooms:list", "rooms:create", "rooms:retrieve", "rooms:update"];

/// The login of a person, by number.
pub(crate) fn person(number: usize) -> String {
    format!("bench-person-{number}")
}

/// The login of an agent, by number.
pub(crate) fn agent(number: usize) -> String {
    format!("bench-agent-{number}")
}

/// A client that gets tokens of its own, by number.
pub(crate) fn service(number: usize) -> String {
    format!("bench-service-{number}")
}

/// An application, by number.
pub(crate) fn application(number: usize) -> String {
    format!("bench-application-{number}")
}

/// The e-mail address that goes with a login.
pub(crate) fn email(login: &str) -> String {
    format!("{login}@bench.example")
}

/// The document.
pub(super) fn document() -> Value {
    let people = (0..PEOPLE).map(|number| account(&person(number), "AGENT"));
    let agents = (0..AGENTS).map(|number| with_password(account(&agent(number), "AGENT")));
    let administrator = with_password(account(ADMINISTRATOR, "GLOBAL_ADMIN"));
    let services = (0..SERVICES).map(|number| {
        let roles = ["CLIENT_SERVICE"];
        client(&service(number), json!({ "scopes": ["rooms:list"], "audiences": ["rooms"], "roles": roles }))
    });
    json!({
        "organizations": [{ "id": ORGANIZATION, "name": "Bench" }],
        "accounts": people.chain(agents).chain([administrator]).collect::<Value>(),
        "clients": services.chain(callers()).collect::<Value>(),
        "applications": (0..APPLICATIONS).map(application_entry).collect::<Value>(),
    })
}

fn callers() -> [Value; 3] {
    let meet = json!({ "kind": "application", "scopes": ACTIONS, "domains": ["bench.example"] });
    let scopes = [ACTIONS.as_slice(), &["offline_access"]].concat();
    let handed = json!({
        "grants": ["token_exchange", "refresh_token"],
        "scopes": scopes,
        "audiences": ["rooms"],
        "roles": ["SERVICE"],
    });
    let crm = json!({ "scopes": ["global"], "audiences": ["applications"], "roles": ["CLIENT_SERVICE"] });
    [client(MEET, meet), client(GATEWAY, handed), client(CRM, crm)]
}

fn account(login: &str, role: &str) -> Value {
    json!({
        "login": login, "email": email(login), "display_name": login.replace('-', " "), "roles": [role],
        "organization_id": ORGANIZATION, "organizations": [{ "id": ORGANIZATION, "role": role }],
    })
}

fn with_password(mut account: Value) -> Value {
    account["password"] = PASSWORD.into();
    account
}

/// Its scopes are its defaults, as far as they are somebody's to give by default.
fn client(id: &str, more: Value) -> Value {
    let mut client = json!({
        "id": id, "kind": "service", "secret": SECRET, "grants": ["client_credentials"],
        "organization_id": ORGANIZATION,
    });
    if let (Value::Object(client), Value::Object(more)) = (&mut client, more) {
        client.extend(more);
    }
    if client["kind"] == "service" {
        client["default_scopes"] = json!([client["scopes"][0]]);
    }
    client
}

fn application_entry(number: usize) -> Value {
    json!({
        "id": application(number), "organization_id": ORGANIZATION, "type": "STANDALONE_OPENID",
        "config": {
            "issuer": "https://login.bench.example",
            "serviceParameters": { "queue": format!("queue-{number}"), "region": "eu-central-1" },
            "agentParameters": { "greeting": "Good morning" },
            "customerParameters": { "locale": "el-GR" },
        },
    })
}
