//! From a database of the version before to this one, with a replica of the version before still at work.

use diesel::{
    connection::SimpleConnection as _,
    migration::{Migration, MigrationSource as _},
    pg::Pg,
    sqlite::Sqlite,
};
use identity::{
    Identity, IdentityError, MIGRATIONS,
    accounts::{Account, AccountProfile},
    audit::Origin,
    master::MasterKey,
    organizations::Verticale,
};
use rstest::rstest;
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};

use crate::fixture::{Fixture, cheap};

/// The last version that knew neither territories nor services.
const BEFORE: &str = "20261121000002";

const BOOKKEEPING: &str = "CREATE TABLE tessera_migrations (
    component TEXT NOT NULL,
    version TEXT NOT NULL,
    applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (component, version)
)";

/// What the version before wrote. Numbers follow age, and ids within one instant.
const ROWS: &str = "
INSERT INTO organizations (id, name, created_at, updated_at) VALUES
    ('south', 'Twins', '2026-01-03 00:00:00', '2026-01-03 00:00:00'),
    ('north', 'Twins', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    ('east', 'East', '2026-01-03 00:00:00', '2026-01-03 00:00:00');
INSERT INTO accounts
    (id, login, login_key, service_id, roles, provisional, enabled, created_at, updated_at)
VALUES
    ('01900000-0000-7000-8000-000000000001', 'ada', 'ada', 'hotline', '[]', FALSE, TRUE,
        '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    ('01900000-0000-7000-8000-000000000002', 'bob', 'bob', NULL, '[]', FALSE, TRUE,
        '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    ('01900000-0000-7000-8000-000000000003', 'eve', 'eve', 'hotline', '[]', FALSE, TRUE,
        '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    ('01900000-0000-7000-8000-000000000004', 'mia', 'mia', 'Ärzte', '[]', FALSE, TRUE,
        '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO account_organizations (account_id, organization_id, role) VALUES
    ('01900000-0000-7000-8000-000000000001', 'south', 'AGENT');
";

fn older<DB: diesel::backend::Backend>(
    migrations: Vec<Box<dyn Migration<DB>>>,
) -> Vec<Box<dyn Migration<DB>>> {
    let mut older: Vec<_> = migrations
        .into_iter()
        .filter(|migration| migration.name().version().to_string().as_str() <= BEFORE)
        .collect();
    older.sort_by_key(|migration| migration.name().version().to_string());
    assert_eq!(older.len(), 2);
    older
}

/// Brings an empty database to the version before.
fn create_before(conn: &mut DbConn) -> Result<(), StoreError> {
    let mut versions = Vec::new();
    match conn {
        DbConn::Sqlite(conn) => {
            for migration in older::<Sqlite>(MIGRATIONS.sqlite.migrations().unwrap()) {
                migration.run(conn).unwrap();
                versions.push(migration.name().version().to_string());
            }
        }
        DbConn::Pg(conn) => {
            for migration in older::<Pg>(MIGRATIONS.postgres.migrations().unwrap()) {
                migration.run(conn).unwrap();
                versions.push(migration.name().version().to_string());
            }
        }
    }
    conn.batch_execute(BOOKKEEPING)?;
    for version in versions {
        let values = format!("('identity', '{version}')");
        conn.batch_execute(&format!("INSERT INTO tessera_migrations (component, version) VALUES {values}"))?;
    }
    Ok(())
}

/// A directory whose database was made by the version before and holds its rows.
async fn upgraded(backend: Backend) -> Fixture {
    let (database, master) = (TestDatabase::on(backend), MasterKey::generate().unwrap());
    let clock =
        auth_claims::clock::Clock::manual(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    db.write(|conn| {
        create_before(conn)?;
        Ok::<_, StoreError>(conn.batch_execute(ROWS)?)
    })
    .await
    .unwrap();
    let identity = Identity::open(db, master.clone(), cheap(), clock.clone()).await.unwrap();
    Fixture { identity, clock, master, database }
}

/// What a replica of the version before does meanwhile.
async fn before(fixture: &Fixture, statement: &'static str) {
    let run = move |conn: &mut DbConn| Ok::<_, StoreError>(conn.batch_execute(statement)?);
    fixture.identity.db().write(run).await.unwrap();
}

async fn account(identity: &Identity, login: &str) -> Account {
    identity.find_account_by_login(login).await.unwrap().unwrap()
}

async fn services(identity: &Identity) -> Vec<(String, String, i64)> {
    let page = identity.list_services(None, 10).await.unwrap();
    page.items.into_iter().map(|service| (service.id, service.name, service.number)).collect()
}

#[rstest]
#[tokio::test]
async fn organizations_that_are_there_are_numbered_by_age(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = upgraded(backend).await;
    let page = fixture.identity.list_organizations(None, 10).await.unwrap();
    let numbers: Vec<(&str, i64)> = page.items.iter().map(|o| (o.id.as_str(), o.number)).collect();
    assert_eq!(numbers, [("east", 2), ("north", 1), ("south", 3)]);
    for organization in &page.items {
        assert_eq!(organization.verticale, Verticale::RdvSolidarites);
        assert_eq!((&organization.territory_id, &organization.email), (&None, &None));
    }
    let ada = account(&fixture.identity, "ada").await;
    assert_eq!(ada.organizations[0].id, "south");
}

#[rstest]
#[tokio::test]
async fn services_that_accounts_named_are_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = upgraded(backend).await;
    let identity = &fixture.identity;
    let made = |id: &str, number| (id.to_owned(), id.to_owned(), number);
    assert_eq!(services(identity).await, [made("hotline", 1), made("Ärzte", 2)]);
    for (login, services) in
        [("ada", &["hotline"][..]), ("bob", &[]), ("eve", &["hotline"]), ("mia", &["Ärzte"])]
    {
        let found = account(identity, login).await;
        assert_eq!(found.services, services, "{login}");
        assert_eq!(found.service_id.as_deref(), services.first().copied(), "{login}");
    }
    // What was found can be stored again as it is.
    let ada = account(identity, "ada").await;
    let again = identity.update_account(ada.id, AccountProfile::from(&ada), &Origin::default()).await;
    assert_eq!(again.unwrap().services, ada.services);
}

#[rstest]
#[tokio::test]
async fn an_organization_from_before_gets_a_number_that_nobody_had(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = upgraded(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    before(
        &fixture,
        "INSERT INTO organizations (id, name, created_at, updated_at)
         VALUES ('west', 'West', '2026-01-04 00:00:00', '2026-01-04 00:00:00')",
    )
    .await;
    let west = identity.find_organization("west").await.unwrap().unwrap();
    assert_eq!((west.number, west.verticale), (4, Verticale::RdvSolidarites));
    identity.delete_organization("west", &origin).await.unwrap();
    assert_eq!(identity.find_organization_by_number(4).await.unwrap(), None);
    let next = identity.create_organization("west", "West", &origin).await.unwrap();
    assert_eq!(next.number, 5, "the number of a deleted organisation comes back");
}

#[rstest]
#[tokio::test]
async fn what_a_replica_from_before_says_of_services_holds(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = upgraded(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    before(
        &fixture,
        "INSERT INTO accounts (id, login, login_key, service_id, roles, provisional, enabled, created_at, updated_at)
         VALUES ('01900000-0000-7000-8000-000000000005', 'kim', 'kim', 'night', '[]', FALSE, TRUE,
             '2026-01-04 00:00:00', '2026-01-04 00:00:00')",
    )
    .await;
    assert_eq!(account(identity, "kim").await.services, ["night"]);
    let mut both = AccountProfile::from(&account(identity, "kim").await);
    both.set_services(vec!["night".to_owned(), "hotline".to_owned()]);
    let kim = account(identity, "kim").await.id;
    identity.update_account(kim, both, &origin).await.unwrap();

    // It knows the first service only, so it says nothing of the others.
    before(&fixture, "UPDATE accounts SET service_id = 'day', login = 'kim' WHERE login = 'kim'").await;
    assert_eq!(account(identity, "kim").await.services, ["day", "hotline"]);
    before(&fixture, "UPDATE accounts SET service_id = 'hotline' WHERE login = 'kim'").await;
    assert_eq!(account(identity, "kim").await.services, ["hotline"]);
    before(&fixture, "UPDATE accounts SET service_id = 'hotline', roles = '[]' WHERE login = 'kim'").await;
    assert_eq!(account(identity, "kim").await.services, ["hotline"]);
    before(&fixture, "UPDATE accounts SET service_id = NULL WHERE login = 'kim'").await;
    let kim = account(identity, "kim").await;
    assert_eq!((kim.service_id, kim.services), (None, Vec::new()));

    let in_use = identity.delete_service("Ärzte", &origin).await;
    assert!(matches!(in_use, Err(IdentityError::InUse("service"))));
    before(&fixture, "DELETE FROM accounts WHERE login = 'mia'").await;
    identity.delete_service("Ärzte", &origin).await.unwrap();
}

/// The way back, for whoever has to take it.
#[rstest]
#[tokio::test]
async fn the_version_before_can_be_had_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = upgraded(backend).await;
    let revert = |conn: &mut DbConn| {
        match conn {
            DbConn::Sqlite(conn) => {
                conn.batch_execute("PRAGMA defer_foreign_keys = ON").unwrap();
                for migration in newer::<Sqlite>(MIGRATIONS.sqlite.migrations().unwrap()) {
                    migration.revert(conn).unwrap();
                }
            }
            DbConn::Pg(conn) => {
                for migration in newer::<Pg>(MIGRATIONS.postgres.migrations().unwrap()) {
                    migration.revert(conn).unwrap();
                }
            }
        }
        let newer = format!("DELETE FROM tessera_migrations WHERE version > '{BEFORE}'");
        Ok::<_, StoreError>(conn.batch_execute(&newer)?)
    };
    fixture.identity.db().write(revert).await.unwrap();
    let logins = fixture
        .texts("SELECT login AS value FROM accounts WHERE service_id = 'hotline' ORDER BY login")
        .await;
    assert_eq!(logins, ["ada", "eve"]);
    before(&fixture, "UPDATE accounts SET service_id = 'day' WHERE login = 'ada'").await;
    let again = fixture.replica().await;
    assert_eq!(account(&again, "ada").await.services, ["day"]);
}

fn newer<DB: diesel::backend::Backend>(
    migrations: Vec<Box<dyn Migration<DB>>>,
) -> Vec<Box<dyn Migration<DB>>> {
    let mut newer: Vec<_> = migrations
        .into_iter()
        .filter(|migration| migration.name().version().to_string().as_str() > BEFORE)
        .collect();
    newer.sort_by_key(|migration| std::cmp::Reverse(migration.name().version().to_string()));
    newer
}
