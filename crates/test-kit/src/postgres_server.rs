//! A PostgreSQL server of a test's own, for what must be stopped, broken or configured differently.

use std::{
    fs,
    os::unix::fs as unix,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection as _, PgConnection};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::{Launch, Process, free_port};

/// A server with a data directory of its own, a superuser `postgres` without password and a certificate for
/// `localhost`; it accepts connections with and without TLS. Needs Debian's server binaries.
#[derive(Debug)]
pub struct PostgresServer {
    directory: TempDir,
    binaries: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl PostgresServer {
    /// Makes one and starts it.
    ///
    /// # Panics
    /// When the server's programs are not installed or do not work.
    #[must_use]
    pub fn start() -> Self {
        let directory =
            tempfile::Builder::new().prefix("tessera-pg").tempdir_in("/tmp").expect("a directory in /tmp");
        let mut server = Self { directory, binaries: find_binaries(), port: free_port(), process: None };
        Self::give_away(server.directory.path());
        let data = server.data();
        let mut initdb = server.command("initdb");
        run(initdb.args(["-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", "-D"]).arg(data));
        server.write_certificate();
        server.resume();
        server
    }

    /// The superuser's URL; append `&…` for further parameters.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost:{}/postgres?hostaddr=127.0.0.1", self.port)
    }

    /// The certificate, PEM, which is its own authority.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("server.crt")
    }

    /// Stops it at once, as a crash would: connections break, clients are not told.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn crash(&mut self) {
        self.stop(Signal::QUIT);
    }

    /// Stops it in order, while connections are open: clients are told that the administrator wants it.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn shut_down(&mut self) {
        self.stop(Signal::INT);
    }

    fn stop(&mut self, signal: Signal) {
        if let Some(mut process) = self.process.take() {
            process.signal(signal);
            process.wait();
        }
    }

    /// Starts it again on the same port with the same data.
    ///
    /// # Panics
    /// When it does not answer within a minute.
    pub fn resume(&mut self) {
        let directory = self.directory.path().display().to_string();
        let setting = |text: String| ["-c".to_owned(), text];
        let process = self
            .launch("postgres")
            .args([
                "-D".to_owned(),
                self.data().display().to_string(),
                "-p".to_owned(),
                self.port.to_string(),
            ])
            .args(setting("listen_addresses=127.0.0.1".to_owned()))
            .args(setting(format!("unix_socket_directories={directory}")))
            .args(setting("fsync=off".to_owned()))
            .args(setting("ssl=on".to_owned()))
            .args(setting(format!("ssl_cert_file={directory}/server.crt")))
            .args(setting(format!("ssl_key_file={directory}/server.key")))
            .start();
        let process = self.process.insert(process);
        // As `store` does it, since here libpq may be the first to speak TLS: no clearing up under threads when the process ends.
        openssl_sys::init();
        let deadline = Instant::now() + Duration::from_mins(1);
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres?connect_timeout=5", self.port);
        while let Err(error) = PgConnection::establish(&url) {
            assert!(process.is_running(), "the PostgreSQL server ended");
            assert!(Instant::now() < deadline, "the PostgreSQL server does not answer: {error}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn write_certificate(&self) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        fs::write(self.certificate(), cert.pem()).expect("a writable directory");
        let key = self.directory.path().join("server.key");
        fs::write(&key, signing_key.serialize_pem()).expect("a writable directory");
        fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("own file");
        Self::give_away(&key);
    }

    /// Root may not run the server; Debian's package brings a user for it.
    fn give_away(path: &Path) {
        if geteuid().is_root() {
            let id = run(Command::new("id").args(["-u", "postgres"]));
            let id = String::from_utf8_lossy(&id.stdout).trim().parse().expect("a user id");
            unix::chown(path, Some(id), Some(id)).expect("root may give a file away");
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut words = self.words(program).into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir("/");
        command
    }

    fn launch(&self, program: &str) -> Launch {
        let mut words = self.words(program).into_iter();
        Launch::new(words.next().unwrap_or_default()).args(words).directory("/")
    }

    fn words(&self, program: &str) -> Vec<String> {
        let program = self.binaries.join(program).display().to_string();
        if geteuid().is_root() {
            let user = ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"];
            user.into_iter().map(str::to_owned).chain([program]).collect()
        } else {
            vec![program]
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // SIGQUIT ends its children too; SIGKILL, as Process would send it, leaves them and their shared memory behind.
        if let Some(process) = &mut self.process {
            process.end_quietly(Signal::QUIT);
        }
    }
}

fn find_binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    versions
        .map(|entry| entry.path())
        .filter(|path| path.join("bin/initdb").is_file())
        .max_by_key(|path| version(path))
        .map(|path| path.join("bin"))
        .expect("PostgreSQL's server programs in /usr/lib/postgresql: install the package `postgresql`")
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    output
}
