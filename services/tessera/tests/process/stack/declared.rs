//! The directory that every stack starts with, and its secrets.

use std::fs;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::Watch;

/// The variable that one secret of the bootstrap file comes from.
pub(super) const VARIABLE: &str = "GATEWAY_SECRET";

/// A client as it authenticates.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Credentials {
    /// The file that a service reads its secret from, beside the bootstrap file.
    pub(super) fn file(&self) -> String {
        format!("{}.secret", self.id)
    }
}

/// A person who signs in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) login: &'static str,
    pub(crate) email: String,
    pub(crate) password: String,
}

/// Who is in the bootstrap file.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// An application with every room scope, for people of `agency.example`.
    pub(crate) booking: Credentials,
    /// An application that may only list.
    pub(crate) board: Credentials,
    /// Another application with every room scope.
    pub(crate) kiosk: Credentials,
    /// A back end that exchanges people's credentials and keeps their sessions.
    pub(crate) gateway: Credentials,
    /// The rooms service.
    pub(crate) rooms: Credentials,
    /// The agenda service.
    pub(crate) agenda: Credentials,
    /// The applications service.
    pub(crate) applications: Credentials,
    /// The service of bases.
    pub(crate) bases: Credentials,
    /// The provisioning service.
    pub(crate) provisioning: Credentials,
    /// An internal service.
    pub(crate) integration: Credentials,
    /// A back end of the agency, which may see and edit its applications.
    pub(crate) crm: Credentials,
    /// A front end of the agency, bound to its application.
    pub(crate) desk: Credentials,
    /// In the part of the application's configuration that is for services.
    pub(crate) desk_secret: String,
    /// What Base-Tokens are signed with, shared with data planes.
    pub(crate) base_key: String,
    /// Of the service `counter`, as `bob`: each sees the other's absences. Both are of the group `crew`, which is `ada`'s.
    pub(crate) ada: Person,
    pub(crate) bob: Person,
    /// Administers the platform, and no organisation of it.
    pub(crate) root: Person,
}

impl Declared {
    /// The same people and clients each time, with new secrets.
    pub(super) fn new(watch: &Watch) -> Self {
        let client = |id: &str| Credentials { id: id.to_owned(), secret: new_secret() };
        let person =
            |login| Person { login, email: format!("{login}@agency.example"), password: new_secret() };
        let declared = Self {
            booking: client("booking"),
            board: client("board"),
            kiosk: client("kiosk"),
            gateway: client("gateway"),
            rooms: client("rooms-service"),
            agenda: client("agenda-service"),
            applications: client("applications-service"),
            bases: client("base-token-service"),
            provisioning: client("provisioning-service"),
            integration: client("integration"),
            crm: client("crm"),
            desk: client("desk"),
            desk_secret: new_secret(),
            base_key: new_secret(),
            ada: person("ada"),
            bob: person("bob"),
            root: person("root"),
        };
        for Credentials { id, secret } in declared.clients() {
            watch.note_pair(id, secret);
        }
        for secret in [&declared.desk_secret, &declared.base_key] {
            watch.note(secret);
        }
        for person in [&declared.ada, &declared.bob, &declared.root] {
            watch.note_pair(person.login, &person.password);
            watch.note_pair(&person.email, &person.password);
        }
        declared
    }

    fn clients(&self) -> impl Iterator<Item = &Credentials> {
        let [booking, board, kiosk] = [&self.booking, &self.board, &self.kiosk];
        let [integration, crm, desk] = [&self.integration, &self.crm, &self.desk];
        let others = [booking, board, kiosk, &self.gateway, integration, crm, desk];
        others.into_iter().chain(self.services())
    }

    /// The services' own clients.
    fn services(&self) -> [&Credentials; 5] {
        [&self.rooms, &self.agenda, &self.applications, &self.bases, &self.provisioning]
    }

    /// Writes the bootstrap file into `folder`. Its secrets are given in all three ways.
    pub(super) fn write(&self, folder: &Path) -> PathBuf {
        for service in self.services() {
            fs::write(folder.join(service.file()), format!("{}\n", service.secret))
                .expect("a writable folder");
        }
        let path = folder.join("bootstrap.yaml");
        fs::write(&path, self.document()).expect("a writable folder");
        path
    }

    /// The bootstrap file's text.
    pub(crate) fn document(&self) -> String {
        let secret = |client: &Credentials| client.secret.clone();
        let all = r#"["rooms:list", "rooms:create", "rooms:retrieve", "rooms:update", "rooms:delete"]"#;
        let application = |client: &Credentials, scopes: &str| {
            format!(
                "  - id: {}\n    kind: application\n    grants: [client_credentials]\n    scopes: {scopes}\n    \
                 domains: [agency.example]\n    secret: {}\n",
                client.id,
                secret(client)
            )
        };
        let person = |person: &Person| {
            format!(
                "  - login: {}\n    email: {}\n    organization_id: agency\n    organizations:\n      \
                 - {{ id: agency, role: AGENT }}\n    roles: [AGENT]\n    services: [counter]\n    \
                 groups: [crew]\n    password: {}\n",
                person.login, person.email, person.password
            )
        };
        format!(
            "organizations:\n  - id: agency\n    name: Agency\n{SERVICES}{GROUPS}accounts:\n{}{}{ROOT}    \
             password: {}\nclients:\n{}{}{}{GATEWAY}{ROOMS}{AGENDA}{APPLICATIONS}{BASES}{PROVISIONING}{INTEGRATION}    secret: {}\n{CRM}    secret: {}\n\
             {DESK}    secret: {}\n{DESK_APPLICATION}      serviceParameters:\n        clientSecret: {}\n",
            person(&self.ada),
            person(&self.bob),
            self.root.password,
            application(&self.booking, all),
            application(&self.board, r#"["rooms:list"]"#),
            application(&self.kiosk, all),
            secret(&self.integration),
            secret(&self.crm),
            secret(&self.desk),
            self.desk_secret,
        )
    }
}

const GATEWAY: &str = r#"  - id: gateway
    kind: service
    grants: [client_credentials, token_exchange, refresh_token]
    scopes: [lasuite_visio, "lasuite_visio:rooms:list", "lasuite_visio:rooms:create", offline_access]
    default_scopes: [lasuite_visio]
    audiences: [rooms]
    roles: [SERVICE]
    secret: env:GATEWAY_SECRET
"#;

const SERVICES: &str = "services:\n  - id: counter\n    name: Counter\n";

const GROUPS: &str = "groups:\n  - id: crew\n    name: Crew\n    owner: ada\n";

const ROOT: &str = r"  - login: root
    email: root@agency.example
    organization_id: agency
    organizations:
      - { id: agency, role: AGENT }
    roles: [GLOBAL_ADMIN]
";

const ROOMS: &str = r#"  - id: rooms-service
    kind: service
    grants: [client_credentials, token_exchange]
    scopes: ["internal:revocations", lasuite_visio, "lasuite_visio:rooms:list", "lasuite_visio:rooms:create"]
    default_scopes: [lasuite_visio, "lasuite_visio:rooms:list", "lasuite_visio:rooms:create"]
    audiences: [auth-server, rooms]
    roles: [SERVICE]
    secret: file:rooms-service.secret
"#;

const AGENDA: &str = r#"  - id: agenda-service
    kind: service
    grants: [client_credentials, token_exchange]
    scopes: ["internal:revocations", agenda]
    default_scopes: [agenda]
    audiences: [auth-server, agenda]
    roles: [SERVICE]
    secret: file:agenda-service.secret
"#;

const APPLICATIONS: &str = r#"  - id: applications-service
    kind: service
    grants: [client_credentials, token_exchange]
    scopes: ["internal:revocations", "internal:applications", global]
    default_scopes: [global]
    audiences: [auth-server, applications]
    roles: [SERVICE]
    secret: file:applications-service.secret
"#;

const BASES: &str = r#"  - id: base-token-service
    kind: service
    grants: [client_credentials, token_exchange]
    scopes: ["internal:revocations", "internal:directory", bases]
    default_scopes: [bases]
    audiences: [auth-server, bases]
    roles: [SERVICE]
    secret: file:base-token-service.secret
"#;

const PROVISIONING: &str = r#"  - id: provisioning-service
    kind: service
    grants: [client_credentials, token_exchange]
    scopes: ["internal:revocations", provisioning]
    default_scopes: [provisioning]
    audiences: [auth-server, provisioning]
    roles: [SERVICE]
    secret: file:provisioning-service.secret
"#;

const INTEGRATION: &str = r"  - id: integration
    kind: service
    grants: [client_credentials]
    scopes: [global]
    default_scopes: [global]
    audiences: [applications]
    roles: [SERVICE]
";

const CRM: &str = r#"  - id: crm
    kind: service
    grants: [client_credentials]
    scopes: [global]
    default_scopes: [global]
    audiences: [applications]
    organization_id: agency
    roles: [CLIENT_SERVICE]
    permissions: ["integrations:integration:view", "integrations:integration:edit"]
"#;

const DESK: &str = r"  - id: desk
    kind: service
    grants: [client_credentials, token_exchange, refresh_token]
    scopes: [global, offline_access]
    default_scopes: [global]
    audiences: [applications]
    organization_id: agency
    application_id: desk-app
    roles: [CLIENT_SERVICE]
";

const DESK_APPLICATION: &str = r"applications:
  - id: desk-app
    organization_id: agency
    type: GENESYS
    config:
      organizationId: 7d3f2a90-1111-4222-8333-444455556666
      pcEnvironment: mypurecloud.ie
      agentParameters: { queueName: Video desk }
      customerParameters: { locale: el-GR }
";

/// 64 characters that nobody has seen before.
pub(crate) fn new_secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
