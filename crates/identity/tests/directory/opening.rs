//! Opening a directory.

use identity::{Identity, IdentityError, MIGRATIONS, master::MasterKey};
use rstest::rstest;
use store::{DatabaseSettings, Db};
use test_kit::{Backend, TestDatabase};

use crate::fixture::{Fixture, cheap};

#[rstest]
#[tokio::test]
async fn a_database_is_opened_with_its_own_master_key_only(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.replica().await;
    let db = Db::open(&DatabaseSettings::at(fixture.database.url())).unwrap();
    let other = MasterKey::generate().unwrap();
    let refused = Identity::open(db, other, cheap(), fixture.clock.clone()).await;
    assert!(matches!(refused, Err(IdentityError::ForeignMasterKey)));
}

#[tokio::test]
async fn both_databases_have_the_same_migrations() {
    let mut lists = Vec::new();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::on(backend);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        lists.push(db.migrate(&MIGRATIONS).await.unwrap());
        assert!(db.migrate(&MIGRATIONS).await.unwrap().is_empty());
    }
    assert_eq!(lists[0], lists[1]);
    assert!(lists[0].len() >= 2);
}
