//! Writing down the statements of a test run: what replicas of this version ask of the databases, for the versions after it.
//!
//! `make statements` sets the variable, runs the suites and sorts what they wrote; see proto-docs/operations.md,
//! "Upgrading". Without the variable nothing is recorded.

use std::{
    collections::HashSet,
    fs::OpenOptions,
    io::Write as _,
    path::PathBuf,
    sync::{LazyLock, Mutex, Once, PoisonError},
};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// Names the folder that statements are written to, one file for each process.
const FOLDER: &str = "TESSERA_RECORD_STATEMENTS";
/// What diesel shows after a statement's text: the values, which are nobody's business here.
const VALUES: &str = " -- binds: ";

static SEEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Records every connection that this process opens from now on, when the variable says so.
pub(crate) fn record_if_asked() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if folder().is_some() {
            set_default_instrumentation(|| Some(Box::new(Recorder { backend: "sqlite" })))
                .expect("no panic before");
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings; whoever records sets this variable")]
fn folder() -> Option<PathBuf> {
    std::env::var(FOLDER).ok().map(PathBuf::from)
}

/// One connection.
struct Recorder {
    backend: &'static str,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.backend = if url.starts_with("postgres") { "postgres" } else { "sqlite" };
            }
            InstrumentationEvent::FinishQuery { query, error: None, .. } => {
                if let Some(statement) = statement(&query.to_string()) {
                    write_once(format!("{}\t{statement}\n", self.backend));
                }
            }
            _ => {}
        }
    }
}

/// The statement on one line, without its values, if it is one that reads or writes rows.
fn statement(shown: &str) -> Option<String> {
    let text = shown.split_once(VALUES).map_or(shown, |(text, _)| text);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_about_rows = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
        .iter()
        .any(|word| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
    (is_about_rows && !line.contains(';')).then_some(line)
}

fn write_once(line: String) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.contains(&line) {
        return;
    }
    let Some(folder) = folder() else { return };
    let path = folder.join(std::process::id().to_string());
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("a writable folder");
    file.write_all(line.as_bytes()).expect("a writable folder");
    seen.insert(line);
}

#[test]
fn only_the_text_of_statements_about_rows_is_kept() {
    let kept = statement("SELECT  `a`\n FROM `b` WHERE `c` = ? -- binds: [\"secret\"]");
    assert_eq!(kept.as_deref(), Some("SELECT `a` FROM `b` WHERE `c` = ?"));
    for other in
        ["BEGIN IMMEDIATE -- binds: []", "CREATE TABLE x (y TEXT)", "DELETE FROM a; DELETE FROM b", "SEL"]
    {
        assert_eq!(statement(other), None);
    }
}
