//! The processes of one deployment, with databases of their own.

mod agents;
mod answer;
mod applications;
mod audit;
mod bases;
mod declared;
mod filling;
mod front;
mod gate;
mod makers;
mod operator;
mod patience;
mod plan;
mod provisioning;
mod replicas;
mod requests;
mod roles;
mod unit;
mod watch;

use tempfile::TempDir;
use test_kit::TestDatabase;

pub(crate) use self::{
    agents::{AGENDA, Triple, absence},
    answer::Answer,
    applications::{APPLICATIONS, DESK_APPLICATION},
    bases::{BASES, Base},
    declared::{Credentials, Declared, Person, new_secret},
    gate::Gate,
    makers::{Makers, acknowledged},
    operator::{Ran, run},
    patience::{BOUND, settled},
    plan::Plan,
    provisioning::OCS,
    replicas::Facing,
    requests::MEET,
    roles::grants,
    unit::Unit,
    watch::Watch,
};

/// How the services are deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    /// `tessera serve`: every service in one process, on SQLite.
    Single,
    /// `auth-server`, `rooms`, `agenda`, `applications`, `base-token` and `provisioning` on PostgreSQL: rooms, applications
    /// and bases in databases of their own, the others in the auth server's.
    Separate,
}

/// A running deployment. When it is dropped its processes are killed, and what they wrote is looked through for secrets
/// and panics.
pub(crate) struct Stack {
    /// What was declared in the bootstrap file.
    pub(crate) declared: Declared,
    /// Secrets that were used and tokens that were issued.
    pub(crate) watch: Watch,
    pub(crate) http: reqwest::Client,
    auth: Unit,
    /// `None` where one process serves everything.
    rooms: Option<Unit>,
    /// The same.
    agenda: Option<Unit>,
    /// The same.
    applications: Option<Unit>,
    /// The same.
    bases: Option<Unit>,
    /// The same.
    provisioning: Option<Unit>,
    /// More processes of the same services.
    others: Vec<Unit>,
    /// What stands before two processes of a service.
    fronts: Vec<front::Front>,
    /// Which of two processes addresses lead to.
    facing: Facing,
    /// What the operator's commands get, to work on the same databases.
    operator: Vec<(String, String)>,
    home: TempDir,
    /// On PostgreSQL: the auth server's, the rooms service's, the applications service's and that of bases.
    databases: Vec<TestDatabase>,
}

impl Stack {
    /// Starts everything with default settings and waits until it is ready.
    pub(crate) async fn start(topology: Topology) -> Self {
        Plan::new(topology).start().await
    }

    /// The process that issues tokens.
    pub(crate) fn auth(&mut self) -> &mut Unit {
        &mut self.auth
    }

    /// The process that serves rooms.
    pub(crate) fn rooms(&mut self) -> &mut Unit {
        self.rooms.as_mut().unwrap_or(&mut self.auth)
    }

    /// The process that serves the agenda.
    pub(crate) fn agenda(&mut self) -> &mut Unit {
        self.agenda.as_mut().unwrap_or(&mut self.auth)
    }

    /// The process that serves applications.
    pub(crate) fn applications(&mut self) -> &mut Unit {
        self.applications.as_mut().unwrap_or(&mut self.auth)
    }

    /// The process that serves bases.
    pub(crate) fn bases(&mut self) -> &mut Unit {
        self.bases.as_mut().unwrap_or(&mut self.auth)
    }

    /// The process that serves accounts, groups and apps.
    pub(crate) fn provisioning(&mut self) -> &mut Unit {
        self.provisioning.as_mut().unwrap_or(&mut self.auth)
    }

    /// Starts another process that issues tokens, from the same database, and waits until it is ready; where it is.
    pub(crate) async fn another_auth_server(&mut self) -> String {
        let mut unit = self.auth.twin();
        unit.start().await;
        let origin = unit.origin();
        self.others.push(unit);
        origin
    }

    /// Another process that serves bases from the same database, to be started; where it will be.
    pub(crate) fn another_bases(&mut self) -> String {
        let unit = self.bases().twin();
        let origin = unit.origin();
        self.others.push(unit);
        origin
    }

    /// The folder that holds the auth server's data directory, `data`.
    pub(crate) fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// Every process, after those that it asks.
    pub(crate) fn units(&mut self) -> impl Iterator<Item = &mut Unit> {
        let [rooms, agenda, applications] = [&mut self.rooms, &mut self.agenda, &mut self.applications];
        let services = [rooms, agenda, applications, &mut self.bases, &mut self.provisioning];
        let services = services.into_iter().filter_map(Option::as_mut);
        std::iter::once(&mut self.auth).chain(services).chain(&mut self.others)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let written: Vec<(&str, String)> = self.units().map(|unit| (unit.name(), unit.stop())).collect();
        for (name, text) in written {
            self.watch.inspect(name, &text);
        }
    }
}
