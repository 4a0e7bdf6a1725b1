//! The audit trail of the version before, as the sealer of this one finds it.

use diesel::connection::SimpleConnection as _;
use rstest::rstest;
use store::StoreError;
use test_kit::Backend;

use crate::schemas::Schema;

impl Schema {
    async fn write_event(&self, id: &str) {
        let statement = format!(
            "INSERT INTO audit_events (id, at, action, outcome) VALUES ('{id}', '2026-11-22 08:00:00', 'test', 'success')"
        );
        let written = self.db.write(move |conn| conn.batch_execute(&statement).map_err(StoreError::from));
        written.await.unwrap();
    }
}

/// Whether they were written before the upgrade or afterwards, by a replica of the version before.
#[rstest]
#[tokio::test]
async fn every_event_of_the_version_before_waits_to_be_sealed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let schema = Schema::before(&identity::MIGRATIONS, backend).await;
    schema.write_event("1").await;
    schema.write_event("2").await;
    schema.upgrade().await;
    schema.write_event("3").await;
    let unsealed = schema.texts("SELECT event_id AS value FROM audit_unsealed ORDER BY event_id").await;
    assert_eq!(unsealed, ["1", "2", "3"]);
}
