//! How a stack is put together before anything runs.

use std::time::Duration;

use test_kit::TestDatabase;

use super::{Declared, Facing, Stack, Topology, Unit, Watch, declared};

/// What Base-Tokens are signed with.
const BASE_KEY: &str = "TESSERA_BASES__TOKENS__BASE_KEY";

/// A stack that has its addresses, and does not run yet.
pub(crate) struct Plan(Stack);

impl Plan {
    /// Default settings, the declared directory, fresh databases.
    pub(crate) fn new(topology: Topology) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let watch = Watch::default();
        let declared = Declared::new(&watch);
        let bootstrap = declared.write(home.path()).display().to_string();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
        let services = ["rooms", "agenda", "applications", "base-token", "provisioning"];
        let (auth, services) = match topology {
            Topology::Single => {
                (Unit::new("tessera", &["serve", "--bootstrap", &bootstrap]), services.map(|_| None))
            }
            Topology::Separate => (
                Unit::new("auth-server", &["--bootstrap", &bootstrap]),
                services.map(|name| Some(Unit::new(name, &[]))),
            ),
        };
        let [rooms, agenda, mut applications, bases, provisioning] = services;
        if let Some(applications) = &mut applications {
            applications.set("TESSERA_BOOTSTRAP__FILE", &bootstrap);
        }
        let mut plan = Self(Stack {
            declared,
            watch,
            http: http.expect("an HTTP client"),
            auth,
            rooms,
            agenda,
            applications,
            bases,
            provisioning,
            others: Vec::new(),
            fronts: Vec::new(),
            facing: Facing::First,
            operator: Vec::new(),
            home,
            databases: Vec::new(),
        });
        plan.connect();
        plan.hash_cheaply();
        plan
    }

    /// What a password costs is tested elsewhere. Here many processes share two cores, and hashes come after everything else:
    /// at their full price a sign-in could take seconds.
    fn hash_cheaply(&mut self) {
        let prices = [("MEMORY_KIB", "64"), ("ITERATIONS", "1")]
            .map(|(setting, price)| (format!("TESSERA_IDENTITY__PASSWORD__{setting}"), price));
        for (name, price) in prices {
            for unit in self.0.units() {
                if ["tessera", "auth-server", "provisioning"].contains(&unit.name()) {
                    unit.set(&name, price);
                }
            }
            self.0.operator.push((name, price.to_owned()));
        }
    }

    /// Tells the processes where their databases and each other are.
    fn connect(&mut self) {
        let stack = &mut self.0;
        let (issuer, base_key) = (stack.auth.origin(), stack.declared.base_key.clone());
        let data = stack.home.path().join("data").display().to_string();
        stack.auth.set("TESSERA_DATA_DIR", &data);
        stack.auth.set("TESSERA_AUTH__ISSUER", &issuer);
        stack.auth.set(declared::VARIABLE, &stack.declared.gateway.secret);
        stack.operator.push(("TESSERA_DATA_DIR".to_owned(), data));
        stack.bases().set(BASE_KEY, base_key);
        let units = (&mut stack.rooms, &mut stack.agenda, &mut stack.applications);
        let (Some(rooms), Some(agenda), Some(applications)) = units else { return };
        let (Some(bases), Some(provisioning)) = (&mut stack.bases, &mut stack.provisioning) else { return };
        for (service, client) in [
            (&mut *rooms, &stack.declared.rooms),
            (&mut *agenda, &stack.declared.agenda),
            (&mut *applications, &stack.declared.applications),
            (&mut *bases, &stack.declared.bases),
            (&mut *provisioning, &stack.declared.provisioning),
        ] {
            service.set("TESSERA_AUTH__ISSUER", &issuer);
            service.set("TESSERA_AUTHORITY__URL", &issuer);
            service.set("TESSERA_AUTHORITY__CLIENT_ID", &client.id);
            let secret = stack.home.path().join(client.file()).display().to_string();
            service.set("TESSERA_AUTHORITY__CLIENT_SECRET_FILE", secret);
        }
        // For its master key, which replicas share.
        bases.set("TESSERA_DATA_DIR", stack.home.path().join("bases").display().to_string());
        self.place([(); 4].map(|()| TestDatabase::postgres()));
    }

    /// Tells every process where its database is: the auth server's, the rooms service's, the applications service's and
    /// that of bases.
    pub(super) fn place(&mut self, databases: [TestDatabase; 4]) {
        let stack = &mut self.0;
        for (section, database, services) in [
            ("IDENTITY", &databases[0], &["auth-server", "agenda", "provisioning"][..]),
            ("ROOMS", &databases[1], &["rooms"]),
            ("APPLICATIONS", &databases[2], &["applications"]),
            ("BASES", &databases[3], &["base-token"]),
        ] {
            let name = format!("TESSERA_{section}__DATABASE__URL");
            for unit in stack.units().filter(|unit| services.contains(&unit.name())) {
                unit.set(&name, database.url());
            }
            stack.operator.retain(|(known, _)| *known != name);
            stack.operator.push((name, database.url()));
        }
        stack.databases = databases.into();
    }

    pub(super) fn stack_mut(&mut self) -> &mut Stack {
        &mut self.0
    }

    /// Where the auth server will be.
    pub(crate) fn issuer(&self) -> String {
        self.0.auth.origin()
    }

    /// Sets a variable of the process that issues tokens.
    pub(crate) fn auth(mut self, name: &str, value: &str) -> Self {
        self.0.auth.set(name, value);
        self
    }

    /// Sets a variable of the process that serves rooms.
    pub(crate) fn rooms(mut self, name: &str, value: &str) -> Self {
        self.0.rooms().set(name, value);
        self
    }

    /// Sets a variable of the process that serves the agenda.
    pub(crate) fn agenda(mut self, name: &str, value: &str) -> Self {
        self.0.agenda().set(name, value);
        self
    }

    /// Sets a variable of the process that serves applications.
    pub(crate) fn applications(mut self, name: &str, value: &str) -> Self {
        self.0.applications().set(name, value);
        self
    }

    /// Sets a variable of the process that serves bases.
    pub(crate) fn bases(mut self, name: &str, value: &str) -> Self {
        self.0.bases().set(name, value);
        self
    }

    /// Sets a variable of the process that serves accounts, groups and apps.
    pub(crate) fn provisioning(mut self, name: &str, value: &str) -> Self {
        self.0.provisioning().set(name, value);
        self
    }

    /// Sets a variable of every process.
    pub(crate) fn everywhere(mut self, name: &str, value: &str) -> Self {
        for unit in self.0.units() {
            unit.set(name, value);
        }
        self
    }

    /// Starts a second process that serves bases at the same time as the first, from the same empty database and with the
    /// keys that they make; where it will be.
    pub(crate) fn with_bases_twice(mut self) -> (Self, String) {
        self.0.bases().unset(BASE_KEY);
        let origin = self.0.another_bases();
        (self, origin)
    }

    /// The stack as it is, with nothing running.
    pub(crate) fn idle(self) -> Stack {
        self.0
    }

    /// Starts everything and waits until it is ready.
    pub(crate) async fn start(self) -> Stack {
        let mut stack = self.0;
        stack.auth.start().await;
        // All the others at the same time: each waits for the auth server alone.
        for unit in stack.units().skip(1) {
            unit.begin();
        }
        for unit in stack.units().skip(1) {
            unit.ready().await;
        }
        stack
    }
}
