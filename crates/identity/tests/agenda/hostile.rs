//! Threat 25: what comes from requests stands for itself.

use chrono::DateTime;
use identity::{
    absences, agents,
    audit::{self, AuditEvent, AuditFilter, Origin},
};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, absence};

/// What has broken string-built SQL, patterns and encodings elsewhere.
const HOSTILE: [&str; 16] = [
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE absences; --",
    "\"; DELETE FROM accounts; --",
    "') UNION SELECT id FROM accounts --",
    "admin'--",
    "%",
    "_",
    "%' ESCAPE '!",
    "\\",
    "\\' OR 1=1 --",
    "$1",
    "?",
    "\0",
    "a\0b",
    "\u{2019} OR 1=1",
];

#[rstest]
#[tokio::test]
async fn threat_25_no_look_up_takes_more_than_a_text(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    let d = filled.agents[3];
    for text in HOSTILE {
        let found = fixture.read(move |conn| {
            let filter = || AuditFilter { limit: 10, ..AuditFilter::default() };
            Ok((
                agents::find_by_uid(conn, text)?,
                agents::level_in(conn, d, text)?,
                audit::list(conn, &AuditFilter { actor: Some(text.to_owned()), ..filter() })?.len(),
                audit::list(conn, &AuditFilter { action: Some(text.to_owned()), ..filter() })?.len(),
            ))
        });
        assert_eq!(found.await, (None, None, 0, 0), "{text:?}");
    }
}

#[rstest]
#[tokio::test]
async fn threat_25_a_title_comes_back_as_it_went_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, filled) = Fixture::example(backend).await;
    for title in HOSTILE.into_iter().filter(|title| !title.contains('\0')) {
        let mut new = absence(filled.agents[0], (9, 8));
        new.title = title.to_owned();
        let mut made = fixture.insert(new).await.unwrap();
        assert_eq!(made.title, title);
        made.title = format!("{title}{title}");
        let (act, changed) = (fixture.act("tester"), made.clone());
        fixture.write(move |conn| absences::update(conn, &act, &changed)).await.unwrap();
        let found = fixture.read(move |conn| absences::find(conn, made.id)).await.unwrap();
        assert_eq!(found.title, made.title);
    }
}

/// A name that the trail had to shorten or to clean is found by the name that the request gave.
#[rstest]
#[tokio::test]
async fn threat_25_an_actor_is_listed_by_the_name_it_gave(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let long = "é".repeat(200);
    let names: Vec<String> = HOSTILE.into_iter().chain([long.as_str()]).map(str::to_owned).collect();
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    for name in names {
        let origin = Origin { actor: Some(name.clone()), ..Origin::default() };
        let found = fixture.write(move |conn| {
            audit::insert(conn, &AuditEvent::new(at, "test", &origin))?;
            let filter = AuditFilter { actor: origin.actor.clone(), limit: 10, ..AuditFilter::default() };
            Ok(audit::list(conn, &filter)?.len())
        });
        assert_eq!(found.await.unwrap(), 1, "{name:?}");
    }
}
