//! A throw-away directory, filled from a model of one.

use auth_claims::clock::Clock;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Text, Timestamp},
};
use identity::{
    IdentityError, MIGRATIONS,
    absences::{self, Absence, NewAbsence},
    accounts::AccountId,
    act::Act,
    audit::{self, AuditEvent, AuditFilter, Origin},
};
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};
use uuid::Uuid;

use crate::model::{Directory, SERVICES};

pub(crate) struct Fixture {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) database: TestDatabase,
}

/// Where the parts of a model are.
pub(crate) struct Filled {
    pub(crate) agents: Vec<AccountId>,
    /// Ids and numbers.
    pub(crate) organizations: Vec<(String, i64)>,
    /// By agent.
    pub(crate) absences: Vec<Vec<i64>>,
}

impl Fixture {
    pub(crate) async fn on(backend: Backend) -> Self {
        let database = TestDatabase::on(backend);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        db.migrate(&MIGRATIONS).await.unwrap();
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        Self { db, clock, database }
    }

    /// The directory of the worked example.
    pub(crate) async fn example(backend: Backend) -> (Self, Filled) {
        let fixture = Self::on(backend).await;
        let filled = fixture.fill(Directory::worked_example()).await;
        (fixture, filled)
    }

    /// Adds a directory of its own, with other ids than any before.
    pub(crate) async fn fill(&self, directory: Directory) -> Filled {
        let act = self.act("system");
        self.write(move |conn| fill(conn, &act, &directory)).await.unwrap()
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DbConn) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.db.read(work).await.unwrap()
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DbConn) -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        self.db.write(work).await
    }

    /// Runs one statement.
    pub(crate) async fn run(&self, statement: &'static str, account: AccountId) {
        let work = move |conn: &mut DbConn| {
            diesel::sql_query(statement).bind::<Text, _>(account.to_string()).execute(conn)?;
            Ok(())
        };
        self.write(work).await.unwrap();
    }

    pub(crate) fn act(&self, actor: &str) -> Act {
        let origin = Origin { actor: Some(actor.to_owned()), ..Origin::default() };
        Act::new(&self.clock, &origin)
    }

    pub(crate) async fn insert(&self, new: NewAbsence) -> Result<Absence, IdentityError> {
        let act = self.act("tester");
        self.write(move |conn| absences::insert(conn, &act, &new)).await
    }

    /// The stored audit events of this action, newest first.
    pub(crate) async fn audited(&self, action: &str) -> Vec<AuditEvent> {
        let filter = AuditFilter { action: Some(action.into()), limit: 1000, ..AuditFilter::default() };
        self.read(move |conn| audit::list(conn, &filter)).await
    }
}

/// An absence of one hour, on that day of February.
pub(crate) fn absence(agent: AccountId, (day, hour): (u8, u8)) -> NewAbsence {
    let first_day = NaiveDate::from_ymd_opt(2026, 2, day.into()).unwrap();
    NewAbsence {
        agent,
        title: "Formation".to_owned(),
        first_day,
        start_time: time(hour),
        end_day: first_day,
        end_time: time(hour + 1),
    }
}

pub(crate) fn time(hour: u8) -> NaiveTime {
    NaiveTime::from_hms_opt(hour.into(), 0, 0).unwrap()
}

fn fill(conn: &mut DbConn, act: &Act, directory: &Directory) -> Result<Filled, IdentityError> {
    let part = Uuid::new_v4().simple().to_string();
    let id = |kind: &str, index: usize| format!("{part}-{kind}{index}");
    for index in 0..directory.territories {
        named(conn, "INSERT INTO territories (id, name, created_at, updated_at)", act, &id("t", index), "T")?;
    }
    for (index, name) in SERVICES.into_iter().enumerate() {
        named(conn, "INSERT INTO services (id, name, created_at, updated_at)", act, &id("s", index), name)?;
    }
    let mut filled = Filled { agents: vec![], organizations: vec![], absences: vec![] };
    for (index, territory) in directory.organizations.iter().enumerate() {
        let (own, territory) = (id("o", index), territory.map(|territory| id("t", territory)));
        filled.organizations.push((own.clone(), organization(conn, act, &own, territory.as_deref())?));
    }
    for person in &directory.agents {
        let account = account(conn, act, person.made_at)?;
        for (position, service) in person.services.iter().enumerate() {
            diesel::sql_query(
                "INSERT INTO account_services (account_id, service_id, position) VALUES ($1, $2, $3)",
            )
            .bind::<Text, _>(account.to_string())
            .bind::<Text, _>(id("s", *service))
            .bind::<BigInt, _>(i64::try_from(position).unwrap())
            .execute(conn)?;
        }
        for (organization, role) in &person.roles {
            diesel::sql_query(
                "INSERT INTO account_organizations (account_id, organization_id, role) VALUES ($1, $2, $3)",
            )
            .bind::<Text, _>(account.to_string())
            .bind::<Text, _>(id("o", *organization))
            .bind::<Text, _>(role.as_str())
            .execute(conn)?;
        }
        for territory in &person.territories {
            diesel::sql_query("INSERT INTO account_territories (account_id, territory_id) VALUES ($1, $2)")
                .bind::<Text, _>(account.to_string())
                .bind::<Text, _>(id("t", *territory))
                .execute(conn)?;
        }
        let absences = person.absences.iter().map(|at| absences::insert(conn, act, &absence(account, *at)));
        filled.absences.push(absences.map(|made| Ok(made?.id)).collect::<Result<_, IdentityError>>()?);
        if !person.enabled {
            diesel::sql_query("UPDATE accounts SET enabled = FALSE WHERE id = $1")
                .bind::<Text, _>(account.to_string())
                .execute(conn)?;
        }
        filled.agents.push(account);
    }
    Ok(filled)
}

fn named(conn: &mut DbConn, insert: &str, act: &Act, id: &str, name: &str) -> Result<(), StoreError> {
    diesel::sql_query(format!("{insert} VALUES ($1, $2, $3, $4)"))
        .bind::<Text, _>(id)
        .bind::<Text, _>(name)
        .bind::<Timestamp, _>(act.now().naive_utc())
        .bind::<Timestamp, _>(act.now().naive_utc())
        .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn organization(
    conn: &mut DbConn,
    act: &Act,
    id: &str,
    territory: Option<&str>,
) -> Result<i64, IdentityError> {
    named(conn, "INSERT INTO organizations (id, name, created_at, updated_at)", act, id, id)?;
    if let Some(territory) = territory {
        diesel::sql_query("UPDATE organizations SET territory_id = $1 WHERE id = $2")
            .bind::<Text, _>(territory)
            .bind::<Text, _>(id)
            .execute(conn)?;
    }
    let query = diesel::sql_query("SELECT number FROM organizations WHERE id = $1");
    Ok(query.bind::<Text, _>(id).get_result::<Number>(conn)?.number)
}

fn account(conn: &mut DbConn, act: &Act, made_at: i64) -> Result<AccountId, StoreError> {
    let id = AccountId::new(act.now());
    let made_at = (act.now() + TimeDelta::seconds(made_at)).naive_utc();
    diesel::sql_query(
        "INSERT INTO accounts (id, login, login_key, email, email_key, given_name, roles, provisional, enabled,
            created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, 'Zoé', '[]', $6, $7, $8, $9)",
    )
    .bind::<Text, _>(id.to_string())
    .bind::<Text, _>(id.to_string())
    .bind::<Text, _>(id.to_string())
    .bind::<Text, _>(format!("Zoe.{id}@Example.org"))
    .bind::<Text, _>(uid(id))
    .bind::<Bool, _>(false)
    .bind::<Bool, _>(true)
    .bind::<Timestamp, _>(made_at)
    .bind::<Timestamp, _>(made_at)
    .execute(conn)?;
    Ok(id)
}

/// The uid of an agent of a filled directory.
pub(crate) fn uid(id: AccountId) -> String {
    format!("zoe.{id}@example.org")
}
