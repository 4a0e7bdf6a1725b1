//! `tessera base`

use base_token::domain::base::{Appearance, NewBase};
use base_token::domain::workspace::Owner;
use base_token::store::{MIGRATIONS, bases, trash, workspaces};
use chrono::{DateTime, Utc};
use rstest::rstest;
use serde_json::{Value, json};
use store::{DatabaseSettings, Db, StoreError};
use tempfile::TempDir;
use test_kit::{Backend, TestDatabase};
use uuid::Uuid;

use super::{DRIFT, NOT_FOUND, REFUSED};
use crate::stack::{Ran, run};

const ACCOUNT: &str = "5d2f0c81-b7e9-4a36-a1c4-e90f3b6d8a27";

/// A database of bases, and nothing else.
struct Bases {
    db: Db,
    database: TestDatabase,
    home: TempDir,
}

impl Bases {
    async fn on(backend: Backend) -> Self {
        let (database, home) = (TestDatabase::on(backend), tempfile::tempdir().unwrap());
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        db.migrate(&MIGRATIONS).await.unwrap();
        Self { db, database, home }
    }

    /// A base of somebody or of a group; trashed at an instant, or in use.
    async fn add(&self, owner: Owner, name: &str, trashed_at: Option<DateTime<Utc>>) -> String {
        let new = NewBase {
            uuid: Uuid::new_v4(),
            workspace_id: 0,
            name: name.parse().unwrap(),
            appearance: Appearance::default(),
            created_by: ACCOUNT.parse().unwrap(),
        };
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let made = self.db.write(move |conn| {
            let workspace_id = workspaces::ensure(conn, &owner, now)?.id;
            let made = bases::insert(conn, &NewBase { workspace_id, ..new.clone() }, now)?.unwrap();
            if let Some(at) = trashed_at {
                assert!(trash::put(conn, made.id, &made.created_by, at)?);
            }
            Ok::<_, StoreError>(made)
        });
        made.await.unwrap().uuid_text()
    }

    fn tessera(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["base"], arguments].concat())
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let variables = [
            ("TESSERA_DATA_DIR", self.home.path().join("data").display().to_string()),
            ("TESSERA_BASES__DATABASE__URL", self.database.url()),
            ("TESSERA_BASES__TRASH_RETENTION", "7d".to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        run("tessera", arguments, &variables, "")
    }

    fn list(&self, flags: &[&str]) -> Value {
        self.tessera(&[&["list", "--json"], flags].concat()).expect(0).json()
    }
}

fn mira() -> Owner {
    Owner::Account(ACCOUNT.parse().unwrap())
}

/// Bases are listed, those in the trash apart, with the instant at which they go.
#[rstest]
#[tokio::test]
async fn bases_are_listed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bases = Bases::on(backend).await;
    assert_eq!(bases.list(&[]), json!([]));
    let trashed_at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let own = bases.add(mira(), "Stock\u{1b}[2J", None).await;
    let of_group = bases.add(Owner::Group(12), "Sales", None).await;
    let gone = bases.add(mira(), "Old", Some(trashed_at)).await;
    let uuids = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|base| base["uuid"].as_str().unwrap().to_owned()).collect()
    };
    let list = bases.list(&[]);
    assert_eq!(uuids(&list), [own.clone(), of_group.clone()]);
    assert_eq!((&list[0]["account_id"], &list[0]["group_number"]), (&json!(ACCOUNT), &json!(null)));
    assert_eq!((&list[1]["account_id"], &list[1]["group_number"]), (&json!(null), &json!(12)));
    let workspace = list[1]["workspace_id"].to_string();
    assert_eq!(uuids(&bases.list(&["--workspace", &workspace])), [of_group]);
    let trash = bases.list(&["--trash"]);
    assert_eq!((uuids(&trash), &trash[0]["removed_at"]), (vec![gone], &json!("2027-01-22T08:00:00Z")));
    let text = bases.tessera(&["list"]).expect(0).stdout;
    assert!(text.lines().count() == 3 && text.contains("group 12") && !text.contains('\u{1b}'), "{text}");
}

/// A base comes back under its name, or another one; what cannot be has its exit status.
#[rstest]
#[tokio::test]
async fn a_base_is_restored(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bases = Bases::on(backend).await;
    let trashed_at = Some(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let first = bases.add(mira(), "Stock", trashed_at).await;
    let second = bases.add(mira(), "Stock", trashed_at).await;
    let restored = bases.tessera(&["restore", &first, "--json"]).expect(0).json();
    assert_eq!((&restored["name"], &restored["trashed_at"]), (&json!("Stock"), &json!(null)));
    bases.tessera(&["restore", &first]).expect_sentence(REFUSED, &["is not in the trash"]);
    bases.tessera(&["restore", &second]).expect_sentence(REFUSED, &["Stock", "--name"]);
    bases.tessera(&["restore", &second, "--name", "a/b"]).expect_sentence(2, &["--name"]);
    let text = bases.tessera(&["restore", &second, "--name", "Stock 2"]).expect(0).stdout;
    assert!(text.contains("Stock 2") && text.contains(&second), "{text}");
    assert_eq!(bases.list(&["--trash"]), json!([]));
    let nobody = Uuid::new_v4().to_string();
    bases.tessera(&["restore", &nobody]).expect_sentence(NOT_FOUND, &["there is no base"]);
    bases.tessera(&["restore", "no-uuid"]).expect(2);
}

/// The section `bases` of a bootstrap file, whose owners are people and groups of the same file.
#[rstest]
#[tokio::test]
async fn bases_are_declared(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bases = Bases::on(backend).await;
    let file = bases.home.path().join("bootstrap.yaml");
    let text = "
groups:
  - { id: logistics, name: Logistics }
accounts:
  - { login: mira, display_name: Mira Holt }
bases:
  - { uuid: 3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613, name: Stock Room, owner: mira, color: red }
  - { uuid: 7b1c2d34-0000-4000-8000-00000000000a, name: Sales, group: logistics }
";
    std::fs::write(&file, text).unwrap();
    let path = file.display().to_string();
    let apply = |more: &[&str]| bases.run(&[&["apply", &path], more].concat());
    let planned = apply(&["--dry-run", "--json"]).expect(DRIFT).json();
    let made = apply(&["--json"]).expect(0).json();
    assert_eq!(planned, made);
    let kinds: Vec<_> = made.as_array().unwrap().iter().map(|change| change["kind"].clone()).collect();
    assert_eq!(json!(kinds), json!(["group", "account", "base", "base"]));
    let names: Vec<_> = bases.list(&[]).as_array().unwrap().iter().map(|base| base["name"].clone()).collect();
    assert_eq!(json!(names), json!(["Stock Room", "Sales"]));
    assert_eq!(apply(&["--json"]).expect(0).json(), json!([]));
    std::fs::write(&file, text.replace("owner: mira", "owner: nobody")).unwrap();
    apply(&[]).expect_sentence(REFUSED, &["bases[0].owner"]);
    std::fs::write(&file, text.replace("Stock Room", "a/b")).unwrap();
    apply(&["--dry-run"]).expect_sentence(REFUSED, &["bases[0].name"]);
}
