//! What there is to attack: the routes of each process, and credentials that open them.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use crate::stack::{Credentials, Stack, Topology};

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
    /// `Basic` credentials that are good.
    pub(super) basic: Vec<String>,
    /// Ids of objects that exist.
    pub(super) ids: Vec<String>,
    /// Statuses that enough requests must have been answered with.
    pub(super) expected: &'static [u16],
}

const AUTH: [Route; 12] = [
    ("POST", "/oauth/token"),
    ("POST", "/oauth/token"),
    ("POST", "/security/oauth/token"),
    ("POST", "/oauth/introspect"),
    ("POST", "/oauth/revoke"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/internal/revocations"),
    ("POST", "/external-api/v1.0/application/token"),
    ("POST", "/external-api/v1.0/application/token/"),
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

/// One for each process.
pub(super) async fn of(stack: &Stack, topology: Topology) -> Vec<Target> {
    let declared = &stack.declared;
    let token = stack.application_token(&declared.booking, &declared.ada).await;
    let looker = stack.application_token(&declared.board, &declared.ada).await;
    let own = stack.sign_in(&declared.ada, "lasuite_visio lasuite_visio:rooms:list").await.expect(200);
    let service = stack.oauth(
        "/oauth/token",
        &declared.rooms,
        &[("grant_type", "client_credentials"), ("scope", "internal:revocations")],
    );
    let service = service.await.expect(200).access_token();
    let room = stack.call(&token, Method::POST, "/rooms").await.expect(201).text_of("id");
    let path = format!("/rooms/{room}/attendees");
    let page = stack.call(&token, Method::GET, &path).await.expect(200).json();
    let attendee = page["results"][0]["id"].as_str().unwrap().to_owned();
    let basic = |client: &Credentials| STANDARD.encode(format!("{}:{}", client.id, client.secret));
    let auth = Target {
        address: address(&stack.auth_url("")),
        routes: AUTH.into(),
        post: "/external-api/v1.0/application/token",
        tokens: vec![token.clone(), looker, own.access_token(), service],
        token,
        basic: vec![basic(&declared.gateway), basic(&declared.booking)],
        ids: vec![room, attendee],
        expected: &[200, 400, 401, 404, 405],
    };
    let rooms = Target {
        address: address(stack.rooms_url("").trim_end_matches(crate::stack::MEET)),
        routes: ROOMS.into(),
        post: "/external-api/v1.0/rooms",
        expected: &[200, 400, 401, 403, 404, 405, 415],
        ..auth.clone()
    };
    match topology {
        Topology::Single => vec![Target { routes: [&AUTH[..], &ROOMS].concat(), ..rooms }],
        Topology::Separate => vec![auth, rooms],
    }
}

fn address(origin: &str) -> SocketAddr {
    origin.trim_start_matches("http://").parse().expect("an address")
}
