//! Absences: made, found, changed, removed, and what the trail tells of it.

use std::time::Duration;

use chrono::TimeDelta;
use identity::{
    IdentityError,
    absences::{self, Absence},
    accounts::{self, AccountId},
    audit::AuditEvent,
    pages::Slice,
};
use rstest::rstest;
use serde_json::json;
use test_kit::Backend;

use crate::{
    fixture::{Fixture, absence, time},
    model::index,
};

impl Fixture {
    async fn find(&self, id: i64) -> Option<Absence> {
        self.read(move |conn| absences::find(conn, id)).await
    }

    async fn update(&self, changed: Absence) -> Result<Absence, IdentityError> {
        let act = self.act("tester");
        self.write(move |conn| absences::update(conn, &act, &changed)).await
    }

    async fn delete(&self, id: i64) -> bool {
        let act = self.act("tester");
        self.write(move |conn| Ok(absences::delete(conn, &act, id)?)).await.unwrap()
    }
}

/// The newest event of a kind, which is about this absence of this agent.
fn tells(events: &[AuditEvent], id: i64, agent: AccountId) {
    let event = &events[0];
    assert_eq!(event.origin.actor.as_deref(), Some("tester"));
    assert_eq!(event.target.as_deref(), Some(id.to_string().as_str()));
    assert_eq!(event.detail, Some(json!({ "agent": agent.to_string() })));
}

#[rstest]
#[tokio::test]
async fn an_absence_is_made_changed_and_removed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let d = filled.agents[index('d')];
    let made_at = fixture.clock.now();
    let made = fixture.insert(absence(d, (9, 8))).await.unwrap();
    assert_eq!((made.agent.id, made.title.as_str()), (d, "Formation"));
    assert_eq!((made.start_time, made.end_time, made.first_day == made.end_day), (time(8), time(9), true));
    assert_eq!((made.created_at, made.updated_at), (made_at, made_at));
    assert_eq!(made.organization.as_ref().unwrap().number, filled.organizations[0].1);
    assert_eq!(fixture.find(made.id).await.as_ref(), Some(&made));
    tells(&fixture.audited("absence.create").await, made.id, d);

    fixture.clock.advance(TimeDelta::seconds(5));
    let wished = Absence { title: "Congé".to_owned(), end_time: time(17), ..made.clone() };
    let changed = fixture.update(wished.clone()).await.unwrap();
    let expected = Absence { updated_at: made_at + TimeDelta::seconds(5), ..wished };
    assert_eq!(changed, expected);
    assert_eq!(fixture.find(made.id).await, Some(expected));
    tells(&fixture.audited("absence.update").await, made.id, d);

    assert!(fixture.delete(made.id).await);
    assert!(!fixture.delete(made.id).await);
    tells(&fixture.audited("absence.delete").await, made.id, d);
    assert_eq!(fixture.audited("absence.delete").await.len(), 1);
    assert_eq!(fixture.find(made.id).await, None);
    assert!(matches!(fixture.update(changed).await, Err(IdentityError::Unknown("absence"))));
}

#[rstest]
#[tokio::test]
async fn a_change_of_nothing_leaves_no_trace(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (fixture, filled) = Fixture::example(backend).await;
    let made = fixture.insert(absence(filled.agents[0], (9, 8))).await.unwrap();
    fixture.clock.advance(TimeDelta::seconds(5));
    assert_eq!(fixture.update(made.clone()).await.unwrap(), made);
    assert_eq!(fixture.audited("absence.update").await, []);
}

#[rstest]
#[tokio::test]
async fn what_no_absence_can_be_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (fixture, filled) = Fixture::example(backend).await;
    let (a, b) = (filled.agents[0], filled.agents[1]);
    let made = fixture.insert(absence(a, (9, 8))).await.unwrap();
    for title in ["", " ", "a\0b", "\u{7}"] {
        let mut new = absence(a, (9, 8));
        new.title = title.to_owned();
        assert!(matches!(fixture.insert(new).await, Err(IdentityError::Invalid(_))), "{title:?}");
        let changed = Absence { title: title.to_owned(), ..made.clone() };
        assert!(matches!(fixture.update(changed).await, Err(IdentityError::Invalid(_))), "{title:?}");
    }
    let mut backwards = absence(a, (9, 8));
    backwards.end_time = time(8);
    assert!(matches!(fixture.insert(backwards).await, Err(IdentityError::Invalid(_))));
    fixture.run("UPDATE accounts SET enabled = FALSE WHERE id = $1", b).await;
    let unknown = AccountId::new(fixture.clock.now());
    for agent in [b, unknown] {
        let refused = fixture.insert(absence(agent, (9, 8))).await;
        assert!(matches!(refused, Err(IdentityError::Unknown("agent"))));
    }
    assert_eq!(fixture.find(made.id).await, Some(made));
}

#[rstest]
#[tokio::test]
async fn an_absence_goes_with_its_account_and_its_id_with_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let (a, b) = (filled.agents[0], filled.agents[1]);
    let first = fixture.insert(absence(a, (9, 8))).await.unwrap().id;
    assert!(fixture.delete(first).await);
    let second = fixture.insert(absence(a, (9, 8))).await.unwrap().id;
    let act = fixture.act("tester");
    fixture.write(move |conn| accounts::delete(conn, &act, a)).await.unwrap();
    assert_eq!(fixture.find(second).await, None);
    let third = fixture.insert(absence(b, (9, 8))).await.unwrap().id;
    assert!(first < second && second < third, "{first} {second} {third}");
}

/// A disabled agent's absences are there, but in nobody's list.
#[rstest]
#[tokio::test]
async fn the_absences_of_the_disabled_are_not_listed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let (a, b) = (filled.agents[0], filled.agents[1]);
    let list = async || {
        let list = fixture.read(move |conn| absences::list_visible(conn, a, None, Slice::page(1, 10))).await;
        list.items.into_iter().map(|absence| absence.agent.id).collect::<Vec<_>>()
    };
    assert_eq!(list().await, [b, a]);
    fixture.run("UPDATE accounts SET enabled = FALSE WHERE id = $1", b).await;
    assert_eq!(list().await, [a]);
    assert!(fixture.find(filled.absences[1][0]).await.is_some());
}

#[rstest]
#[tokio::test]
async fn a_list_of_absences_is_visited_once_page_by_page(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let a = filled.agents[0];
    let mut starts = vec![(1, 8), (1, 8)]; // the example's own, of a and b
    for start in [(2, 9), (2, 8), (3, 8), (2, 9), (1, 8)] {
        fixture.insert(absence(a, start)).await.unwrap();
        starts.push(start);
    }
    starts.sort_unstable();
    starts.reverse();
    for size in [1, 2, 3, 7, 100] {
        let (mut visited, mut ids) = (Vec::new(), Vec::new());
        for page in 1.. {
            let slice = Slice::page(page, size);
            let part = fixture.read(move |conn| absences::list_visible(conn, a, None, slice)).await;
            assert_eq!(part.total, 7);
            if part.items.is_empty() {
                break;
            }
            for absence in part.items {
                visited.push((absence.first_day, absence.start_time));
                ids.push(absence.id);
            }
        }
        let expected = starts.iter().map(|start| crate::fixture::absence(a, *start));
        let expected: Vec<_> = expected.map(|absence| (absence.first_day, absence.start_time)).collect();
        assert_eq!(visited, expected, "pages of {size}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 7, "pages of {size}");
    }
}

/// Two partial changes at the same time: neither undoes the other.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_changes_are_both_kept(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (fixture, filled) = Fixture::example(backend).await;
    let id = fixture.insert(absence(filled.agents[0], (9, 8))).await.unwrap().id;
    let change = |change: fn(&mut Absence)| {
        let act = fixture.act("tester");
        fixture.write(move |conn| {
            let mut absence = absences::find_for_change(conn, id)?.unwrap();
            std::thread::sleep(Duration::from_millis(50)); // the other one reads meanwhile, if it may
            change(&mut absence);
            absences::update(conn, &act, &absence)
        })
    };
    let changes = tokio::join!(
        change(|absence| absence.title = "Congé".to_owned()),
        change(|absence| absence.end_time = time(12))
    );
    assert!(changes.0.is_ok() && changes.1.is_ok(), "{changes:?}");
    let both = fixture.find(id).await.unwrap();
    assert_eq!((both.title.as_str(), both.end_time), ("Congé", time(12)));
}
