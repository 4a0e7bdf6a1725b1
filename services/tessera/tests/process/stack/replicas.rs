//! Two processes of each service on one PostgreSQL, and where they are.

use test_kit::{PostgresServer, TestDatabase};

use super::front::Front;
use super::{Plan, Stack, Topology, Unit};

/// Which of the processes of a service the addresses of a stack lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Facing {
    /// The one that every stack has.
    First,
    /// Its twin.
    Second,
    /// What stands before both.
    Front,
}

impl Plan {
    /// Two processes of each service. Each pair has a front, through which the services reach the auth server, too.
    pub(crate) async fn in_two() -> Self {
        let mut plan = Self::new(Topology::Separate);
        let stack = plan.stack_mut();
        let twins: Vec<_> = stack.units().map(|unit| unit.twin()).collect();
        let pairs: Vec<_> =
            stack.units().zip(&twins).map(|(unit, twin)| (unit.name(), vec![at(unit), at(twin)])).collect();
        for (name, replicas) in pairs {
            stack.fronts.push(Front::before(name, replicas).await);
        }
        stack.others.extend(twins);
        stack.facing = Facing::Front;
        let issuer = stack.auth_url("");
        for unit in stack.units() {
            unit.set("TESSERA_AUTH__ISSUER", &issuer);
            if unit.name() != "auth-server" {
                unit.set("TESSERA_AUTHORITY__URL", &issuer);
            }
            // How long a front may take to notice that a process is about to end.
            unit.set("TESSERA_SERVER__SHUTDOWN_DELAY", "8s");
            // Six times two processes share one server, and many write a lot.
            for section in ["IDENTITY", "ROOMS", "APPLICATIONS", "BASES"] {
                let url = format!("TESSERA_{section}__DATABASE__URL");
                if unit.has(&url) {
                    unit.set(&format!("TESSERA_{section}__DATABASE__MAX_CONNECTIONS"), "6");
                }
            }
            unit.set("TESSERA_LOG__LEVEL", "info");
            // All clients have the same address.
            match unit.name() {
                "auth-server" => {
                    unit.set("TESSERA_AUTH__SEATABLE__RATES__WHITELIST", "127.0.0.1/32");
                    // One person signs in more than once at the same time.
                    unit.set("TESSERA_AUTH__RDV__SESSIONS__MAX_CLIENTS", "8");
                }
                "base-token" => unit.set("TESSERA_BASES__RATES__WHITELIST", "127.0.0.1/32"),
                _ => {}
            }
        }
        plan
    }

    /// The same with the databases on this server, which the test may stop.
    pub(crate) fn on_server(mut self, server: &PostgresServer) -> Self {
        self.place([(); 4].map(|()| TestDatabase::on_server(&server.url())));
        self
    }
}

/// A process's address, and where it tells whether it is ready.
fn at(unit: &Unit) -> (String, String) {
    (unit.address(), unit.management_url("/readyz"))
}

impl Stack {
    /// From now on, addresses lead there.
    pub(crate) fn face(&mut self, facing: Facing) {
        self.facing = facing;
    }

    /// Where this service is.
    pub(super) fn origin_of(&self, unit: &Unit) -> String {
        let twin = || self.others.iter().find(|other| other.name() == unit.name());
        let front = || self.fronts.iter().find(|front| front.name == unit.name());
        match self.facing {
            Facing::First => unit.origin(),
            Facing::Second => twin().expect("a twin").origin(),
            Facing::Front => front().expect("a front").origin.clone(),
        }
    }

    /// One process of each service: every service is still there without them.
    pub(crate) fn half(&mut self, facing: Facing) -> Vec<&mut Unit> {
        let twins = self.others.len();
        let all: Vec<_> = self.units().collect();
        let firsts = all.len() - twins;
        let all = all.into_iter();
        match facing {
            Facing::First => all.take(firsts).collect(),
            Facing::Second | Facing::Front => all.skip(firsts).collect(),
        }
    }
}
