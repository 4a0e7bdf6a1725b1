//! Who sees whom, in the worked example and around it. Random directories are in `random`.

use identity::{
    accounts,
    agents::{self, Level},
    pages::Slice,
};
use rstest::rstest;
use test_kit::Backend;

use crate::{
    fixture::{Filled, Fixture, uid},
    model::{Directory, WORKED_EXAMPLE, index},
};

const ALL: Slice = Slice { offset: 0, limit: 100 };

impl Fixture {
    /// The letters of the agents that one sees, in the list's order.
    async fn letters(&self, filled: &Filled, viewer: char, organization: Option<i64>) -> String {
        let (viewer, agents) = (filled.agents[index(viewer)], filled.agents.clone());
        let list = self.read(move |conn| agents::list_visible(conn, viewer, organization, ALL)).await;
        assert_eq!(list.total, i64::try_from(list.items.len()).unwrap());
        let letter = |agent: agents::Agent| {
            ('a'..='i').zip(&agents).find(|(_, id)| **id == agent.id).map(|(letter, _)| letter).unwrap()
        };
        list.items.into_iter().map(letter).collect()
    }

    async fn sees(&self, filled: &Filled, viewer: char, target: char) -> bool {
        let (viewer, target) = (filled.agents[index(viewer)], filled.agents[index(target)]);
        self.read(move |conn| agents::sees(conn, viewer, target)).await
    }
}

#[rstest]
#[tokio::test]
async fn the_worked_example_is_as_printed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (fixture, filled) = Fixture::example(backend).await;
    for (viewer, seen, own) in WORKED_EXAMPLE {
        assert_eq!(fixture.letters(&filled, viewer, None).await, seen, "{viewer}");
        for target in 'a'..='i' {
            assert_eq!(
                fixture.sees(&filled, viewer, target).await,
                seen.contains(target),
                "{viewer} {target}"
            );
        }
        let id = filled.agents[index(viewer)];
        let organizations = fixture.read(move |conn| agents::organizations(conn, id, ALL)).await;
        let ids: Vec<String> = organizations.items.into_iter().map(|organization| organization.id).collect();
        let expected: Vec<String> =
            own.iter().map(|number| filled.organizations[number - 1].0.clone()).collect();
        assert_eq!((organizations.total, ids), (i64::try_from(own.len()).unwrap(), expected), "{viewer}");
    }
}

/// §12.3: the filter counts only where the viewer has a role; a territory's administrator has none in its organisations.
#[rstest]
#[tokio::test]
async fn an_organisation_narrows_the_list_of_who_has_a_role_there(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let number = |organization: usize| Some(filled.organizations[organization - 1].1);
    for (viewer, organization, seen) in [
        ('d', number(1), "abcde"),
        ('d', number(2), "bdf"),
        ('b', number(2), "b"),
        ('d', number(3), "abcdef"),
        ('h', number(1), "abcdefgh"),
        ('h', number(3), "gh"),
        ('a', Some(0), "ab"),
        ('a', Some(i64::MIN), "ab"),
        ('a', Some(i64::MAX), "ab"),
        ('i', number(1), ""),
    ] {
        assert_eq!(
            fixture.letters(&filled, viewer, organization).await,
            seen,
            "{viewer} in {organization:?}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a_list_is_visited_once_page_by_page(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let mut directory = Directory::worked_example();
    let colleague = directory.agents[0].clone();
    let ages = [3, 1, 1, 2, 0, 3, 1];
    directory.agents.extend(ages.map(|made_at| crate::model::Person { made_at, ..colleague.clone() }));
    let expected: Vec<usize> = directory.listed(0, None);
    let filled = fixture.fill(directory).await;
    let viewer = filled.agents[0];
    for size in [1, 2, 3, 4, 9, 100, i64::MAX] {
        let mut visited = Vec::new();
        for page in 1.. {
            let slice = Slice::page(page, size);
            let part = fixture.read(move |conn| agents::list_visible(conn, viewer, None, slice)).await;
            assert_eq!(part.total, 9, "page {page} of {size}");
            if part.items.is_empty() {
                break;
            }
            visited.extend(part.items.into_iter().map(|agent| agent.id));
        }
        let expected: Vec<_> = expected.iter().map(|agent| filled.agents[*agent]).collect();
        assert_eq!(visited, expected, "pages of {size}");
    }
    let far = Slice { offset: i64::MAX, limit: i64::MIN };
    let past = fixture.read(move |conn| agents::list_visible(conn, viewer, None, far)).await;
    assert_eq!((past.total, past.items.len()), (9, 0));
    let past = fixture.read(move |conn| agents::organizations(conn, viewer, far)).await;
    assert_eq!((past.total, past.items.len()), (1, 0));
}

#[rstest]
#[tokio::test]
async fn who_is_disabled_or_deleted_is_seen_by_nobody_and_sees_nobody(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let (b, d) = (filled.agents[index('b')], filled.agents[index('d')]);
    fixture.run("UPDATE accounts SET enabled = FALSE WHERE id = $1", b).await;
    assert_eq!(fixture.letters(&filled, 'a', None).await, "a");
    assert_eq!(fixture.letters(&filled, 'b', None).await, "");
    assert!(!fixture.sees(&filled, 'a', 'b').await && !fixture.sees(&filled, 'b', 'b').await);
    let organization = filled.organizations[0].0.clone();
    let known = fixture.read(move |conn| {
        Ok((
            agents::find(conn, b)?,
            agents::find_by_uid(conn, &uid(b))?,
            agents::level_in(conn, b, &organization)?,
            agents::organizations(conn, b, ALL)?.total,
        ))
    });
    assert_eq!(known.await, (None, None, None, 0));
    fixture.run("UPDATE accounts SET enabled = TRUE WHERE id = $1", b).await;
    assert_eq!(fixture.letters(&filled, 'a', None).await, "ab");
    let act = fixture.act("tester");
    fixture.write(move |conn| accounts::delete(conn, &act, d)).await.unwrap();
    assert_eq!(fixture.letters(&filled, 'c', None).await, "c");
    assert_eq!(fixture.letters(&filled, 'd', None).await, "");
    assert!(!fixture.sees(&filled, 'c', 'd').await && !fixture.sees(&filled, 'd', 'c').await);
}

#[rstest]
#[tokio::test]
async fn an_agent_is_found_by_what_names_it_exactly(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let a = filled.agents[0];
    let agent = fixture.read(move |conn| agents::find(conn, a)).await.unwrap();
    assert_eq!((agent.id, agent.email.as_deref()), (a, Some(uid(a).as_str())));
    assert_eq!((agent.first_name.as_deref(), agent.last_name.as_deref()), (Some("Zoé"), None));
    let number = agent.number;
    let same = fixture.read(move |conn| agents::find_by_number(conn, number)).await;
    assert_eq!(same.as_ref(), Some(&agent));
    for number in [0, -1, i64::MIN, i64::MAX] {
        assert_eq!(fixture.read(move |conn| agents::find_by_number(conn, number)).await, None);
    }
    for (text, known) in [
        (uid(a), true),
        (uid(a).to_uppercase(), false),
        (format!(" {}", uid(a)), false),
        (String::new(), false),
    ] {
        let found = fixture.read(move |conn| agents::find_by_uid(conn, &text)).await;
        assert_eq!(found, known.then(|| agent.clone()));
    }
}

#[rstest]
#[tokio::test]
async fn levels_are_those_of_the_memberships(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (fixture, filled) = Fixture::example(backend).await;
    for (agent, levels, admin) in [
        ('b', [Some(Level::Basic), Some(Level::Basic), None], false),
        ('d', [Some(Level::Admin), Some(Level::Basic), None], true),
        ('h', [None, None, Some(Level::Basic)], false),
        ('i', [None, None, None], false),
    ] {
        let id = filled.agents[index(agent)];
        for ((organization, _), level) in filled.organizations.clone().into_iter().zip(levels) {
            let found = fixture.read(move |conn| agents::level_in(conn, id, &organization)).await;
            assert_eq!(found, level, "{agent}");
        }
        assert_eq!(fixture.read(move |conn| agents::is_admin_anywhere(conn, id)).await, admin, "{agent}");
    }
}
