//! The operator's command line, on the databases of a stack.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use test_kit::{Launch, binary};

use super::Stack;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program of the workspace to its end, with nothing but these variables.
pub(crate) fn run(program: &str, arguments: &[&str], variables: &[(String, String)], input: &str) -> Ran {
    let mut child = Command::new(binary(program))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input closes it.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

impl Stack {
    /// Runs `tessera` with these arguments on the stack's databases. Neither stream may hold a secret known so far.
    #[track_caller]
    pub(crate) fn tessera(&self, arguments: &[&str]) -> Ran {
        self.tessera_reading(arguments, "")
    }

    /// The same, with something on standard input.
    #[track_caller]
    pub(crate) fn tessera_reading(&self, arguments: &[&str], input: &str) -> Ran {
        let mut variables = self.operator.clone();
        variables.push((super::declared::VARIABLE.to_owned(), self.declared.gateway.secret.clone()));
        let ran = run("tessera", arguments, &variables, input);
        self.watch.inspect("tessera", &ran.stderr);
        self.watch.inspect("tessera", &ran.stdout);
        self.watch.learn(&ran.stdout);
        ran
    }

    /// `tessera` with these arguments on the stack's databases, to be started and perhaps not to come to its end.
    pub(crate) fn interruptible(&self, arguments: &[&str]) -> Launch {
        let launch = Launch::new(binary("tessera")).args(arguments);
        self.operator.iter().fold(launch, |launch, (name, value)| launch.env(name, value))
    }

    /// Applies the declared directory without starting anything.
    #[track_caller]
    pub(crate) fn apply_declared(&self) {
        let file = self.home.path().join("bootstrap.yaml").display().to_string();
        self.tessera(&["apply", &file]).expect(0);
    }
}

impl Ran {
    /// Asserts the exit status and passes the outcome on.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// What it printed, which is one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that it failed with one sentence that holds these words.
    #[track_caller]
    pub(crate) fn expect_sentence(&self, status: i32, words: &[&str]) {
        assert_eq!(self.status, status, "{self:?}");
        let sentence = self.stderr.trim_end();
        assert_eq!(sentence.lines().count(), 1, "{self:?}");
        for word in words {
            assert!(sentence.contains(word), "{word}: {self:?}");
        }
        assert_eq!(self.stdout, "", "{self:?}");
    }
}
