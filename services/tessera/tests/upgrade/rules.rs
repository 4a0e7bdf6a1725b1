//! What may stand in a migration, as far as its text tells.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use test_kit::Backend;

use crate::schemas::{components, previous};

/// What somebody has judged, by migration and table, with the reason. Emptied when `make statements` begins the next version.
const JUDGED: &[(&str, &str)] = &[
    ("2026-11-22-000013_growth: client_secrets", "a few rows for each client"),
    ("2026-11-22-000003_growth: external_links", "what people made by hand; thousands take milliseconds"),
];

/// What takes away or changes what the version before relies on.
const CONTRACTS: [&str; 8] = [
    "DROP TABLE",
    "DROP COLUMN",
    "DROP CONSTRAINT",
    "DROP TRIGGER",
    "RENAME",
    "SET NOT NULL",
    "ALTER COLUMN",
    "TRUNCATE",
];

/// One migration for one backend.
struct Script {
    folder: PathBuf,
    name: String,
    /// Without comments, blanks made one.
    statements: Vec<String>,
}

impl Script {
    /// Every migration of a component, in order.
    fn all(component: &str, backend: Backend) -> Vec<Self> {
        let backend = if backend == Backend::Sqlite { "sqlite" } else { "postgres" };
        let owner = if component == "identity" {
            "crates/identity".to_owned()
        } else {
            format!("services/{component}")
        };
        let root = test_kit::checked_in(&owner).join("migrations").join(backend);
        let mut folders: Vec<PathBuf> = fs::read_dir(&root)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    fn read(folder: PathBuf) -> Self {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(folder.join("up.sql")).unwrap();
        Self { folder, name, statements: statements(&text) }
    }

    /// `20261122000011`, as it is recorded.
    fn version(&self) -> String {
        self.name.split('_').next().unwrap().replace('-', "")
    }

    fn runs_in_a_transaction(&self) -> bool {
        fs::read_to_string(self.folder.join("metadata.toml")).map_or(true, |text| !text.contains("false"))
    }
}

fn statements(text: &str) -> Vec<String> {
    let code: String =
        text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    let blanks_made_one = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    code.split(';').map(blanks_made_one).filter(|statement| !statement.is_empty()).collect()
}

/// The word after `lead`, such as the table that is created.
fn after<'a>(statement: &'a str, lead: &str) -> Option<&'a str> {
    statement.split_once(lead)?.1.split([' ', '(']).find(|word| !word.is_empty())
}

/// What replicas of the version before may stumble over while this runs, or afterwards.
fn findings(script: &Script, old_tables: &BTreeSet<String>) -> Vec<String> {
    let mut findings = Vec::new();
    for statement in &script.statements {
        let upper = statement.to_uppercase();
        if let Some(words) = CONTRACTS.iter().find(|words| upper.contains(*words)) {
            findings.push(format!("{}: {words}", script.name));
        }
        let builds_an_index = upper.starts_with("CREATE INDEX") || upper.starts_with("CREATE UNIQUE INDEX");
        if let Some(table) =
            after(statement, " ON ").filter(|table| builds_an_index && old_tables.contains(*table))
            && !upper.contains("CONCURRENTLY")
        {
            findings.push(format!("{}: {table}", script.name));
        }
    }
    findings.extend(moved_under_lock(script, old_tables));
    if !script.runs_in_a_transaction() {
        let is_restartable =
            |statement: &String| statement.starts_with("CREATE INDEX CONCURRENTLY IF NOT EXISTS ");
        if script.statements.len() != 1 || !script.statements.iter().all(is_restartable) {
            findings.push(format!("{}: cannot be run again when it was cut off", script.name));
        }
    }
    findings
}

/// A trigger or a column takes its table's lock until the transaction ends: writers wait as long as rows are moved in it.
fn moved_under_lock(script: &Script, old_tables: &BTreeSet<String>) -> Option<String> {
    let locked = |statement: &String| {
        let lead = if statement.starts_with("CREATE TRIGGER ") { " ON " } else { "ALTER TABLE " };
        after(statement, lead).filter(|table| old_tables.contains(*table)).map(str::to_owned)
    };
    let moves_rows = |statement: &String| {
        statement.starts_with("UPDATE ") || statement.starts_with("INSERT ") && statement.contains(" SELECT ")
    };
    let table = script.statements.iter().find_map(locked)?;
    script.statements.iter().any(moves_rows).then(|| format!("{}: rows under a lock of {table}", script.name))
}

#[test]
fn new_migrations_keep_to_the_rule() {
    let mut unjudged = BTreeSet::new();
    for component in components() {
        let is_old = |script: &Script| script.version().as_str() <= previous(component);
        let (old, new): (Vec<_>, Vec<_>) =
            Script::all(component.name, Backend::Postgres).into_iter().partition(is_old);
        let created = |statement: &String| after(statement, "CREATE TABLE ").map(str::to_owned);
        let old_tables: BTreeSet<String> =
            old.iter().flat_map(|s| &s.statements).filter_map(created).collect();
        assert!(!old_tables.is_empty(), "{} had no tables", component.name);
        for script in &new {
            unjudged.extend(findings(script, &old_tables));
        }
    }
    unjudged.retain(|finding| !JUDGED.iter().any(|(known, _)| known == finding));
    assert!(unjudged.is_empty(), "against the rule of operations.md, \"Upgrading\":\n{unjudged:#?}");
}

/// The way forward and the way back, the same versions on both.
#[test]
fn both_backends_have_the_same_migrations_and_a_way_back() {
    for component in components() {
        let [sqlite, postgres] = [Backend::Sqlite, Backend::Postgres].map(|b| Script::all(component.name, b));
        let names = |scripts: &[Script]| scripts.iter().map(|script| script.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&sqlite), names(&postgres));
        for script in sqlite.iter().chain(&postgres) {
            assert!(script.folder.join("down.sql").is_file(), "{} has no way back", script.folder.display());
        }
    }
}

#[test]
fn what_is_against_the_rule_is_found() {
    let old_tables = BTreeSet::from(["people".to_owned()]);
    let judge = |text: &str| {
        let script = Script { folder: PathBuf::new(), name: "1".to_owned(), statements: statements(text) };
        findings(&script, &old_tables)
    };
    for text in [
        "CREATE TABLE new (id TEXT); CREATE INDEX new_id ON new (id);",
        "ALTER TABLE people ADD COLUMN age INT; -- never DROP COLUMN",
        "CREATE INDEX CONCURRENTLY people_age ON people (age)",
        "INSERT INTO new (id) SELECT id FROM people",
    ] {
        assert_eq!(judge(text), [""; 0], "{text}");
    }
    for text in [
        "DROP TABLE people",
        "alter table people\n  drop column age",
        "ALTER TABLE people RENAME COLUMN a TO b",
        "ALTER TABLE people ALTER COLUMN a SET NOT NULL",
        "CREATE TRIGGER t AFTER INSERT ON people EXECUTE FUNCTION f(); INSERT INTO new (id) SELECT id FROM people",
        "ALTER TABLE people ADD COLUMN age INT; UPDATE people SET age = 7",
        "CREATE UNIQUE INDEX people_age\n ON people(age) WHERE age > 1",
    ] {
        assert_eq!(judge(text).len(), 1, "{text}");
    }
}
