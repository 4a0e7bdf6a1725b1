//! Random directories: every query against the model of the rules.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use auth_claims::roles::Role;
use identity::{absences, agents, pages::Slice};
use proptest::{
    prelude::*,
    sample::{select, subsequence},
    test_runner::{Config, TestRunner},
};
use rstest::rstest;
use store::{DbConn, StoreError};
use test_kit::Backend;

use crate::{
    fixture::{Filled, Fixture},
    model::{Directory, Person, SERVICES},
};

/// Every role, and the usual ones more often, so that each rule has something to decide.
const ROLES: [Role; 12] = [
    Role::Agent,
    Role::Agent,
    Role::Agent,
    Role::Supervisor,
    Role::Admin,
    Role::GlobalAdmin,
    Role::Intervenant,
    Role::Intervenant,
    Role::Intervenant,
    Role::Customer,
    Role::Service,
    Role::ClientService,
];
/// Directories on each database. They pile up in it: each is a tenant that the ones before must not show in.
const CASES: u32 = 48;
const ALL: Slice = Slice { offset: 0, limit: 100 };

fn directories() -> impl Strategy<Value = Directory> {
    (0..4_usize, 1..4_usize).prop_flat_map(|(territories, organizations)| {
        let territory = proptest::option::of(0..territories.max(1))
            .prop_map(move |territory| territory.filter(|index| *index < territories));
        let person = persons(territories, organizations);
        (
            Just(territories),
            proptest::collection::vec(territory, organizations),
            proptest::collection::vec(person, 3..8),
        )
            .prop_map(|(territories, organizations, agents)| Directory {
                territories,
                organizations,
                agents,
            })
    })
}

fn persons(territories: usize, organizations: usize) -> impl Strategy<Value = Person> {
    let subset = |count: usize, least: usize, most: usize| {
        subsequence((0..count).collect::<Vec<_>>(), least.min(count)..=most.min(count))
            .prop_map(|indices| indices.into_iter().collect::<BTreeSet<_>>())
    };
    let roles = prop_oneof![1 => subset(organizations, 0, 0), 6 => subset(organizations, 1, 3)]
        .prop_flat_map(|organizations| {
            let count = organizations.len();
            proptest::collection::vec(select(&ROLES), count)
                .prop_map(move |roles| organizations.iter().copied().zip(roles).collect::<BTreeMap<_, _>>())
        });
    let absences = proptest::collection::vec((1..4_u8, 8..10_u8), 0..3);
    (
        prop::bool::weighted(0.9),
        0..3_i64,
        prop_oneof![1 => subset(SERVICES.len(), 0, 5), 3 => subset(3, 1, 2)],
        roles,
        prop_oneof![2 => Just(BTreeSet::new()), 1 => subset(territories, 1, 2)],
        absences,
    )
        .prop_map(|(enabled, made_at, services, roles, territories, absences)| Person {
            enabled,
            made_at,
            services,
            roles,
            territories,
            absences,
        })
}

#[rstest]
fn every_query_agrees_with_the_model(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fixture = runtime.block_on(Fixture::on(backend));
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let decisive = RefCell::new(BTreeMap::new());
    let checked = TestRunner::new(config).run(&directories(), |directory| {
        for (viewer, target) in pairs(&directory) {
            *decisive.borrow_mut().entry(directory.rules(viewer, target)).or_insert(0) += 1;
        }
        runtime.block_on(async {
            let filled = fixture.fill(directory.clone()).await;
            fixture.read(move |conn| compare(conn, &directory, &filled)).await
        })
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
    // Each rule has decided by itself, and so has the lack of all.
    for alone in ["", "S", "T", "A", "B"] {
        assert!(decisive.borrow().contains_key(&alone.chars().collect()), "{alone}: {decisive:?}");
    }
}

fn pairs(directory: &Directory) -> impl Iterator<Item = (usize, usize)> {
    let count = directory.agents.len();
    (0..count).flat_map(move |viewer| (0..count).map(move |target| (viewer, target)))
}

/// Fails the case, rather than the test at once, so that it shrinks.
type Compared = Result<(), TestCaseError>;

fn compare(conn: &mut DbConn, directory: &Directory, filled: &Filled) -> Result<Compared, StoreError> {
    for (viewer, target) in pairs(directory) {
        let sees = agents::sees(conn, filled.agents[viewer], filled.agents[target])?;
        if sees != directory.sees(viewer, target) {
            return Ok(differs("sees", viewer, target, sees));
        }
    }
    for viewer in 0..directory.agents.len() {
        if let Err(difference) = compare_lists(conn, directory, filled, viewer)? {
            return Ok(Err(difference));
        }
        if let Err(difference) = compare_organizations(conn, directory, filled, viewer)? {
            return Ok(Err(difference));
        }
    }
    Ok(Ok(()))
}

fn compare_lists(
    conn: &mut DbConn,
    directory: &Directory,
    filled: &Filled,
    viewer: usize,
) -> Result<Compared, StoreError> {
    let known =
        filled.organizations.iter().enumerate().map(|(index, (_, number))| (Some(index), Some(*number)));
    // No filter; one for another tenant's organisation, if there is one; one for each of its own.
    let foreign = filled.organizations[0].1 - 1;
    for (index, number) in [(None, None), (None, Some(foreign))].into_iter().chain(known) {
        let list = agents::list_visible(conn, filled.agents[viewer], number, ALL)?;
        let found: Vec<_> = list.items.iter().map(|agent| agent.id).collect();
        let expected: Vec<_> =
            directory.listed(viewer, index).into_iter().map(|agent| filled.agents[agent]).collect();
        if found != expected || list.total != i64::try_from(expected.len()).unwrap() {
            return Ok(differs("agents", viewer, index, list));
        }
        let list = absences::list_visible(conn, filled.agents[viewer], number, ALL)?;
        let found: Vec<_> = list
            .items
            .iter()
            .map(|absence| {
                let organization = absence.organization.as_ref().map(|organization| organization.number);
                (absence.id, absence.agent.id, organization)
            })
            .collect();
        let expected: Vec<_> = directory
            .absences(viewer, index)
            .into_iter()
            .map(|(agent, place)| {
                let smallest =
                    directory.organizations_of(agent).into_iter().map(|o| filled.organizations[o].1);
                (filled.absences[agent][place], filled.agents[agent], smallest.min())
            })
            .collect();
        if found != expected || list.total != i64::try_from(expected.len()).unwrap() {
            return Ok(differs("absences", viewer, index, (list, expected)));
        }
    }
    Ok(Ok(()))
}

fn compare_organizations(
    conn: &mut DbConn,
    directory: &Directory,
    filled: &Filled,
    viewer: usize,
) -> Result<Compared, StoreError> {
    let id = filled.agents[viewer];
    let list = agents::organizations(conn, id, ALL)?;
    let found: Vec<_> = list.items.iter().map(|organization| organization.number).collect();
    let expected: Vec<_> =
        directory.organizations_of(viewer).into_iter().map(|o| filled.organizations[o].1).collect();
    if found != expected || list.total != i64::try_from(expected.len()).unwrap() {
        return Ok(differs("organizations", viewer, expected, list));
    }
    let mut admin = false;
    for (index, (organization, _)) in filled.organizations.iter().enumerate() {
        let level = agents::level_in(conn, id, organization)?;
        if level != directory.agents[viewer].level(index) {
            return Ok(differs("level_in", viewer, index, level));
        }
        admin |= level == Some(agents::Level::Admin);
    }
    if agents::is_admin_anywhere(conn, id)? != admin {
        return Ok(differs("is_admin_anywhere", viewer, (), admin));
    }
    Ok(Ok(()))
}

fn differs(query: &str, viewer: usize, what: impl std::fmt::Debug, answer: impl std::fmt::Debug) -> Compared {
    Err(TestCaseError::fail(format!("{query} of {viewer} for {what:?} says {answer:?}")))
}
