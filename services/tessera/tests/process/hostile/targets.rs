//! What there is to attack: the routes of each process, and credentials that open them.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use crate::stack::{AGENDA as RDV, APPLICATIONS as AUVIOUS, Credentials, Stack, Topology, Triple};

/// A method and the template of a path.
pub(super) type Route = (&'static str, &'static str);

/// A process with everything an attacker may know about it.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    /// Methods and paths that go together.
    pub(super) routes: Vec<Route>,
    /// A path that takes bodies.
    pub(super) post: &'static str,
    /// Tokens that are good, with some scopes or others.
    pub(super) tokens: Vec<String>,
    /// One that may do everything with rooms.
    pub(super) token: String,
    /// Device sessions that are good. Some requests end the one they come with.
    pub(super) triples: Vec<Triple>,
    /// `Basic` credentials that are good.
    pub(super) basic: Vec<String>,
    /// Ids of objects that exist.
    pub(super) ids: Vec<String>,
    /// Statuses that enough requests must have been answered with.
    pub(super) expected: &'static [u16],
}

/// Device sessions for each process.
const TRIPLES: usize = 12;

const AUTH: [Route; 20] = [
    ("POST", "/oauth/token"),
    ("POST", "/oauth/token"),
    ("POST", "/security/oauth/token"),
    ("POST", "/oauth/introspect"),
    ("POST", "/oauth/revoke"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/internal/revocations"),
    ("GET", "/internal/applications/{id}"),
    ("PUT", "/internal/applications/{id}"),
    ("DELETE", "/internal/applications/{id}"),
    ("POST", "/external-api/v1.0/application/token"),
    ("POST", "/external-api/v1.0/application/token/"),
    ("POST", "/api/v1/auth/sign_in"),
    ("GET", "/api/v1/auth/sign_in.json"),
    ("GET", "/api/v1/auth/validate_token"),
    ("DELETE", "/api/v1/auth/sign_out"),
    ("PUT", "/api/v1/auth/password"),
    ("GET", "/docs/openapi/auth-server.json"),
    ("GET", "/"),
];

const ROOMS: [Route; 10] = [
    ("GET", "/external-api/v1.0/rooms"),
    ("POST", "/external-api/v1.0/rooms/"),
    ("GET", "/external-api/v1.0/rooms/{id}/"),
    ("PATCH", "/external-api/v1.0/rooms/{id}"),
    ("DELETE", "/external-api/v1.0/rooms/{id}"),
    ("GET", "/external-api/v1.0/rooms/{id}/attendees"),
    ("POST", "/external-api/v1.0/rooms/{id}/attendees"),
    ("DELETE", "/external-api/v1.0/rooms/{id}/attendees/{id}"),
    ("GET", "/external-api/v1.0/rooms/{id}/anything"),
    ("GET", "/docs/openapi/rooms.json"),
];

const AGENDA: [Route; 9] = [
    ("GET", "/api/v1/agents"),
    ("GET", "/api/v1/organisations.json"),
    ("GET", "/api/v1/organisations/{id}"),
    ("PATCH", "/api/v1/organisations/{id}"),
    ("GET", "/api/v1/absences"),
    ("POST", "/api/v1/absences"),
    ("PATCH", "/api/v1/absences/{id}"),
    ("DELETE", "/api/v1/absences/{id}.json"),
    ("GET", "/docs/openapi/agenda.json"),
];

const APPLICATIONS: [Route; 11] = [
    ("GET", "/api/applications"),
    ("POST", "/api/applications"),
    ("GET", "/api/applications/{id}"),
    ("PUT", "/api/applications/{id}"),
    ("PUT", "/api/applications/{id}"),
    ("DELETE", "/api/applications/{id}"),
    ("GET", "/api/applications/{id}/availability"),
    ("GET", "/api/applications/organizations/agency"),
    ("GET", "/api/applications/organizations/{id}"),
    ("GET", "/api/applications/{id}/"),
    ("GET", "/docs/openapi/applications.json"),
];

/// One for each process.
pub(super) async fn of(stack: &Stack, topology: Topology) -> Vec<Target> {
    let declared = &stack.declared;
    let token = stack.application_token(&declared.booking, &declared.ada).await;
    let looker = stack.application_token(&declared.board, &declared.ada).await;
    let own = stack.sign_in(&declared.ada, "lasuite_visio lasuite_visio:rooms:list").await.expect(200);
    let services = [
        internal_token(stack, &declared.rooms, "internal:revocations").await,
        internal_token(stack, &declared.applications, "internal:applications").await,
    ];
    let room = stack.call(&token, Method::POST, "/rooms").await.expect(201).text_of("id");
    let path = format!("/rooms/{room}/attendees");
    let page = stack.call(&token, Method::GET, &path).await.expect(200).json();
    let attendee = page["results"][0]["id"].as_str().unwrap().to_owned();
    let triples = triples(stack).await;
    let organisation = stack.as_agent(&triples[0], Method::GET, "/organisations").await.expect(200).json();
    let absence = stack.send(stack.new_absence(&triples[0], &declared.ada, "Congé")).await.expect(200).json();
    let numbers = [&organisation["organisations"][0]["id"], &absence["absence"]["id"]];
    let numbers = numbers.map(ToString::to_string);
    let basic = |client: &Credentials| STANDARD.encode(format!("{}:{}", client.id, client.secret));
    let auth = Target {
        address: address(&stack.auth_url("")),
        routes: AUTH.into(),
        post: "/external-api/v1.0/application/token",
        tokens: [&[token.clone(), looker, own.access_token()][..], &services].concat(),
        token,
        basic: vec![basic(&declared.gateway), basic(&declared.booking)],
        triples,
        ids: [&[room, attendee], &numbers[..]].concat(),
        expected: &[200, 400, 401, 404, 405],
    };
    let rooms = Target {
        address: address(stack.rooms_url("").trim_end_matches(crate::stack::MEET)),
        routes: ROOMS.into(),
        post: "/external-api/v1.0/rooms",
        expected: &[200, 400, 401, 403, 404, 405, 415],
        ..auth.clone()
    };
    let agenda = Target {
        address: address(stack.agents_url("").trim_end_matches(RDV)),
        routes: AGENDA.into(),
        post: "/api/v1/absences",
        expected: &[200, 400, 401, 403, 404, 422],
        ..auth.clone()
    };
    let applications = applications(stack, &auth).await;
    match topology {
        Topology::Single => vec![
            Target { routes: [&AUTH[..], &ROOMS, &AGENDA].concat(), ..rooms },
            // By itself: one process, but no path of it takes a token for another service.
            applications,
        ],
        Topology::Separate => {
            // Attacks on the auth server end the sessions that they come with.
            let triples = self::triples(stack).await;
            let rooms = Target { triples: triples.clone(), ..rooms };
            let agenda = Target { triples: triples.clone(), ..agenda };
            vec![auth, rooms, agenda, Target { triples, ..applications }]
        }
    }
}

/// The applications service, with a token of each kind of caller.
async fn applications(stack: &Stack, auth: &Target) -> Target {
    let declared = &stack.declared;
    let service = stack.client_token(&declared.integration).await;
    let session = stack.desk_sign_in(&declared.ada).await.expect(200).access_token();
    let tokens = [stack.client_token(&declared.crm).await, service.clone(), session];
    Target {
        address: address(stack.applications_url("").trim_end_matches(AUVIOUS)),
        routes: APPLICATIONS.into(),
        post: AUVIOUS,
        tokens: [&tokens[..], &auth.tokens].concat(),
        token: service,
        ids: [&["desk-app".to_owned()], &auth.ids[..]].concat(),
        expected: &[200, 400, 401, 403, 404, 405, 415],
        ..auth.clone()
    }
}

/// A service's own token for the internal routes of the auth server.
async fn internal_token(stack: &Stack, client: &Credentials, scope: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    stack.oauth("/oauth/token", client, &form).await.expect(200).access_token()
}

/// New device sessions, alternately of two people.
async fn triples(stack: &Stack) -> Vec<Triple> {
    let (mut triples, people) = (Vec::new(), [&stack.declared.ada, &stack.declared.bob]);
    for person in people.into_iter().cycle().take(TRIPLES) {
        triples.push(stack.agent_sign_in(person).await);
    }
    triples
}

fn address(origin: &str) -> SocketAddr {
    origin.trim_start_matches("http://").parse().expect("an address")
}
