//! Pages visit every event once, whatever is filtered.

use chrono::TimeDelta;
use identity::audit::listing::{self, Order, Place, StoredEvent};
use identity::audit::{AuditFilter, Outcome};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

/// Which numbers a filter leaves.
type Expected = fn(u32) -> bool;

impl Fixture {
    /// Every page of a list, one after the other.
    async fn pages(&self, filter: &AuditFilter, order: Order) -> Vec<StoredEvent> {
        let (mut events, mut after): (Vec<StoredEvent>, Option<Place>) = (Vec::new(), None);
        loop {
            let (filter, place) = (filter.clone(), after.clone());
            let read =
                self.identity.db().read(move |conn| listing::page(conn, &filter, order, place.as_ref()));
            let page = read.await.unwrap();
            let Some(last) = page.last() else { return events };
            after = Some(last.place());
            events.extend(page);
        }
    }
}

#[rstest]
#[tokio::test]
async fn pages_visit_every_event_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    for burst in 0..7 {
        // Within one instant ids decide.
        fixture.write(burst * 10..burst * 10 + 10).await;
        fixture.clock.advance(TimeDelta::microseconds(1));
    }
    fixture.seal().await;
    for limit in [1, 3, 7, 70, 100] {
        let filter = AuditFilter { limit, ..AuditFilter::default() };
        let mut oldest = fixture.pages(&filter, Order::OldestFirst).await;
        let targets: Vec<u32> =
            oldest.iter().map(|event| event.event.target.as_ref().unwrap().parse().unwrap()).collect();
        assert_eq!(targets, (0..70).collect::<Vec<_>>(), "by {limit}");
        oldest.reverse();
        assert_eq!(fixture.pages(&filter, Order::NewestFirst).await, oldest);
    }
}

#[rstest]
#[tokio::test]
async fn filters_are_what_they_say(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let start = fixture.clock.now();
    for number in 0..24 {
        let outcome = if number % 5 == 0 { Outcome::Failure } else { Outcome::Success };
        fixture.identity.audit().record(fixture.event(number).outcome(outcome));
        fixture.clock.advance(TimeDelta::seconds(1));
    }
    fixture.identity.audit().flush().await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let all = AuditFilter { limit: 4, ..AuditFilter::default() };
    let cases: [(AuditFilter, Expected); 9] = [
        (AuditFilter { actor: text("actor-1"), ..all.clone() }, |n| n % 3 == 1),
        (AuditFilter { client_id: text("client-0"), ..all.clone() }, |n| n % 2 == 0),
        (AuditFilter { dialect: text("meet"), ..all.clone() }, |n| n % 4 > 0),
        (AuditFilter { target: text("13"), ..all.clone() }, |n| n == 13),
        (AuditFilter { action: text("other"), ..all.clone() }, |_| false),
        (AuditFilter { outcome: Some(Outcome::Failure), ..all.clone() }, |n| n % 5 == 0),
        (AuditFilter { since: Some(start + TimeDelta::seconds(20)), ..all.clone() }, |n| n >= 20),
        (AuditFilter { until: Some(start + TimeDelta::seconds(3)), ..all.clone() }, |n| n < 3),
        (
            AuditFilter {
                actor: text("actor-0"),
                client_id: text("client-1"),
                action: text("test"),
                outcome: Some(Outcome::Success),
                since: Some(start + TimeDelta::seconds(4)),
                until: Some(start + TimeDelta::seconds(20)),
                ..all
            },
            |n| n % 3 == 0 && n % 2 == 1 && n % 5 > 0 && (4..20).contains(&n),
        ),
    ];
    for (filter, expected) in cases {
        for order in [Order::OldestFirst, Order::NewestFirst] {
            let found = fixture.pages(&filter, order).await;
            let mut numbers: Vec<u32> =
                found.iter().map(|event| event.event.target.as_ref().unwrap().parse().unwrap()).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (0..24).filter(|n| expected(*n)).collect::<Vec<_>>(), "{filter:?}");
        }
    }
}
