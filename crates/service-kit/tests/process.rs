//! A process from its start to its end: the example service, run as an operator would.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
};

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The example's process, killed if a test ends before it does.
struct Process {
    child: Child,
    log: BufReader<ChildStderr>,
    url: String,
    management: String,
}

fn command(variables: &[(&str, &str)]) -> Command {
    // target/debug/deps/process-… → target/debug/examples/serve, which `cargo test` builds along.
    let tests = env::current_exe().unwrap();
    let program: PathBuf = tests.ancestors().nth(2).unwrap().join("examples/serve");
    assert!(program.exists(), "{} is built by `cargo test -p service-kit`", program.display());
    let mut command = Command::new(program);
    command.env_clear().envs(variables.iter().copied()).stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

impl Process {
    /// Starts it on free ports, with JSON logs, and waits until it listens.
    fn start(variables: &[(&str, &str)]) -> Self {
        let flags = ["--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", "--log-format", "json"];
        let mut child = command(variables).args(flags).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let first = next(&mut log).expect("a first line");
        let message = first["message"].as_str().unwrap();
        let (listen, management) =
            message.strip_prefix("listening on ").unwrap().split_once(", management on ").unwrap();
        Self { url: listen.to_owned(), management: management.to_owned(), child, log }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn next_line(&mut self) -> Option<Value> {
        next(&mut self.log)
    }

    /// Waits for the end; the status and the messages logged since the last look.
    fn end(mut self) -> (ExitStatus, Vec<String>) {
        let mut messages = Vec::new();
        while let Some(line) = self.next_line() {
            messages.push(line["message"].as_str().unwrap().to_owned());
        }
        (self.child.wait().unwrap(), messages)
    }

    /// The names of its threads.
    fn threads(&self) -> Vec<String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let names = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("comm")).unwrap());
        names.map(|name| name.trim().to_owned()).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next(log: &mut BufReader<ChildStderr>) -> Option<Value> {
    let mut line = String::new();
    (log.read_line(&mut line).unwrap() > 0)
        .then(|| serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}")))
}

#[rstest]
#[case(Signal::TERM, "SIGTERM")]
#[case(Signal::INT, "SIGINT")]
#[tokio::test]
async fn a_signal_ends_it_in_order(#[case] signal: Signal, #[case] name: &str) {
    let process = Process::start(&[]);
    let slow = tokio::spawn(reqwest::get(format!("{}/slow/1500", process.url)));
    let fast = reqwest::get(format!("{}/greetings/ada", process.url)).await.unwrap();
    assert_eq!(fast.status(), 200);
    // The slow request was sent first, and is being served once this is answered too.
    reqwest::get(format!("{}/slow/300", process.url)).await.unwrap();
    process.signal(signal);
    let (status, messages) = process.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(messages, [format!("stopping after {name}").as_str(), "flushed", "stopped"]);
    assert_eq!(slow.await.unwrap().unwrap().text().await.unwrap(), "done\n");
}

#[tokio::test]
async fn a_second_signal_does_not_wait() {
    let mut process = Process::start(&[("TESSERA_SERVER__SHUTDOWN_DELAY", "1h")]);
    process.signal(Signal::TERM);
    assert_eq!(process.next_line().unwrap()["message"], "stopping after SIGTERM");
    process.signal(Signal::TERM);
    let (status, messages) = process.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(messages, ["SIGTERM again: open requests are dropped", "flushed", "stopped"]);
}

#[tokio::test]
async fn a_line_has_its_request_and_requests_have_no_line() {
    let mut process = Process::start(&[]);
    let client = reqwest::Client::new();
    for path in ["/greetings/ada?token=hunter2", "/nowhere", "/panic?token=hunter2"] {
        let request = client.get(format!("{}{path}", process.url)).header("x-request-id", "r1");
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        request.header("traceparent", traceparent).send().await.unwrap();
    }
    let line = process.next_line().unwrap();
    assert_eq!(line["message"], "panic: as asked");
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["request.id"], "r1");
    assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(line["http.request.method"], "GET");
    assert_eq!(line["url.path"], "/panic");
    assert!(line["code.location"].as_str().unwrap().contains("serve.rs:"));
    assert!(!line.to_string().contains("hunter2"), "{line}");
    process.signal(Signal::TERM);
    assert_eq!(process.end().1, ["stopping after SIGTERM", "flushed", "stopped"]);
}

#[tokio::test]
async fn at_debug_a_request_has_one_line() {
    let mut process = Process::start(&[("TESSERA_LOG__LEVEL", "info,service_kit::edge=debug")]);
    for path in ["/greetings/ada?token=hunter2", "/nowhere?token=hunter2"] {
        reqwest::get(format!("{}{path}", process.url)).await.unwrap();
    }
    for (message, path, status) in
        [("GET /greetings/{name} 200", "/greetings/ada", 200), ("GET unmatched 404", "/nowhere", 404)]
    {
        let line = process.next_line().unwrap();
        assert_eq!((&line["message"], &line["url.path"]), (&message.into(), &path.into()), "{line}");
        assert_eq!((&line["level"], &line["http.response.status_code"]), (&"DEBUG".into(), &status.into()));
        assert!(line["duration_ms"].is_u64() && line["request.id"].is_string(), "{line}");
        assert!(!line.to_string().contains("hunter2"), "{line}");
    }
    process.signal(Signal::TERM);
    assert_eq!(process.end().0.code(), Some(0));
}

#[tokio::test]
async fn errors_keep_their_request_when_only_errors_are_logged() {
    let variables = [("TESSERA_LOG__LEVEL", "error"), ("TESSERA_LOG__FORMAT", "json")];
    // The first line is logged at info: the ports have to be known.
    let (listen, management) = (free_port(), free_port());
    let mut child =
        command(&variables).args(["--listen", &listen, "--management", &management]).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let client = reqwest::Client::new();
    while client.get(format!("http://{listen}/panic")).header("x-request-id", "r1").send().await.is_err() {}
    assert_eq!(next(&mut log).unwrap()["request.id"], "r1");
    child.kill().unwrap();
    child.wait().unwrap();
}

fn free_port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Without a collector nothing of OTLP exists; with one there is its thread, which proves the test looks at the right name.
#[rstest]
#[case(&[], false)]
#[case(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")], false)]
#[case(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")], true)]
#[tokio::test]
async fn traces_cost_nothing_unless_they_are_asked_for(
    #[case] variables: &[(&str, &str)],
    #[case] exports: bool,
) {
    let process = Process::start(variables);
    reqwest::get(format!("{}/greetings/ada", process.url)).await.unwrap();
    let threads = process.threads();
    assert_eq!(threads.iter().any(|name| name.starts_with("OpenTelemetry")), exports, "{threads:?}");
    assert_eq!(threads.iter().any(|name| name.starts_with("reqwest")), exports, "{threads:?}");
    process.signal(Signal::TERM);
    let (status, messages) = process.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(messages.iter().any(|message| message == "traces cannot be sent"), exports, "{messages:?}");
}

#[rstest]
#[case::unknown_variable(&[("TESSERA_SERVER__LISEN", "x")], &[], "server.lisen (TESSERA_SERVER__LISEN) is not a setting; expected one of listen, ")]
#[case::contradiction(&[("TESSERA_SERVER__LISTEN", "127.0.0.1:9090")], &[], "server: listen and management must differ, and both are 127.0.0.1:9090")]
#[case::no_file(&[], &["--config", "/nowhere.toml"], "the settings file /nowhere.toml cannot be read: No such file or directory (os error 2)")]
#[case::level(&[("TESSERA_LOG__LEVEL", "a=b=c")], &[], "log.level: ")]
#[case::endpoint(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url")], &[], "OTEL_EXPORTER_OTLP_ENDPOINT: ")]
#[case::address(&[], &["--listen", "192.0.2.1:1", "--management", "127.0.0.1:0"], "server.listen: cannot listen on 192.0.2.1:1: Cannot assign requested address (os error 99)")]
fn what_is_wrong_is_told_in_one_sentence(
    #[case] variables: &[(&str, &str)],
    #[case] arguments: &[&str],
    #[case] sentence: &str,
) {
    let mut child = command(variables).args(arguments).spawn().unwrap();
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(told.starts_with(sentence), "{told}");
    assert_eq!(told.trim_end().lines().count(), 1, "{told}");
}

#[tokio::test]
async fn management_tells_about_the_process() {
    let process = Process::start(&[]);
    let ready = reqwest::get(format!("{}/readyz", process.management)).await.unwrap();
    assert_eq!(ready.text().await.unwrap(), r#"{"status":"ready","checks":{"nothing":{"state":"ok"}}}"#);
    process.signal(Signal::TERM);
    assert_eq!(process.end().0.code(), Some(0));
}
