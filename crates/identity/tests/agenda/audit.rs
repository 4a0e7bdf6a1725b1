//! The trail, listed for one agent.

use chrono::TimeDelta;
use identity::audit::{self, AuditEvent, AuditFilter, Origin};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

#[rstest]
#[tokio::test]
async fn what_one_agent_did_since_then_is_listed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let (a, b) = (filled.agents[0].to_string(), filled.agents[1].to_string());
    let start = fixture.clock.now();
    for second in 0..6 {
        let origin = Origin { actor: Some([&a, &b][second % 2].clone()), ..Origin::default() };
        let action = if second < 3 { "api.call" } else { "absence.update" };
        let event = AuditEvent::new(fixture.clock.now(), action, &origin).target(second.to_string());
        fixture.write(move |conn| Ok(audit::insert(conn, &event)?)).await.unwrap();
        fixture.clock.advance(TimeDelta::seconds(1));
    }
    let targets = async |filter: AuditFilter| -> Vec<String> {
        let events = fixture.read(move |conn| audit::list(conn, &filter)).await;
        events.into_iter().filter_map(|event| event.target).collect()
    };
    let of = |actor: &str| AuditFilter { actor: Some(actor.to_owned()), limit: 10, ..AuditFilter::default() };
    let since = Some(start + TimeDelta::seconds(2));
    assert_eq!(targets(of(&a)).await, ["4", "2", "0"]);
    assert_eq!(targets(AuditFilter { since, ..of(&a) }).await, ["4", "2"]);
    assert_eq!(targets(AuditFilter { since, action: Some("api.call".to_owned()), ..of(&a) }).await, ["2"]);
    assert_eq!(targets(AuditFilter { limit: 1, ..of(&b) }).await, ["5"]);
    assert_eq!(targets(of(&a.to_uppercase())).await, [""; 0]);
}
