//! One process of a stack: how it is started, and what it wrote in all its runs.

use std::process::ExitStatus;
use std::time::Duration;

use test_kit::{Launch, Process, binary, free_port};

/// A process that can be stopped and started again on the same addresses.
pub(crate) struct Unit {
    name: &'static str,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    port: u16,
    management: u16,
    process: Option<Process>,
    /// What the runs that are over wrote.
    earlier: String,
}

impl Unit {
    /// The workspace's binary of this name, on free ports.
    pub(super) fn new(name: &'static str, arguments: &[&str]) -> Self {
        let (port, management) = (free_port(), free_port());
        let mut unit = Self {
            name,
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            environment: Vec::new(),
            port,
            management,
            process: None,
            earlier: String::new(),
        };
        unit.set("TESSERA_SERVER__LISTEN", format!("127.0.0.1:{port}"));
        unit.set("TESSERA_SERVER__MANAGEMENT", format!("127.0.0.1:{management}"));
        unit.set("TESSERA_LOG__FORMAT", "json");
        // What an operator switches on when something is wrong; no reason to write secrets down.
        unit.set("TESSERA_LOG__LEVEL", "debug");
        unit
    }

    /// Another one of the same settings, on other ports.
    pub(super) fn twin(&self) -> Self {
        let mut twin = Self::new(self.name, &[]);
        twin.arguments.clone_from(&self.arguments);
        let addresses = ["TESSERA_SERVER__LISTEN", "TESSERA_SERVER__MANAGEMENT"];
        for (name, value) in self.environment.iter().filter(|(name, _)| !addresses.contains(&name.as_str())) {
            twin.set(name, value);
        }
        twin
    }

    /// Sets a variable, from its next start on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
    }

    /// Leaves a variable at its default, from its next start on.
    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| known != name);
    }

    /// Whether a variable is set.
    pub(super) fn has(&self, name: &str) -> bool {
        self.environment.iter().any(|(known, _)| known == name)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Where it serves clients.
    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn management_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.management)
    }

    pub(crate) fn management_address(&self) -> String {
        format!("127.0.0.1:{}", self.management)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How it would be started.
    pub(crate) fn launch(&self) -> Launch {
        let launch = Launch::new(binary(self.name)).args(&self.arguments);
        self.environment.iter().fold(launch, |launch, (name, value)| launch.env(name, value))
    }

    /// Starts it without waiting for anything.
    pub(crate) fn begin(&mut self) {
        assert!(self.process.is_none(), "{} runs already", self.name);
        self.process = Some(self.launch().start());
    }

    /// Starts it and waits until it is ready.
    pub(crate) async fn start(&mut self) {
        self.begin();
        self.ready().await;
    }

    /// Waits until it is ready.
    pub(crate) async fn ready(&mut self) {
        let url = self.management_url("/readyz");
        self.running().wait_until_ok(&url).await;
    }

    /// The running process.
    pub(crate) fn running(&mut self) -> &mut Process {
        self.process.as_mut().expect("a running process")
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.running().kill_hard();
        self.archive();
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let status = self.running().terminate();
        self.archive();
        status
    }

    /// Waits until it has ended by itself, without holding up the test's own clients.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        while self.running().is_running() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let status = self.running().wait();
        self.archive();
        status
    }

    /// Stops it if it runs; everything it ever wrote.
    pub(super) fn stop(&mut self) -> String {
        if let Some(process) = &mut self.process {
            if process.is_running() {
                process.kill_hard();
            }
            self.archive();
        }
        std::mem::take(&mut self.earlier)
    }

    fn archive(&mut self) {
        if let Some(process) = self.process.take() {
            self.earlier.push_str(&process.output());
        }
    }

    /// Resident memory in KiB.
    pub(crate) fn memory(&mut self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.running().id())).expect("procfs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}
