//! How a stack is put together before anything runs.

use std::time::Duration;

use test_kit::TestDatabase;

use super::{Declared, Stack, Topology, Unit, Watch, declared};

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
        let (auth, [rooms, agenda, mut applications]) = match topology {
            Topology::Single => {
                (Unit::new("tessera", &["serve", "--bootstrap", &bootstrap]), [None, None, None])
            }
            Topology::Separate => (
                Unit::new("auth-server", &["--bootstrap", &bootstrap]),
                ["rooms", "agenda", "applications"].map(|name| Some(Unit::new(name, &[]))),
            ),
        };
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
            others: Vec::new(),
            operator: Vec::new(),
            home,
            databases: Vec::new(),
        });
        plan.connect();
        plan
    }

    /// Tells the processes where their databases and each other are.
    fn connect(&mut self) {
        let stack = &mut self.0;
        let issuer = stack.auth.origin();
        let data = stack.home.path().join("data").display().to_string();
        stack.auth.set("TESSERA_DATA_DIR", &data);
        stack.auth.set("TESSERA_AUTH__ISSUER", &issuer);
        stack.auth.set(declared::VARIABLE, &stack.declared.gateway.secret);
        stack.operator.push(("TESSERA_DATA_DIR".to_owned(), data));
        let units = (&mut stack.rooms, &mut stack.agenda, &mut stack.applications);
        let (Some(rooms), Some(agenda), Some(applications)) = units else { return };
        for (service, client) in [
            (&mut *rooms, &stack.declared.rooms),
            (&mut *agenda, &stack.declared.agenda),
            (&mut *applications, &stack.declared.applications),
        ] {
            service.set("TESSERA_AUTH__ISSUER", &issuer);
            service.set("TESSERA_AUTHORITY__URL", &issuer);
            service.set("TESSERA_AUTHORITY__CLIENT_ID", &client.id);
            let secret = stack.home.path().join(client.file()).display().to_string();
            service.set("TESSERA_AUTHORITY__CLIENT_SECRET_FILE", secret);
        }
        let databases = [(); 3].map(|()| TestDatabase::postgres());
        for (section, database, units) in [
            ("IDENTITY", &databases[0], vec![&mut stack.auth, agenda]),
            ("ROOMS", &databases[1], vec![rooms]),
            ("APPLICATIONS", &databases[2], vec![applications]),
        ] {
            let name = format!("TESSERA_{section}__DATABASE__URL");
            for unit in units {
                unit.set(&name, database.url());
            }
            stack.operator.push((name, database.url()));
        }
        stack.databases = databases.into();
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

    /// The stack as it is, with nothing running.
    pub(crate) fn idle(self) -> Stack {
        self.0
    }

    /// Starts everything and waits until it is ready.
    pub(crate) async fn start(self) -> Stack {
        let mut stack = self.0;
        for unit in stack.units() {
            unit.start().await;
        }
        stack
    }
}
