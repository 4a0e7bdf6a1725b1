//! What the version before relies on is still there, and nothing has become stricter: tables, columns, rules, triggers.

use std::collections::BTreeSet;

use rstest::rstest;
use test_kit::Backend;

use crate::schemas::{Schema, components};

/// Findings that somebody has judged, each with the reason why replicas of the version before can live with it. Emptied when
/// `make statements` begins the next version.
const JUDGED: &[(&str, &str)] = &[(
    "trigger audit_events.audit_events_unsealed",
    "notes the id of each new event in a table of its own, whoever writes it, and refuses none",
)];

/// `kind table.what: how`, one for each thing a statement can depend on. A column's ends in `null`, `default` or `required`.
async fn catalog(schema: &Schema, backend: Backend) -> BTreeSet<String> {
    let queries: &[&'static str] = match backend {
        Backend::Postgres => &POSTGRES,
        Backend::Sqlite => &SQLITE,
    };
    let mut found = BTreeSet::new();
    for query in queries {
        found.extend(schema.texts(query).await);
    }
    found
}

const POSTGRES: [&str; 4] = [
    "SELECT 'column ' || table_name || '.' || column_name || ': ' || data_type || ' '
        || CASE WHEN is_nullable = 'YES' THEN 'null'
                WHEN column_default IS NOT NULL OR is_identity = 'YES' OR is_generated = 'ALWAYS' THEN 'default'
                ELSE 'required' END AS value
     FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name <> 'tessera_migrations'",
    "SELECT 'rule ' || r.relname || '.' || c.conname || ': ' || pg_get_constraintdef(c.oid) AS value
     FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
     WHERE c.connamespace = current_schema()::regnamespace AND c.contype IN ('c', 'f', 'p', 'u', 'x')
         AND r.relname <> 'tessera_migrations'",
    "SELECT 'rule ' || tablename || '.' || indexname || ': ' || indexdef AS value
     FROM pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE 'CREATE UNIQUE%'
         AND tablename <> 'tessera_migrations'",
    "SELECT 'trigger ' || r.relname || '.' || t.tgname AS value
     FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid
     WHERE NOT t.tgisinternal AND r.relnamespace = current_schema()::regnamespace",
];

/// The numbers that SQLite gives to indexes of its own are no names.
const SQLITE: [&str; 4] = [
    "SELECT 'column ' || t.name || '.' || c.name || ': ' || c.type || ' '
        || CASE WHEN c.\"notnull\" = 0 AND c.pk = 0 THEN 'null'
                WHEN c.dflt_value IS NOT NULL OR (c.pk = 1 AND c.type = 'INTEGER') THEN 'default'
                ELSE 'required' END AS value
     FROM sqlite_master t, pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT IN ('tessera_migrations', 'sqlite_sequence')",
    "SELECT 'rule ' || t.name || '.' || i.name || ': ' || i.partial || ' '
        || (SELECT group_concat(COALESCE(c.name, '?')) FROM pragma_index_info(i.name) c) AS value
     FROM sqlite_master t, pragma_index_list(t.name) i
     WHERE t.type = 'table' AND i.\"unique\" = 1 AND t.name <> 'tessera_migrations'",
    "SELECT 'rule ' || t.name || '.' || f.\"from\" || ': references ' || f.\"table\" || ' ' || f.on_delete AS value
     FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
    "SELECT 'trigger ' || tbl_name || '.' || name AS value FROM sqlite_master WHERE type = 'trigger'
     UNION ALL
     SELECT 'rule ' || name || '.checks: ' || ((length(sql) - length(replace(sql, 'CHECK (', ''))) / 7) AS value
     FROM sqlite_master WHERE type = 'table' AND name NOT IN ('tessera_migrations', 'sqlite_sequence')",
];

/// The table of an entry, and the column, rule or trigger.
fn name(entry: &str) -> (&str, &str) {
    let named = entry.split(": ").next().unwrap_or(entry);
    let (_, path) = named.split_once(' ').unwrap();
    path.split_once('.').unwrap()
}

/// What of `after` a replica that knows `before` alone may stumble over.
fn findings(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<String> {
    let old_tables: BTreeSet<&str> = before.iter().map(|entry| name(entry).0).collect();
    let mut findings = Vec::new();
    for gone in before.difference(after) {
        let relaxed = |to: &str| {
            let stem = gone.strip_suffix("required").or_else(|| gone.strip_suffix("default"));
            stem.is_some_and(|stem| after.contains(&format!("{stem}{to}")))
        };
        let is_relaxed = gone.ends_with("required") && (relaxed("default") || relaxed("null"))
            || gone.ends_with("default") && relaxed("null");
        // Who needs a rule or a trigger that is gone is for people to judge.
        if !is_relaxed {
            findings.push(format!("gone: {gone}"));
        }
    }
    for new in after.difference(before).filter(|entry| old_tables.contains(name(entry).0)) {
        let is_column = new.starts_with("column ");
        // A new column that nobody fills in, a new rule, a new trigger.
        if !is_column || new.ends_with("required") {
            findings.push(new.clone());
        }
    }
    findings
}

#[rstest]
#[tokio::test]
async fn migrations_only_expand_what_was_there(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let mut unjudged = Vec::new();
    for component in components() {
        let schema = Schema::before(component, backend).await;
        let before = catalog(&schema, backend).await;
        assert!(before.len() > 10, "{before:?}");
        let applied = schema.upgrade().await;
        let after = catalog(&schema, backend).await;
        println!("{}: {} entries, {} after {applied:?}", component.name, before.len(), after.len());
        let is_judged = |finding: &String| JUDGED.iter().any(|(known, _)| known == finding);
        unjudged.extend(findings(&before, &after).into_iter().filter(|finding| !is_judged(finding)));
    }
    assert!(unjudged.is_empty(), "a replica of the version before may fail on:\n{}", unjudged.join("\n"));
}

#[rstest]
#[case::new_table(&[], &["column u.x: TEXT required", "rule u.u_pkey: PRIMARY KEY (x)", "trigger u.t"], &[])]
#[case::new_columns(&[], &["column t.b: TEXT null", "column t.c: TEXT default"], &[])]
#[case::required_column(&[], &["column t.b: TEXT required"], &["column t.b: TEXT required"])]
#[case::new_rule(&[], &["rule t.r: UNIQUE (a)"], &["rule t.r: UNIQUE (a)"])]
#[case::new_trigger(&[], &["trigger t.x"], &["trigger t.x"])]
#[case::relaxed(&["column t.a: TEXT required"], &["column t.a: TEXT null"], &[])]
#[case::given_a_default(&["column t.a: TEXT required"], &["column t.a: TEXT default"], &[])]
#[case::dropped(&["column t.a: TEXT null"], &[], &["gone: column t.a: TEXT null"])]
#[case::other_type(
    &["column t.a: TEXT null"],
    &["column t.a: BIGINT null"],
    &["gone: column t.a: TEXT null"]
)]
#[case::stricter(
    &["column t.a: TEXT null"],
    &["column t.a: TEXT required"],
    &["gone: column t.a: TEXT null", "column t.a: TEXT required"]
)]
fn what_is_stricter_is_found(#[case] gone: &[&str], #[case] new: &[&str], #[case] expected: &[&str]) {
    let kept = "column t.k: TEXT required".to_owned();
    let set = |entries: &[&str]| entries.iter().map(|e| (*e).to_owned()).chain([kept.clone()]).collect();
    assert_eq!(findings(&set(gone), &set(new)), expected);
}
