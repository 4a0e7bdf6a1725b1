//! The services of the process, each with its database and with what it needs to know its callers.

use std::sync::Arc;

use agenda::Agenda;
use anyhow::Context;
use applications::Applications;
use auth_claims::clock::Clock;
use auth_claims::resource_server::{ResourceServer, ServiceProfile, Sources};
use auth_server::{AuthServer, InProcessClient};
use base_token::Bases;
use identity::Identity;
use provisioning::Provisioning;
use rooms::Rooms;
use service_kit::Server;
use service_kit::docs::Explorer;
use service_kit::origin::PublicOrigin;
use store::Db;

use super::clients;
use crate::directory;
use crate::failure::Failure;
use crate::settings::Settings;

/// Every service but the auth server, started.
pub(super) struct Services {
    agenda: Agenda,
    pub(super) applications: Applications,
    pub(super) bases: Bases,
    provisioning: Provisioning,
    rooms: Rooms,
    databases: Vec<(&'static str, Db)>,
    callers: Vec<ResourceServer>,
}

impl Services {
    /// Opens their databases, brings them up to date, and starts them.
    pub(super) async fn start(
        settings: &Settings,
        issuer: &str,
        auth: &AuthServer,
        identity: &Identity,
    ) -> Result<Self, Failure> {
        let access = |service, client| access(issuer, auth, service, client);
        let callers = [
            access(settings.agenda.profile(), clients::agenda(&settings.agenda)?),
            access(settings.applications.profile(), clients::applications(&settings.applications)?),
            access(settings.bases.profile(), clients::bases(&settings.bases)?),
            access(settings.provisioning.profile(), clients::provisioning(&settings.provisioning)?),
            access(settings.rooms.profile(), clients::rooms(&settings.rooms)?),
        ];
        let [of_agenda, of_applications, of_bases, of_provisioning, of_rooms] =
            callers.each_ref().map(ResourceServer::authenticator);
        let (origin, clock) = (PublicOrigin::new(&settings.server), Clock::system());
        let directory_db = identity.db().clone();

        let own = settings.agenda.clone();
        let agenda =
            Agenda::start(own, directory_db.clone(), identity.audit().clone(), of_agenda, clock.clone());
        let (own, db) = (settings.applications.clone(), directory::open_applications_db(settings)?);
        let mut databases =
            vec![("identity database", directory_db.clone()), ("applications database", db.clone())];
        let registry = auth.application_registry();
        let applications = Applications::start(own, db, of_applications, registry, clock.clone())
            .await
            .context("applications.database")?;
        let (own, db) = (settings.bases.clone(), settings.bases.open_database(&settings.data_dir)?);
        databases.push(("bases database", db.clone()));
        let master = settings.bases.open_master_key(&settings.data_dir)?;
        let people = auth.directory();
        let bases = Bases::start(own, db, &master, of_bases, people, origin.clone(), clock.clone()).await?;
        let own = settings.provisioning.clone();
        let (feed, hasher) = (identity.revocation_feed(), identity.hasher().clone());
        let (at, now) = (origin.clone(), clock.clone());
        let provisioning = Provisioning::start(own, directory_db, feed, hasher, of_provisioning, at, now)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let (own, db) = (settings.rooms.clone(), directory::open_rooms_db(settings)?);
        databases.push(("rooms database", db.clone()));
        let rooms = Rooms::start(own, db, of_rooms, origin, clock).await.context("rooms.database")?;
        Ok(Self { agenda, applications, bases, provisioning, rooms, databases, callers: callers.into() })
    }

    /// Mounts them, the auth server and the explorer of their APIs, with the checks of all that they need.
    pub(super) fn mount(self, server: Server, auth: &AuthServer) -> Server {
        let explorer = explorer();
        let dialects = [
            agenda::DIALECTS,
            applications::DIALECTS,
            auth_server::DIALECTS,
            base_token::DIALECTS,
            provisioning::DIALECTS,
            rooms::DIALECTS,
        ];
        let server = dialects
            .into_iter()
            .fold(server, Server::dialects)
            .secret_paths(base_token::SECRET_PATHS)
            .configure(move |cfg| explorer.configure(cfg))
            .configure(auth.configure())
            // Behind its own resources each of these mounts the page for everything else below a prefix that it shares
            // with the auth server.
            .configure(self.agenda.configure())
            .configure(self.applications.configure())
            .configure(self.provisioning.configure())
            .configure(self.rooms.configure())
            // Of the SeaTable dialect there are expressions among the prefixes, which other paths are spared.
            .configure(auth.configure_last())
            .configure(self.bases.configure());
        with_checks(server, self.databases, self.callers)
    }
}

/// What a service needs to know its callers, whatever they present.
fn access(
    issuer: &str,
    auth: &AuthServer,
    service: ServiceProfile<'_>,
    client: InProcessClient,
) -> ResourceServer {
    let sources = Sources {
        keys: auth.key_source(),
        revocations: auth.revocation_source(),
        exchange: auth.exchange(client),
    };
    ResourceServer::start(issuer, service, sources, Clock::system())
}

fn explorer() -> Explorer {
    Explorer::new(&[
        ("agenda", || agenda::openapi().to_json()),
        ("applications", || applications::openapi().to_json()),
        ("auth-server", || auth_server::openapi().to_json()),
        ("base-token", || base_token::openapi().to_json()),
        ("provisioning", || provisioning::openapi().to_json()),
        ("rooms", || rooms::openapi().to_json()),
    ])
}

fn with_checks(server: Server, databases: Vec<(&'static str, Db)>, callers: Vec<ResourceServer>) -> Server {
    let server = databases.into_iter().fold(server, |server, (name, db)| {
        server.ready(name, move || {
            let db = db.clone();
            async move { db.ping().await }
        })
    });
    let callers = Arc::new(callers);
    let seen = Arc::clone(&callers);
    server.observe(move || seen.iter().for_each(ResourceServer::report)).ready("revocation feed", move || {
        let alive = callers.iter().try_for_each(ResourceServer::ensure_feed);
        async move { alive }
    })
}
