//! The real binaries, as an operator starts them.

use std::{
    ffi::OsString,
    io::{Read, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use uuid::Uuid;

/// How long a process may take to answer, or to stop. Generous: a loaded machine is not a failure.
const PATIENCE: Duration = Duration::from_mins(1);

/// A port on the loopback address that is free at the moment, never the same twice in a test process.
///
/// It lies below the ports that the system gives to outgoing connections, so that it stays free for a process that is
/// started again later.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 22_000;
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(Uuid::new_v4().as_fields().1));
    (0..COUNT)
        .map(|_| FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// The workspace's binary of this name, from the same build profile as the running test.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    // target/<profile>/deps/<test>-<hash>
    let profile = test.ancestors().nth(2).expect("a test lies in target/<profile>/deps");
    let path = profile.join(name);
    assert!(path.is_file(), "{} does not exist: run `cargo build --workspace --bins` first", path.display());
    path
}

/// A process about to be started, with an empty environment.
#[derive(Debug)]
pub struct Launch {
    command: Command,
}

impl Launch {
    /// For this program.
    #[must_use]
    pub fn new(program: impl AsRef<Path>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.env_clear();
        Self { command }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.command.arg(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// Starts it in this directory.
    #[must_use]
    pub fn directory(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn start(mut self) -> Process {
        let name = self.command.get_program().to_string_lossy().into_owned();
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let output = Arc::new(Mutex::new(Vec::new()));
        let readers = [
            collect(child.stdout.take().expect("stdout is piped"), Arc::clone(&output)),
            collect(child.stderr.take().expect("stderr is piped"), Arc::clone(&output)),
        ];
        Process { name, child, output, readers }
    }
}

/// A running process. Killed on drop; what it said is shown when the test fails.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    output: Arc<Mutex<Vec<u8>>>,
    readers: [JoinHandle<()>; 2],
}

impl Process {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written so far, to both streams.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Waits until `url` answers 200.
    ///
    /// # Panics
    /// When the process ends before, or a minute passes.
    pub async fn wait_until_ok(&mut self, url: &str) {
        let deadline = Instant::now() + PATIENCE;
        let client =
            reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().expect("a client");
        loop {
            if client.get(url).send().await.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            if let Some(status) = self.child.try_wait().expect("the process can be waited for") {
                panic!("{} ended with {status} before {url} answered", self.name);
            }
            assert!(Instant::now() < deadline, "{} does not answer 200 at {url}", self.name);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it as a power cut would (SIGKILL).
    ///
    /// # Panics
    /// When it has ended by itself before.
    pub fn kill_hard(&mut self) {
        assert!(self.is_running(), "{} had ended by itself", self.name);
        self.signal(Signal::KILL);
        self.wait();
    }

    /// Asks it to stop (SIGTERM), without waiting.
    ///
    /// # Panics
    /// When it cannot be signalled.
    pub fn request_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    ///
    /// # Panics
    /// When it does not stop within a minute.
    pub fn terminate(&mut self) -> ExitStatus {
        if self.is_running() {
            self.request_stop();
        }
        self.wait()
    }

    /// Waits until it ends by itself. Its output is complete then.
    ///
    /// # Panics
    /// When it does not within a minute.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the process can be waited for") {
                self.read_to_the_end();
                return status;
            }
            assert!(Instant::now() < deadline, "{} does not end", self.name);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for what it has written last. A child that outlives it may hold its streams open, so not for ever.
    fn read_to_the_end(&self) {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.readers.iter().all(JoinHandle::is_finished) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether it has not ended.
    ///
    /// # Panics
    /// When the system does not tell.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the process can be waited for").is_none()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.try_signal(signal).unwrap_or_else(|error| panic!("cannot signal {}: {error}", self.name));
    }

    /// Sends a signal. As long as nobody has waited for the process, its id belongs to no other.
    fn try_signal(&self, signal: Signal) -> rustix::io::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal)
    }

    /// Ends it with this signal and looks away from every failure: for destructors.
    pub(crate) fn end_quietly(&mut self, signal: Signal) {
        let deadline = Instant::now() + PATIENCE;
        if matches!(self.child.try_wait(), Ok(None)) && self.try_signal(signal).is_ok() {
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            // Through the macro, which the test harness captures along with the test's own words.
            eprintln!("--- output of {}\n{}---", self.name, self.output());
        }
    }
}

/// Reads a stream to its end, so that the process never waits for a full pipe.
fn collect(mut stream: impl Read + Send + 'static, output: Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut chunk) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.write_all(&chunk[..length]).expect("memory takes any text");
        }
    })
}
