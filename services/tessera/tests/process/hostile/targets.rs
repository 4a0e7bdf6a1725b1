//! What there is to attack: the routes of each process, and credentials that open them.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use crate::stack::{
    AGENDA as RDV, APPLICATIONS as AUVIOUS, BASES as SEATABLE, Credentials, OCS as PROVISIONING, Person,
    Stack, Topology, Triple,
};

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
    /// Forms that are in order somewhere.
    pub(super) forms: &'static [&'static str],
    /// A header without which nothing else is looked at.
    pub(super) header: Option<(&'static str, &'static str)>,
    /// Whether its contract answers some requests with 500, which no failure of the service is.
    pub(super) says_500: bool,
    /// Statuses that enough requests must have been answered with.
    pub(super) expected: &'static [u16],
}

/// Device sessions for each process.
const TRIPLES: usize = 12;

const AUTH: [Route; 31] = [
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
    ("POST", "/internal/directory/people"),
    ("GET", "/internal/directory/people/{id}/groups"),
    ("POST", "/internal/directory/groups"),
    ("GET", "/internal/directory/groups/{id}"),
    ("GET", "/internal/directory/groups/{id}/members"),
    ("POST", "/api2/auth-token/"),
    ("POST", "/api2/auth-token/"),
    ("GET", "/api2/ping/"),
    ("GET", "/api2/auth/ping/"),
    ("GET", "/api2/account/info/"),
    ("GET", "/server-info/"),
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

/// A fresh database numbers its first workspace and its first group of people 1.
const BASES: [Route; 27] = [
    ("GET", "/api/v2.1/workspaces/"),
    ("POST", "/api/v2.1/dtables/"),
    ("GET", "/api/v2.1/dtables/shared/"),
    ("GET", "/api/v2.1/dtables/{id}/related-users/"),
    ("POST", "/api/v2.1/dtable-copy/"),
    ("GET", "/api/v2.1/groups/"),
    ("POST", "/api/v2.1/groups/"),
    ("DELETE", "/api/v2.1/groups/{id}/"),
    ("PUT", "/api/v2.1/workspace/1/dtable/"),
    ("DELETE", "/api/v2.1/workspace/{id}/dtable/"),
    ("GET", "/api/v2.1/workspace/1/dtable/{id}/share/"),
    ("POST", "/api/v2.1/workspace/1/dtable/Stock/share/"),
    ("PUT", "/api/v2.1/workspace/1/dtable/Stock/share/"),
    ("POST", "/api/v2.1/workspace/1/dtable/Stock/group-shares/"),
    ("PUT", "/api/v2.1/workspace/1/dtable/Stock/group-shares/{id}/"),
    ("GET", "/api/v2.1/workspace/{id}/dtable/{id}/api-tokens/"),
    ("POST", "/api/v2.1/workspace/1/dtable/Stock/api-tokens/"),
    ("PUT", "/api/v2.1/workspace/1/dtable/Stock/api-tokens/{id}/"),
    ("DELETE", "/api/v2.1/workspace/1/dtable/Stock/api-tokens/{id}/{id}/"),
    ("GET", "/api/v2.1/workspace/1/dtable/{id}/temp-api-token/"),
    ("GET", "/api/v2.1/workspace/1/dtable/Stock/access-token/"),
    ("POST", "/api/v2.1/workspace/1/dtable/Stock/external-links/"),
    ("DELETE", "/api/v2.1/workspace/1/dtable/Stock/external-links/{id}/"),
    ("GET", "/api/v2.1/dtable/app-access-token/"),
    ("GET", "/api/v2.1/external-link-tokens/{id}/access-token/"),
    ("GET", "/api/v2.1/dtable/jwks.json"),
    ("GET", "/docs/openapi/base-token.json"),
];

/// Each is in order wherever a body is.
const BASE_FORMS: &[&str] = &[
    "name=New&app_name=other&permission=rw&email=x%40auth.local&group_id=1&expire_days=30&new_name=Newer\
     &src_workspace_id=1&dst_workspace_id=1",
    "name=Next&app_name=a%2Fb&permission=r&owner=1%40seafile_group&group_id=1&token=spring-fair",
];

/// The same.
const OCS_FORMS: &[&str] = &[
    "userid=dora&password=a+longer+Password+9&groups[]=crew&groupid=crew&key=quota&value=12+MB&configValue=x",
    "userid=carla&displayName=%F0%9F%92%A3&email=emil%40agency.example&groupid=a+b%2Fc&key=displayname&value=Carla",
    "userid=emil&password=a+longer+Password+9&subadmin[]=crew&groupid=new&displayname=%E2%80%AE&key=password\
     &value=a+longer+Password+9",
];

const OCS: [Route; 32] = [
    ("GET", "/ocs/v1.php/cloud/capabilities"),
    ("GET", "/ocs/v2.php/cloud/user"),
    ("GET", "/ocs/v2.php/cloud/user/fields/{id}"),
    ("GET", "/ocs/v2.php/cloud/users"),
    ("POST", "/ocs/v2.php/cloud/users"),
    ("POST", "/ocs/v1.php/cloud/users"),
    ("GET", "/ocs/v2.php/cloud/users/details"),
    ("GET", "/ocs/v2.php/cloud/users/disabled"),
    ("GET", "/ocs/v2.php/cloud/users/recent"),
    ("GET", "/ocs/v1.php/cloud/users/{id}"),
    ("PUT", "/ocs/v2.php/cloud/users/{id}"),
    ("DELETE", "/ocs/v2.php/cloud/users/{id}"),
    ("PUT", "/ocs/v2.php/cloud/users/{id}/enable"),
    ("PUT", "/ocs/v2.php/cloud/users/{id}/disable"),
    ("POST", "/ocs/v2.php/cloud/users/{id}/wipe"),
    ("POST", "/ocs/v2.php/cloud/users/{id}/welcome"),
    ("POST", "/ocs/v2.php/cloud/users/{id}/groups"),
    ("DELETE", "/ocs/v1.php/cloud/users/{id}/groups"),
    ("POST", "/ocs/v2.php/cloud/users/{id}/subadmins"),
    ("PUT", "/ocs/v2.php/cloud/users/{id}/{id}"),
    ("GET", "/ocs/v2.php/cloud/groups"),
    ("POST", "/ocs/v2.php/cloud/groups"),
    ("GET", "/ocs/v2.php/cloud/groups/details"),
    ("GET", "/ocs/v2.php/cloud/groups/{id}/users/details"),
    ("GET", "/ocs/v1.php/cloud/groups/{id}/subadmins"),
    ("PUT", "/ocs/v2.php/cloud/groups/{id}"),
    ("DELETE", "/ocs/v2.php/cloud/groups/{id}/{id}"),
    ("GET", "/ocs/v2.php/cloud/apps/{id}"),
    ("POST", "/ocs/v2.php/apps/provisioning_api/api/v1/config/apps/{id}/{id}"),
    ("GET", "/ocs/v2.php/apps/provisioning_api/api/v1/config/apps/core/{id}"),
    ("POST", "/ocs/v2.php/apps/provisioning_api/api/v1/config/users/{id}/{id}"),
    ("GET", "/docs/openapi/provisioning.json"),
];

/// One for each process.
pub(super) async fn of(stack: &Stack, topology: Topology) -> Vec<Target> {
    let auth = auth(stack).await;
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
    let (bases, ocs) = (bases(stack, &auth).await, ocs(stack, &auth).await);
    match topology {
        Topology::Single => vec![
            Target { routes: [&AUTH[..], &ROOMS, &AGENDA].concat(), ..rooms },
            // By itself: one process, but no path of it takes a token for another service.
            applications,
            bases,
            ocs,
        ],
        Topology::Separate => {
            // Attacks on the auth server end the sessions that they come with.
            let triples = self::triples(stack).await;
            let rooms = Target { triples: triples.clone(), ..rooms };
            let agenda = Target { triples: triples.clone(), ..agenda };
            let applications = Target { triples: triples.clone(), ..applications };
            let bases = Target { triples: triples.clone(), ..bases };
            vec![auth, rooms, agenda, applications, bases, Target { triples, ..ocs }]
        }
    }
}

/// The auth server, with a token of each kind and with ids of what there is.
async fn auth(stack: &Stack) -> Target {
    let declared = &stack.declared;
    let token = stack.application_token(&declared.booking, &declared.ada).await;
    let looker = stack.application_token(&declared.board, &declared.ada).await;
    let own = stack.sign_in(&declared.ada, "lasuite_visio lasuite_visio:rooms:list").await.expect(200);
    let services = [
        internal_token(stack, &declared.rooms, "internal:revocations").await,
        internal_token(stack, &declared.bases, "internal:directory").await,
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
    Target {
        address: address(&stack.auth_url("")),
        routes: AUTH.into(),
        post: "/external-api/v1.0/application/token",
        tokens: [&[token.clone(), looker, own.access_token()][..], &services].concat(),
        token,
        basic: vec![basic(&declared.gateway), basic(&declared.booking)],
        triples,
        ids: [&[room, attendee], &numbers[..]].concat(),
        forms: &["grant_type=client_credentials"],
        header: None,
        says_500: false,
        expected: &[200, 400, 401, 404, 405],
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

/// The service of bases, with a token of each kind.
async fn bases(stack: &Stack, auth: &Target) -> Target {
    let [ada, bob] = [&stack.declared.ada, &stack.declared.bob];
    let (account, stranger) = (stack.account_token(ada).await, stack.account_token(bob).await);
    let base = stack.make_base(&account, "Stock").await;
    assert_eq!(base.workspace, 1, "the routes name it");
    let script = stack.api_token(&account, &base, "sync", "rw").await;
    let base_token = stack.exchange_api_token(&script).await.expect(200).access_token();
    let temporary = stack.bases_get(&account, &base.path("temp-api-token/")).await.expect(200);
    let (temporary, link) = (temporary.text_of("api_token"), stack.external_link(&account, &base).await);
    let crew = stack.crew(&account).await.to_string();
    let often = [(); 12].map(|()| account.clone());
    Target {
        address: address(stack.bases_url("").trim_end_matches(SEATABLE)),
        routes: BASES.into(),
        post: "/api/v2.1/dtables/",
        tokens: [&often[..], &[stranger, script, base_token, temporary], &auth.tokens].concat(),
        token: account,
        ids: vec![base.uuid, base.name, "sync".to_owned(), link, crew, "1".to_owned()],
        forms: BASE_FORMS,
        expected: &[200, 201, 400, 401, 403, 404, 405],
        ..auth.clone()
    }
}

/// The provisioning service. Whoever may do harm there does it to somebody whom nobody else needs.
async fn ocs(stack: &Stack, auth: &Target) -> Target {
    let carla = stack.newcomer("carla");
    stack.hire(&carla).await;
    stack.as_root(Method::POST, "/cloud/groups", &serde_json::json!({ "groupid": "a b/c" })).await;
    let (_, root) = stack.app_password("root", "hostile");
    let (_, bob) = stack.app_password("bob", "hostile");
    let basic = |person: &Person| STANDARD.encode(format!("{}:{}", person.login, person.password));
    let often = [&root, &root, &root, &root, &root, &root, &bob];
    Target {
        address: address(stack.ocs_url("").trim_end_matches(PROVISIONING)),
        routes: OCS.into(),
        post: "/ocs/v2.php/cloud/users",
        tokens: [&often.map(|person| person.password.clone())[..], &auth.tokens].concat(),
        token: root.password.clone(),
        basic: [&often.map(basic)[..], &auth.basic].concat(),
        ids: ["carla", "a%20b%2Fc", "a%2520b%252Fc", "core", "hostile", "admin"].map(str::to_owned).into(),
        forms: OCS_FORMS,
        header: Some(("OCS-APIRequest", "true")),
        // Of a parameter that is missing or of another type. contracts/ocs-provisioning.md §2.2.
        says_500: true,
        expected: &[200, 400, 401, 403, 404, 405, 412, 500],
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
