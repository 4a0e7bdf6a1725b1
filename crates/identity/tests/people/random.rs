//! Lists against a model that reads everything, for many people and texts: every text finds whom it should, and pages show
//! each of them once.

use identity::directory_search::{Among, Window};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

const PEOPLE: usize = 80;
const SEARCHES: usize = 60;

/// Login and display name.
type Names = (String, Option<String>);

fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Logins in the list's order, as the contract says it.
fn expected(people: &[Names], search: &str) -> Vec<String> {
    let search = fold(search);
    let has = |text: &str| fold(text).contains(&search);
    let mut found: Vec<&Names> = people
        .iter()
        .filter(|(login, name)| {
            has(login) || name.as_deref().is_some_and(has) || has(&format!("{login}@Example.org"))
        })
        .collect();
    found.sort_by_key(|(login, name)| (fold(name.as_deref().unwrap_or(login)), fold(login)));
    found.into_iter().map(|(login, _)| login.clone()).collect()
}

fn pick<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

#[rstest]
#[tokio::test]
async fn every_text_finds_whom_it_should(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let mut runner = TestRunner::deterministic();
    let mut people: Vec<Names> = Vec::new();
    for number in 0..PEOPLE {
        let login = format!("{}{number}", pick(&mut runner, "[a-cA-C]{1,3}"));
        let name = pick(&mut runner, prop::option::of("[A-Ba-b%_\\\\éÉß]{1,4}"));
        fixture.person(&login, name.as_deref()).await;
        people.push((login, name));
    }
    for _ in 0..SEARCHES {
        let search = pick(&mut runner, "[a-cA-C]{1,2}|[a-b%_\\\\éÉß]{1,3}|[0-9]{1,2}|[a-c][0-9]@ex|org|b1@|");
        let all = expected(&people, &search);
        assert_eq!(fixture.search(&search).await, all, "{search:?}");
        let limit = pick(&mut runner, 1..20_i64);
        let mut seen = Vec::new();
        for page in 0.. {
            let window = Window { offset: page * limit, limit: Some(limit) };
            let found = fixture.logins(Among::Everybody, &search, window).await;
            if found.is_empty() {
                break;
            }
            seen.extend(found);
        }
        assert_eq!(seen, all, "{search:?} by pages of {limit}");
    }
}
