//! Changes at the same time, by two directories on one database: none is lost.

use futures_util::future::join_all;
use identity::{
    IdentityError,
    accounts::{self, AccountId, AccountProfile},
    act::Act,
    audit::Origin,
    groups,
};
use rstest::rstest;
use store::DbConn;
use test_kit::Backend;

use crate::fixture::Fixture;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn memberships_given_at_once_are_all_kept(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.replica().await];
    let ada = fixture.account("ada").await.id;
    for number in 0..24 {
        fixture.group(&format!("g{number:02}")).await;
    }
    let joining = (0..24).map(|number| {
        let (directory, act) = (directories[number % 2].clone(), fixture.act());
        tokio::spawn(async move {
            // Half of them as an edit of the whole profile: what was read must be what is changed.
            let group = format!("g{number:02}");
            let join = move |conn: &mut _| {
                if number % 4 < 2 {
                    return groups::add_member(conn, &act, &group, ada).map(drop);
                }
                let account =
                    accounts::find_for_change(conn, ada)?.ok_or(IdentityError::Unknown("account"))?;
                let mut profile = AccountProfile::from(&account);
                profile.groups.push(group.clone());
                accounts::update(conn, &act, ada, &profile.check()?).map(drop)
            };
            directory.db().write(join).await
        })
    });
    for joined in join_all(joining).await {
        joined.unwrap().unwrap();
    }
    let account = fixture.identity.find_account(ada).await.unwrap().unwrap();
    assert_eq!(account.groups.len(), 24, "{:?}", account.groups);
}

/// The bound of a hundred holds for those who come at once, too.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_bound_holds_for_all_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.replica().await];
    let ada = fixture.account("ada").await.id;
    let groups: Vec<String> = (0..110).map(|number| format!("g{number:03}")).collect();
    for group in &groups {
        fixture.group(group).await;
    }
    for group in &groups[..95] {
        fixture.join(group, ada).await.unwrap();
    }
    let joining = groups[95..].iter().enumerate().map(|(number, group)| {
        let (directory, group) = (directories[number % 2].clone(), group.clone());
        let act = Act::new(&fixture.clock, &Origin::default());
        tokio::spawn(async move {
            directory.db().write(move |conn| groups::add_member(conn, &act, &group, ada)).await
        })
    });
    let joined =
        join_all(joining).await.into_iter().filter(|joined| joined.as_ref().unwrap().is_ok()).count();
    let account = fixture.identity.find_account(ada).await.unwrap().unwrap();
    assert_eq!((joined, account.groups.len()), (5, 100));
}

type Change = fn(&mut DbConn, &Act, AccountId) -> Result<bool, IdentityError>;

/// Whoever is made owner or administrator while they leave is neither, or has not left.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_in_a_group_that_they_have_left(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.replica().await];
    let ada = fixture.account("ada").await.id;
    let group = fixture.group("night").await;
    for _ in 0..8 {
        fixture.join("night", ada).await.unwrap();
        let changes: [Change; 4] = [
            |conn, act, ada| groups::set_owner(conn, act, "night", Some(ada)),
            |conn, act, ada| groups::set_admin(conn, act, "night", ada, true),
            |conn, act, ada| groups::remove_member(conn, act, "night", ada),
            |conn, act, ada| {
                let account =
                    accounts::find_for_change(conn, ada)?.ok_or(IdentityError::Unknown("account"))?;
                let profile = AccountProfile { groups: Vec::new(), ..AccountProfile::from(&account) };
                accounts::update(conn, act, ada, &profile.check()?).map(|_| true)
            },
        ];
        let running = changes.into_iter().enumerate().map(|(number, change)| {
            let (directory, act) = (directories[number % 2].clone(), fixture.act());
            tokio::spawn(async move { directory.db().write(move |conn| change(conn, &act, ada)).await })
        });
        for outcome in join_all(running).await {
            let outcome = outcome.unwrap();
            assert!(matches!(outcome, Ok(_) | Err(IdentityError::Unknown("member"))), "{outcome:?}");
        }
        let left = fixture.identity.memberships(ada).await.unwrap().is_empty();
        let standing = fixture.identity.group_standing(group.number).await.unwrap().unwrap();
        let raw = fixture.texts("SELECT account_id AS value FROM group_admins").await;
        assert!(left && standing.group.owner.is_none() && raw.is_empty(), "{standing:?} {raw:?}");
    }
}
