//! Members, owners, administrators, sub-administrators.

use std::collections::HashMap;

use auth_claims::roles::Role;
use identity::{
    IdentityError,
    accounts::{AccountProfile, NewAccount, NewPassword},
    audit::Origin,
    groups::{self, ADMIN, GroupRole, MemberCount},
    pages::Slice,
};
use rstest::rstest;
use serde_json::json;
use test_kit::Backend;

use crate::fixture::Fixture;

#[rstest]
#[tokio::test]
async fn members_come_and_go_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (ada, bob) = (fixture.account("ada").await, fixture.account("bob").await);
    fixture.group("night").await;
    fixture.pass(5);
    assert!(fixture.join("night", ada.id).await.unwrap());
    assert!(!fixture.join("night", ada.id).await.unwrap(), "it is in it already");
    let joined = fixture.again(&ada).await;
    assert_eq!(
        (joined.groups.as_slice(), joined.updated_at),
        (&["night".to_owned()][..], fixture.clock.now())
    );
    assert!(!fixture.leave("night", bob.id).await.unwrap());
    assert!(fixture.leave("night", ada.id).await.unwrap());
    assert!(fixture.again(&ada).await.groups.is_empty());
    for (action, times) in [("group.add_member", 1), ("group.remove_member", 1)] {
        let events = fixture.audited(action).await;
        assert_eq!(events.len(), times, "{action}");
        assert_eq!(
            (events[0].target.as_deref(), &events[0].detail),
            (Some("night"), &Some(json!({ "account_id": ada.id.to_string() })))
        );
    }
    for unknown in [fixture.join("day", ada.id).await, fixture.leave("day", ada.id).await] {
        assert!(matches!(unknown, Err(IdentityError::Unknown("group"))), "{unknown:?}");
    }
    fixture.identity.delete_account(bob.id, &Origin::default()).await.unwrap();
    for unknown in [fixture.join("night", bob.id).await, fixture.leave("night", bob.id).await] {
        assert!(matches!(unknown, Err(IdentityError::Unknown("account"))), "{unknown:?}");
    }
}

/// So that tokens, which name all of them, have an end; and what was added can be saved with the profile.
#[rstest]
#[tokio::test]
async fn an_account_is_in_a_hundred_groups_at_most(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.account("ada").await;
    for number in 0..=100 {
        fixture.group(&format!("g{number:03}")).await;
    }
    for number in 0..100 {
        assert!(fixture.join(&format!("g{number:03}"), ada.id).await.unwrap());
    }
    let refused = fixture.join("g100", ada.id).await;
    assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{refused:?}");
    let full = fixture.again(&ada).await;
    assert_eq!(full.groups.len(), 100);
    let profile = AccountProfile::from(&full);
    fixture.identity.update_account(ada.id, profile, &Origin::default()).await.unwrap();
    let owned = fixture.identity.create_owned_group("Mine", ada.id, &Origin::default()).await;
    assert!(matches!(owned, Err(IdentityError::Invalid(_))), "{owned:?}");
    assert!(fixture.found("mine", 0, 10).await.is_empty(), "nothing is left of it");
}

#[rstest]
#[tokio::test]
async fn members_are_listed_and_counted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    for group in ["night", "day", "empty"] {
        fixture.group(group).await;
    }
    for (login, name) in [("Zoe", "Anna Zed"), ("bob", "Robert"), ("ada", "Ada")] {
        let profile = AccountProfile { display_name: Some(name.to_owned()), ..AccountProfile::new(login) };
        let new = NewAccount { profile, password: NewPassword::None };
        let account = fixture.identity.create_account(new, &Origin::default()).await.unwrap();
        fixture.join("night", account.id).await.unwrap();
        if login == "bob" {
            fixture.join("day", account.id).await.unwrap();
            fixture.identity.set_account_enabled(account.id, false, &Origin::default()).await.unwrap();
        }
    }
    let logins = async |group: &'static str, search: &'static str, offset, limit| {
        let found =
            fixture.read(move |conn| groups::members(conn, group, search, Slice { offset, limit })).await;
        found.into_iter().map(|account| account.login).collect::<Vec<_>>()
    };
    assert_eq!(logins("night", "", 0, 500).await, ["ada", "bob", "Zoe"]);
    assert_eq!(logins("night", "", 1, 1).await, ["bob"]);
    assert_eq!(logins("night", "ZE", 0, 500).await, ["Zoe"], "by the name shown");
    assert_eq!(logins("night", "BO", 0, 500).await, ["bob"]);
    assert_eq!(logins("day", "a", 0, 500).await, Vec::<String>::new());
    let ids = ["night", "day", "empty", "nowhere"].map(str::to_owned);
    let counts = fixture.read(move |conn| groups::member_counts(conn, &ids)).await;
    let expected = [("night", 3, 1), ("day", 1, 1)]
        .map(|(group, members, disabled)| (group.to_owned(), MemberCount { members, disabled }));
    assert_eq!(counts, HashMap::from(expected));
}

#[rstest]
#[tokio::test]
async fn owner_and_administrators_are_members(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (ada, bob) = (fixture.account("ada").await, fixture.account("bob").await);
    let origin = Origin::default();
    let group = fixture.identity.create_group("night", "Night", Some(ada.id), &origin).await.unwrap();
    assert_eq!((group.owner, fixture.again(&ada).await.groups), (Some(ada.id), vec!["night".to_owned()]));
    for stranger in
        [fixture.set_admin("night", bob.id, true).await, fixture.set_owner("night", Some(bob.id)).await]
    {
        assert!(matches!(stranger, Err(IdentityError::Unknown("member"))), "{stranger:?}");
    }
    fixture.join("night", bob.id).await.unwrap();
    assert!(fixture.set_admin("night", bob.id, true).await.unwrap());
    assert!(!fixture.set_admin("night", bob.id, true).await.unwrap());
    let standing = fixture.identity.group_standing(group.number).await.unwrap().unwrap();
    assert_eq!((standing.admins.as_slice(), standing.members), (&[bob.id][..], 2));
    assert_eq!([ada.id, bob.id].map(|id| standing.role_of(id)), [GroupRole::Owner, GroupRole::Admin]);
    assert_eq!(fixture.identity.memberships(bob.id).await.unwrap(), [(standing, GroupRole::Admin)]);

    // What they are ends with the membership, and does not come back with it.
    for account in [ada.id, bob.id] {
        assert!(fixture.leave("night", account).await.unwrap());
        assert!(fixture.join("night", account).await.unwrap());
    }
    let standing = fixture.identity.group_standing(group.number).await.unwrap().unwrap();
    assert_eq!((standing.group.owner, standing.admins.len(), standing.members), (None, 0, 2));

    // As it does when a profile no longer has the group, but not when it has others besides.
    fixture.set_owner("night", Some(ada.id)).await.unwrap();
    fixture.set_admin("night", ada.id, true).await.unwrap();
    fixture.group("day").await;
    for (held, owner) in [(vec!["day", "night"], Some(ada.id)), (vec!["day"], None), (vec!["night"], None)] {
        let groups = held.into_iter().map(str::to_owned).collect();
        let profile = AccountProfile { groups, ..AccountProfile::from(&fixture.again(&ada).await) };
        fixture.identity.update_account(ada.id, profile, &origin).await.unwrap();
        let standing = fixture.identity.group_standing(group.number).await.unwrap().unwrap();
        assert_eq!((standing.group.owner, standing.admins.is_empty()), (owner, owner.is_none()));
    }

    // And with the account.
    fixture.set_owner("night", Some(bob.id)).await.unwrap();
    fixture.identity.delete_account(bob.id, &origin).await.unwrap();
    assert_eq!(fixture.identity.find_group("night").await.unwrap().unwrap().owner, None);
}

#[rstest]
#[tokio::test]
async fn only_owner_and_administrators_remove_a_group_of_their_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let [ada, bob, eve] =
        [fixture.account("ada").await.id, fixture.account("bob").await.id, fixture.account("eve").await.id];
    let made = identity.create_owned_group("Night", ada, &origin).await.unwrap();
    let (id, number) = (made.group.id.clone(), made.group.number);
    assert_eq!((made.members, id.len()), (1, 36), "an id that nobody chose");
    for member in [bob, eve] {
        fixture.join(&id, member).await.unwrap();
    }
    let refused = identity.delete_owned_group(number, eve, &origin).await;
    assert!(matches!(refused, Err(IdentityError::Unknown(_))), "{refused:?}");
    fixture.set_admin(&id, bob, true).await.unwrap();
    assert!(identity.delete_owned_group(number, bob, &origin).await.unwrap());
    assert!(!identity.delete_owned_group(number, bob, &origin).await.unwrap(), "there is none any more");
    assert!(identity.memberships(eve).await.unwrap().is_empty());

    // Whoever owns the group of the administrators may do so too, but not that.
    fixture.join(ADMIN, ada).await.unwrap();
    fixture.set_owner(ADMIN, Some(ada)).await.unwrap();
    let admins = identity.find_group(ADMIN).await.unwrap().unwrap().number;
    let refused = identity.delete_owned_group(admins, ada, &origin).await;
    assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{refused:?}");
}

/// Threat 15: to own a group, or to administer it, is not to administer its members.
#[rstest]
#[tokio::test]
async fn threat_15_sub_administrators_are_named_and_nothing_else_makes_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (ada, bob) = (fixture.account("ada").await.id, fixture.account("bob").await.id);
    fixture.identity.create_group("night", "Night", Some(ada), &Origin::default()).await.unwrap();
    fixture.set_admin("night", ada, true).await.unwrap();
    fixture.identity.create_owned_group("Mine", ada, &Origin::default()).await.unwrap();
    assert!(fixture.read(move |conn| groups::subadmin_of(conn, ada)).await.is_empty());

    assert!(fixture.set_subadmin("night", bob, true).await.unwrap());
    assert!(!fixture.set_subadmin("night", bob, true).await.unwrap());
    fixture.group("day").await;
    fixture.set_subadmin("day", bob, true).await.unwrap();
    assert_eq!(fixture.read(move |conn| groups::subadmin_of(conn, bob)).await, ["day", "night"]);
    assert_eq!(fixture.read(|conn| groups::subadmins(conn, "night")).await, [bob]);
    assert!(fixture.identity.memberships(bob).await.unwrap().is_empty(), "no member for that");
    let of_admins = fixture.set_subadmin(ADMIN, bob, true).await;
    assert!(matches!(of_admins, Err(IdentityError::Invalid(_))), "{of_admins:?}");
    let unknown = fixture.set_subadmin("nowhere", bob, true).await;
    assert!(matches!(unknown, Err(IdentityError::Unknown("group"))), "{unknown:?}");

    assert!(fixture.set_subadmin("night", bob, false).await.unwrap());
    assert!(!fixture.set_subadmin("night", bob, false).await.unwrap());
    fixture.identity.delete_group("day", &Origin::default()).await.unwrap();
    assert!(fixture.read(move |conn| groups::subadmin_of(conn, bob)).await.is_empty());
    assert_eq!(fixture.audited("group.add_subadmin").await.len(), 2);
    assert_eq!(fixture.audited("group.remove_subadmin").await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn members_of_admin_administer_the_platform(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let profile = AccountProfile { roles: vec![Role::Agent], ..AccountProfile::new("ada") };
    let new = NewAccount { profile, password: NewPassword::None };
    let ada = fixture.identity.create_account(new, &Origin::default()).await.unwrap();
    assert!(!ada.is_administrator());
    fixture.group("administrators").await;
    fixture.join("administrators", ada.id).await.unwrap();
    assert!(!fixture.again(&ada).await.is_administrator(), "another group");
    fixture.join(ADMIN, ada.id).await.unwrap();
    let joined = fixture.again(&ada).await;
    assert_eq!(joined.effective_roles(), [Role::Agent, Role::GlobalAdmin]);
    assert_eq!(joined.roles, [Role::Agent], "nothing that a later save would keep");
    fixture.identity.update_account(ada.id, AccountProfile::from(&joined), &Origin::default()).await.unwrap();
    fixture.leave(ADMIN, ada.id).await.unwrap();
    assert_eq!(fixture.again(&ada).await.effective_roles(), [Role::Agent]);
}
