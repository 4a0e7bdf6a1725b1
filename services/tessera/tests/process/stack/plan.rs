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
        let (auth, rooms) = match topology {
            Topology::Single => (Unit::new("tessera", &["serve", "--bootstrap", &bootstrap]), None),
            Topology::Separate => {
                (Unit::new("auth-server", &["--bootstrap", &bootstrap]), Some(Unit::new("rooms", &[])))
            }
        };
        let mut plan = Self(Stack {
            declared,
            watch,
            http: http.expect("an HTTP client"),
            auth,
            rooms,
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
        let Some(rooms) = &mut stack.rooms else { return };
        rooms.set("TESSERA_AUTH__ISSUER", &issuer);
        rooms.set("TESSERA_AUTHORITY__URL", &issuer);
        rooms.set("TESSERA_AUTHORITY__CLIENT_ID", &stack.declared.rooms.id);
        let secret = stack.home.path().join("rooms.secret").display().to_string();
        rooms.set("TESSERA_AUTHORITY__CLIENT_SECRET_FILE", secret);
        let databases = [TestDatabase::postgres(), TestDatabase::postgres()];
        for (unit, section, database) in
            [(&mut stack.auth, "IDENTITY", &databases[0]), (rooms, "ROOMS", &databases[1])]
        {
            let name = format!("TESSERA_{section}__DATABASE__URL");
            unit.set(&name, database.url());
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
