//! The requests of the scenarios, written once and shared by all connections.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::seed::Made;
use crate::seed::directory::{ADMINISTRATOR, GATEWAY, MEET, PASSWORD, SECRET};
use crate::wire::Http;

const TOKEN: &str = "/oauth/token";
const ROOMS: &str = "/external-api/v1.0/rooms";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ACCOUNT_TOKEN: &str = "urn:tessera:token-type:account-token";

/// A request, and how its answer is known.
pub(crate) struct Asked {
    /// All of it, as it goes over the wire.
    pub(crate) bytes: Vec<u8>,
    /// The status of the answer.
    pub(crate) status: u16,
    /// What stands in the answer.
    pub(crate) telling: String,
}

/// Requests of one kind, which are sent in turn.
pub(crate) type List = Arc<[Asked]>;

/// The three values of an agent's session.
pub(crate) struct Triple {
    /// `access-token`.
    pub(crate) token: String,
    /// `client`.
    pub(crate) client: String,
    /// `uid`.
    pub(crate) uid: String,
}

/// A list for each kind.
pub(crate) struct Requests {
    /// Clients' own tokens, by Basic.
    pub(crate) client_basic: List,
    /// The same with the secret in the form.
    pub(crate) client_form: List,
    /// An application's tokens for people.
    pub(crate) meet_token: List,
    /// Questions about access tokens.
    pub(crate) introspection: List,
    /// Access tokens that are exchanged.
    pub(crate) exchange: List,
    /// Agents who sign in.
    pub(crate) sign_in: List,
    /// Questions about one session.
    pub(crate) validate_token: List,
    /// Rooms, one by one.
    pub(crate) room: List,
    /// People's lists of rooms.
    pub(crate) rooms: List,
    /// New rooms.
    pub(crate) new_room: List,
    /// API-Tokens that become Base-Tokens.
    pub(crate) app_access_token: List,
    /// Applications, one by one.
    pub(crate) application: List,
    /// Accounts, one by one, over OCS.
    pub(crate) user: List,
}

impl Requests {
    /// Those about what was made.
    pub(crate) fn about(http: &Http, made: &Made) -> Self {
        Self {
            client_basic: list(&made.services, |id| client_basic(http, id)),
            client_form: list(&made.services, |id| client_form(http, id)),
            meet_token: list(&made.people, |email| meet_token(http, email)),
            introspection: list(&made.tokens, |token| introspection(http, token)),
            exchange: list(&made.exchanged, |token| exchange(http, token)),
            sign_in: list(&made.agents, |email| sign_in(http, email)),
            validate_token: list(&[&made.session], |session| validate_token(http, session)),
            room: list(&made.rooms, |id| room(http, &made.tokens[0], id)),
            rooms: list(&made.listers, |token| rooms(http, token)),
            new_room: list(&made.creators, |token| new_room(http, token)),
            app_access_token: list(&made.api_tokens, |token| app_access_token(http, token)),
            application: list(&made.applications, |id| application(http, &made.crm, id)),
            user: list(&made.logins, |login| user(http, login)),
        }
    }
}

/// One request for each of these.
pub(crate) fn list<T>(of: &[T], request: impl Fn(&T) -> Asked) -> List {
    of.iter().map(request).collect()
}

/// A client's own token, by Basic.
pub(crate) fn client_basic(http: &Http, id: &str) -> Asked {
    let headers = [("Authorization", &*basic(id, SECRET))];
    asked(http.post_form(TOKEN, &headers, &[("grant_type", "client_credentials")]), r#""access_token":"ey"#)
}

/// A client's own token, by the form.
fn client_form(http: &Http, id: &str) -> Asked {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", SECRET)];
    asked(http.post_form(TOKEN, &[], &form), r#""access_token":"ey"#)
}

/// An application's token for a person.
pub(crate) fn meet_token(http: &Http, email: &str) -> Asked {
    let form = [
        ("client_id", MEET),
        ("client_secret", SECRET),
        ("grant_type", "client_credentials"),
        ("scope", email),
    ];
    asked(http.post_form("/external-api/v1.0/application/token", &[], &form), r#""access_token":"ey"#)
}

/// What an access token is.
pub(crate) fn introspection(http: &Http, token: &str) -> Asked {
    let headers = [("Authorization", &*basic(GATEWAY, SECRET))];
    asked(http.post_form("/oauth/introspect", &headers, &[("token", token)]), r#""active":true"#)
}

/// Another token for whom an access token is for.
fn exchange(http: &Http, token: &str) -> Asked {
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token_type", ACCESS_TOKEN),
        ("subject_token", token),
        ("scope", "rooms:list"),
    ];
    let headers = [("Authorization", &*basic(GATEWAY, SECRET))];
    asked(http.post_form(TOKEN, &headers, &form), r#""access_token":"ey"#)
}

/// The exchange that begins a family of refresh tokens.
pub(crate) fn new_family(http: &Http, account_token: &str) -> Vec<u8> {
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token_type", ACCOUNT_TOKEN),
        ("subject_token", account_token),
        ("scope", "rooms:list offline_access"),
    ];
    http.post_form(TOKEN, &[("Authorization", &basic(GATEWAY, SECRET))], &form)
}

/// The use of a refresh token.
pub(crate) fn refresh(http: &Http, refresh_token: &str) -> Vec<u8> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    http.post_form(TOKEN, &[("Authorization", &basic(GATEWAY, SECRET))], &form)
}

/// An agent's new session.
fn sign_in(http: &Http, email: &str) -> Asked {
    let body = json!({ "email": email, "password": PASSWORD });
    asked(http.post_json("/api/v1/auth/sign_in", &[], &body), &format!(r#""uid":"{email}""#))
}

/// Whether a session lives.
pub(crate) fn validate_token(http: &Http, session: &Triple) -> Asked {
    let headers = [("access-token", &*session.token), ("client", &*session.client), ("uid", &*session.uid)];
    asked(http.get("/api/v1/auth/validate_token", &headers), r#""success":true"#)
}

/// One room.
pub(crate) fn room(http: &Http, token: &str, id: &str) -> Asked {
    asked(http.get(&format!("{ROOMS}/{id}"), &[("Authorization", &bearer(token))]), id)
}

/// The first page of a person's rooms.
pub(crate) fn rooms(http: &Http, token: &str) -> Asked {
    asked(http.get(ROOMS, &[("Authorization", &bearer(token))]), r#""count":10"#)
}

/// A room that is made.
pub(crate) fn new_room(http: &Http, token: &str) -> Asked {
    let bytes =
        http.post_json(ROOMS, &[("Authorization", &bearer(token))], &json!({ "access_level": "restricted" }));
    Asked { status: 201, ..asked(bytes, r#""access_level":"restricted""#) }
}

/// A Base-Token for an API-Token.
fn app_access_token(http: &Http, token: &str) -> Asked {
    let headers = [("Authorization", &*format!("Token {token}"))];
    asked(http.get("/api/v2.1/dtable/app-access-token/", &headers), r#""access_token":"ey"#)
}

/// One application.
fn application(http: &Http, token: &str, id: &str) -> Asked {
    let path = format!("/api/applications/{id}");
    asked(http.get(&path, &[("Authorization", &bearer(token))]), &format!(r#""id":"{id}""#))
}

/// One account.
pub(crate) fn user(http: &Http, login: &str) -> Asked {
    let path = format!("/ocs/v2.php/cloud/users/{login}?format=json");
    let headers = [("Authorization", &*basic(ADMINISTRATOR, PASSWORD)), ("OCS-APIRequest", "true")];
    asked(http.get(&path, &headers), &format!(r#""id":"{login}""#))
}

fn asked(bytes: Vec<u8>, telling: &str) -> Asked {
    Asked { bytes, status: 200, telling: telling.to_owned() }
}

fn basic(name: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}
