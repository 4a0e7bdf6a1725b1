//! `proto-docs/operations.md`, "Metrics, traces and logs": every metric that is exposed is documented, every one that is
//! documented is exposed, and dashboard and alert rules speak of no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rstest::rstest;
use serde_json::Value;

use super::walk;
use crate::stack::{Plan, Stack, Topology};

/// What a row says of a metric that one process alone has no use for.
const APART: &str = "Separate services only";

fn read(path: &str) -> String {
    let path = test_kit::checked_in(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The metrics of the documentation: each name, with its row.
fn documented() -> BTreeMap<String, String> {
    let page = read("proto-docs/operations.md");
    let (_, section) = page.split_once("\n## Metrics, traces and logs\n").expect("the section");
    let section = section.split("\n## ").next().expect("its text");
    let rows = section.lines().filter_map(|line| Some((line.strip_prefix("| `")?.split_once('`')?.0, line)));
    let rows = rows.filter(|(name, _)| name.starts_with("tessera_") || name.starts_with("process_"));
    rows.map(|(name, row)| (name.to_owned(), row.to_owned())).collect()
}

/// What a page of `/metrics` holds.
#[derive(Default)]
struct Exposed {
    names: BTreeSet<String>,
    labels: BTreeSet<String>,
    pages: String,
}

impl Exposed {
    fn take_in(&mut self, page: &str) {
        for line in page.lines() {
            if let Some(typed) = line.strip_prefix("# TYPE ") {
                self.names.extend(typed.split(' ').next().map(str::to_owned));
            } else if let Some((labels, _)) = line.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}'))
            {
                let names = labels.split("\",").filter_map(|label| label.split('=').next());
                self.labels.extend(names.map(str::to_owned));
            }
        }
        self.pages.push_str(page);
    }

    async fn of(stack: &mut Stack) -> Self {
        let http = stack.http.clone();
        let mut exposed = Self::default();
        let urls: Vec<_> = stack.units().map(|unit| unit.management_url("/metrics")).collect();
        for url in urls {
            exposed.take_in(&http.get(url).send().await.unwrap().text().await.unwrap());
        }
        exposed
    }
}

/// Everything at the level at which most is written.
#[rstest]
#[tokio::test]
async fn metrics_are_those_of_the_documentation_and_no_level_of_logs_tells_a_secret(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Plan::new(topology).everywhere("TESSERA_LOG__LEVEL", "trace").start().await;
    walk::everywhere(&stack).await;
    let documented = documented();
    let expected: BTreeSet<_> = documented
        .iter()
        .filter(|(_, row)| topology == Topology::Separate || !row.contains(APART))
        .map(|(name, _)| name.clone())
        .collect();
    let exposed = Exposed::of(&mut stack).await;
    let undocumented: Vec<_> = exposed.names.iter().filter(|name| !documented.contains_key(*name)).collect();
    assert!(undocumented.is_empty(), "not in proto-docs/operations.md: {undocumented:?}");
    let missing: Vec<_> = expected.difference(&exposed.names).collect();
    assert!(missing.is_empty(), "documented, and nowhere exposed: {missing:?}");
    labels_are_bounded(&exposed);
    if topology == Topology::Separate {
        // One process alone does not have every metric.
        check_dashboard_and_rules(&documented, &exposed);
    }
    for unit in stack.units() {
        let written = unit.running().output();
        assert!(written.contains(r#""level":"TRACE""#), "{} did not log as it was told to", unit.name());
    }
}

/// Requests are told apart by dialect and by the template of their route, never by what clients send.
fn labels_are_bounded(exposed: &Exposed) {
    for (dialect, route) in [
        ("auvious", "/api/applications/{id:[^/]+}"),
        ("meet", "/external-api/v1.0/rooms"),
        ("oauth2", "/oauth/token"),
        ("oauth2", "unmatched"),
        ("none", "unmatched"),
    ] {
        let labels = format!("dialect=\"{dialect}\"");
        let route = format!("route=\"{route}\"");
        let counts = exposed
            .pages
            .lines()
            .filter(|line| line.starts_with("tessera_http_request_duration_seconds_count"));
        let found = counts.filter(|line| line.contains(&labels) && line.contains(&route)).count();
        assert!(found > 0, "{dialect} {route}: {}", exposed.pages);
    }
    for dialect in ["rdv", "seatable", "ocs"] {
        assert!(
            exposed.pages.contains(&format!("_count{{dialect=\"{dialect}\"")),
            "{dialect}: {}",
            exposed.pages
        );
    }
    for part in ["agency.example", "carla", "Stock", "nowhere\""] {
        assert!(!exposed.pages.contains(part), "{part} stands in a label: {}", exposed.pages);
    }
}

/// Of the files in `deploy/`.
fn check_dashboard_and_rules(documented: &BTreeMap<String, String>, exposed: &Exposed) {
    let mut expressions = Vec::new();
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/tessera.json")).unwrap();
    collect(&dashboard, &mut expressions);
    assert!(expressions.len() >= 20, "{} expressions in the dashboard", expressions.len());
    let rules = read("deploy/alerts/tessera.yaml");
    let of_rules = expressions_of_rules(&rules);
    assert!(of_rules.len() >= 10, "{} alert rules", of_rules.len());
    expressions.extend(of_rules);
    for expression in &expressions {
        let names: Vec<_> = words(expression)
            .filter(|word| word.starts_with("tessera_") || word.starts_with("process_"))
            .collect();
        assert!(!names.is_empty() || expression.contains("up{"), "no metric of ours: {expression}");
        for name in names {
            let of_histogram =
                ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
            let known = documented.contains_key(name)
                || of_histogram.is_some_and(|name| documented.contains_key(name));
            assert!(known, "{name} is no metric: {expression}");
        }
        for label in labels(expression) {
            let of_prometheus = ["instance", "job", "le"].contains(&label.as_str());
            assert!(of_prometheus || exposed.labels.contains(&label), "{label} is no label: {expression}");
        }
    }
}

/// Every expression of a dashboard, wherever it stands; its variables replaced by a word.
fn collect(value: &Value, expressions: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(expression)) = members.get("expr") {
                expressions.push(expression.replace("$__rate_interval", "5m"));
            }
            members.values().for_each(|member| collect(member, expressions));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, expressions)),
        _ => {}
    }
}

/// The expressions of the rules: what stands behind `expr:`, on its line or below it, deeper.
fn expressions_of_rules(rules: &str) -> Vec<String> {
    let mut expressions = Vec::new();
    let mut lines = rules.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((indent, first)) = line.split_once("expr:") else { continue };
        let mut expression = first.trim().trim_start_matches('|').to_owned();
        let deeper = format!("{indent}  ");
        while let Some(next) = lines.next_if(|next| next.starts_with(&deeper)) {
            expression.push(' ');
            expression.push_str(next.trim());
        }
        expressions.push(expression);
    }
    expressions
}

fn words(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
}

/// The labels that an expression selects or groups by.
fn labels(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for selector in expression.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let names = selector.split("\",").filter_map(|part| part.split(['=', '!']).next());
        found.extend(names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
    }
    for word in ["by (", "by(", "on (", "on("] {
        for list in expression.split(word).skip(1).filter_map(|rest| rest.split(')').next()) {
            found.extend(list.split(',').map(|name| name.trim().to_owned()));
        }
    }
    found
}
