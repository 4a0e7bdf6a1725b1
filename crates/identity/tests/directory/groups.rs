//! Groups: their ids and numbers, who is in them and as what, and how they are searched.

mod members;
mod races;

use identity::{
    IdentityError,
    accounts::{Account, AccountId},
    act::Act,
    audit::Origin,
    groups::{self, ADMIN, Group, MAX_GROUP_ID},
    pages::Slice,
};
use rstest::rstest;
use store::{DbConn, StoreError};
use test_kit::Backend;

use crate::fixture::{Fixture, HOSTILE};

impl Fixture {
    /// Runs this in a transaction.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DbConn) -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        self.identity.db().write(work).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DbConn) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.identity.db().read(work).await.unwrap()
    }

    fn act(&self) -> Act {
        Act::new(&self.clock, &Origin::default())
    }

    async fn group(&self, id: &str) -> Group {
        self.identity.create_group(id, id, None, &Origin::default()).await.unwrap()
    }

    async fn join(&self, group: &str, account: AccountId) -> Result<bool, IdentityError> {
        let (group, act) = (group.to_owned(), self.act());
        self.change(move |conn| groups::add_member(conn, &act, &group, account)).await
    }

    async fn leave(&self, group: &str, account: AccountId) -> Result<bool, IdentityError> {
        let (group, act) = (group.to_owned(), self.act());
        self.change(move |conn| groups::remove_member(conn, &act, &group, account)).await
    }

    async fn set_admin(&self, group: &str, who: AccountId, admin: bool) -> Result<bool, IdentityError> {
        let (group, act) = (group.to_owned(), self.act());
        self.change(move |conn| groups::set_admin(conn, &act, &group, who, admin)).await
    }

    async fn set_owner(&self, group: &str, owner: Option<AccountId>) -> Result<bool, IdentityError> {
        let (group, act) = (group.to_owned(), self.act());
        self.change(move |conn| groups::set_owner(conn, &act, &group, owner)).await
    }

    async fn set_subadmin(&self, group: &str, who: AccountId, subadmin: bool) -> Result<bool, IdentityError> {
        let (group, act) = (group.to_owned(), self.act());
        let change = if subadmin { groups::add_subadmin } else { groups::remove_subadmin };
        self.change(move |conn| change(conn, &act, &group, who)).await
    }

    async fn found(&self, text: &str, offset: i64, limit: i64) -> Vec<String> {
        let text = text.to_owned();
        let groups = self.read(move |conn| groups::search(conn, &text, Slice { offset, limit })).await;
        groups.into_iter().map(|group| group.id).collect()
    }

    async fn again(&self, account: &Account) -> Account {
        self.identity.find_account(account.id).await.unwrap().unwrap()
    }
}

#[rstest]
#[tokio::test]
async fn a_group_is_made_renamed_and_removed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let made = identity.create_group("atelier", "Atelier", None, &origin).await.unwrap();
    assert_eq!(identity.find_group("atelier").await.unwrap().as_ref(), Some(&made));
    assert_eq!(identity.find_group_by_number(made.number).await.unwrap().as_ref(), Some(&made));
    assert_eq!((made.owner, made.created_at), (None, fixture.clock.now()));
    let again = identity.create_group("atelier", "Other", None, &origin).await;
    assert!(matches!(again, Err(IdentityError::Taken("group id"))), "{again:?}");
    assert!(identity.find_group("Atelier").await.unwrap().is_none(), "ids are case-sensitive");
    identity.create_group("Atelier", "Atelier", None, &origin).await.unwrap();

    identity.rename_group("atelier", "Atelier Nord", &origin).await.unwrap();
    assert_eq!(identity.find_group("atelier").await.unwrap().unwrap().name, "Atelier Nord");
    let blank = identity.rename_group("atelier", " ", &origin).await;
    assert!(matches!(blank, Err(IdentityError::Invalid(_))), "{blank:?}");
    let unknown = identity.rename_group("nowhere", "Name", &origin).await;
    assert!(matches!(unknown, Err(IdentityError::Unknown("group"))), "{unknown:?}");

    identity.delete_group("atelier", &origin).await.unwrap();
    assert!(identity.find_group("atelier").await.unwrap().is_none());
    let gone = identity.delete_group("atelier", &origin).await;
    assert!(matches!(gone, Err(IdentityError::Unknown("group"))), "{gone:?}");
    let anew = identity.create_group("atelier", "Atelier", None, &origin).await.unwrap();
    assert!(anew.number > made.number + 1, "a number came back");
    for (action, times) in [("group.create", 3), ("group.update", 1), ("group.delete", 1)] {
        assert_eq!(fixture.audited(action).await.len(), times, "{action}");
    }
}

/// contracts/ocs-provisioning.md §5.6: stored as they are given.
#[rstest]
#[tokio::test]
async fn an_id_is_any_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let longest = "é".repeat(MAX_GROUP_ID);
    let ids = ["España", "A B/C", "a%2Fb", "0", " around ", "1st@x", "+", "\\", "🏗️ site", longest.as_str()];
    for id in ids {
        fixture.group(id).await;
        assert_eq!(fixture.identity.find_group(id).await.unwrap().unwrap().id, id);
    }
    let endless = "a".repeat(MAX_GROUP_ID + 1);
    for id in ["", " ", "a\0b", "a\u{1b}", endless.as_str()] {
        let refused = fixture.identity.create_group(id, "Name", None, &Origin::default()).await;
        assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{id:?}");
        assert!(fixture.identity.find_group(id).await.unwrap().is_none());
    }
}

#[rstest]
#[tokio::test]
async fn the_group_of_the_administrators_is_there_for_ever(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    assert_eq!(fixture.identity.find_group(ADMIN).await.unwrap().unwrap().name, "admin");
    let refused = fixture.identity.delete_group(ADMIN, &Origin::default()).await;
    assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{refused:?}");
    assert_eq!(fixture.found("", 0, 10).await, [ADMIN]);
}

/// By id and by name, without regard to case beyond ASCII, page by page.
#[rstest]
#[tokio::test]
async fn groups_are_searched(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    for (id, name) in [("b", "Équipe de nuit"), ("a", "Jour"), ("équipe_2", "x%y"), ("C", "Nuit")] {
        fixture.identity.create_group(id, name, None, &Origin::default()).await.unwrap();
    }
    assert_eq!(fixture.found("", 0, 500).await, ["C", "a", "admin", "b", "équipe_2"]);
    assert_eq!(fixture.found("ÉQUIPE", 0, 500).await, ["b", "équipe_2"]);
    assert_eq!(fixture.found("nuit", 0, 500).await, ["C", "b"]);
    assert_eq!(fixture.found("nuit", 1, 500).await, ["b"]);
    assert_eq!(fixture.found("", 1, 2).await, ["a", "admin"]);
    assert_eq!(fixture.found("", 99, 2).await, Vec::<String>::new());
    for (text, found) in [("%", &["équipe_2"]), ("_", &["équipe_2"]), ("X%Y", &["équipe_2"])] {
        assert_eq!(fixture.found(text, 0, 500).await, found, "{text}");
    }
    fixture.identity.rename_group("b", "Tag", &Origin::default()).await.unwrap();
    assert_eq!(fixture.found("nuit", 0, 500).await, ["C"]);
}

/// Threat 25: texts are values, in every look-up and every change.
#[rstest]
#[tokio::test]
async fn threat_25_texts_are_never_statements(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.account("ada").await;
    for text in HOSTILE {
        let made = fixture.identity.create_group(text, "Name", None, &Origin::default()).await;
        assert_eq!(made.is_ok(), !text.contains('\0'), "{text:?}");
        let joined = fixture.join(text, ada.id).await;
        assert_eq!(joined.is_ok(), made.is_ok(), "{text:?}");
        assert_eq!(fixture.found(text, 0, 500).await.contains(&text.to_owned()), made.is_ok(), "{text:?}");
        let (group, search) = (text.to_owned(), text.to_owned());
        let members = fixture.read(move |conn| {
            let slice = Slice { offset: 0, limit: 10 };
            groups::subadmins(conn, &group)?;
            groups::admins(conn, &group)?;
            groups::member_counts(conn, std::slice::from_ref(&group))?;
            Ok((groups::members(conn, &group, "", slice)?, groups::members(conn, &group, &search, slice)?))
        });
        let (members, searched) = members.await;
        assert_eq!((members.len(), searched.len()), (usize::from(made.is_ok()), 0), "{text:?}");
    }
    let kept = fixture.again(&ada).await;
    assert_eq!(kept.groups.len(), HOSTILE.iter().filter(|text| !text.contains('\0')).count());
}

/// A replica of the version before makes groups without what is new; the next start completes what is searched.
#[rstest]
#[tokio::test]
async fn what_an_older_replica_makes_is_completed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let first = fixture.group("first").await;
    let older = "INSERT INTO groups (id, name, created_at, updated_at)
        VALUES ('late', 'Später Zug', '2026-01-01 00:00:00', '2026-01-01 00:00:00')";
    fixture
        .change(move |conn| {
            use diesel::connection::SimpleConnection as _;
            Ok(conn.batch_execute(older).map_err(StoreError::from)?)
        })
        .await
        .unwrap();
    fixture.replica().await;
    assert_eq!(fixture.found("SPÄTER", 0, 10).await, ["late"]);
    assert!(fixture.identity.find_group("late").await.unwrap().unwrap().number > first.number);
}
