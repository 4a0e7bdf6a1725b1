use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use super::Operation::{ChangeBases, IssueTemporaryToken, ManageApiTokens, ManageLinks, ReadBase, Share};
use super::Permission::{Read, Write};
use super::*;

fn account(number: u128) -> AccountId {
    AccountId::from(Uuid::from_u128(number))
}

fn facts(owner: Owner, user_share: Option<Permission>, group_shares: &[(i64, Permission)]) -> Facts {
    Facts { owner, user_share, group_shares: group_shares.to_vec() }
}

/// What the caller, account 1, gets of every operation, in the order of [`Operation::ALL`].
fn outcomes(facts: &Facts, memberships: &Memberships) -> [Option<Permission>; 6] {
    Operation::ALL
        .map(|operation| facts.decide(&account(1), memberships, operation).ok().map(Granted::permission))
}

/// The table of §9, column by column. The operations are: API-Tokens, temporary token, Base-Token, links, bases, shares.
#[rstest]
#[case::owner(facts(Owner::Account(account(1)), None, &[]), &[], [Some(Write); 6])]
#[case::group_owner(facts(Owner::Group(12), None, &[]), &[(12, GroupRole::Owner)], [Some(Write); 6])]
#[case::group_admin(facts(Owner::Group(12), None, &[]), &[(12, GroupRole::Admin)], [Some(Write); 6])]
#[case::group_member(
    facts(Owner::Group(12), None, &[]), &[(12, GroupRole::Member)],
    [None, Some(Write), Some(Write), None, Some(Write), None]
)]
#[case::rw_share(
    facts(Owner::Account(account(2)), Some(Write), &[]), &[],
    [None, Some(Write), Some(Write), None, None, None]
)]
#[case::r_share(
    facts(Owner::Account(account(2)), Some(Read), &[]), &[],
    [None, None, Some(Read), None, None, None]
)]
#[case::stranger(facts(Owner::Account(account(2)), None, &[]), &[], [None; 6])]
#[case::rw_share_of_a_group(
    facts(Owner::Account(account(2)), None, &[(7, Write)]), &[(7, GroupRole::Member)],
    [None, Some(Write), Some(Write), None, None, None]
)]
#[case::a_group_that_only_shares_makes_no_administrator(
    facts(Owner::Group(12), None, &[(7, Write)]), &[(7, GroupRole::Owner)],
    [None, Some(Write), Some(Write), None, None, None]
)]
#[case::rw_beats_r(
    facts(Owner::Account(account(2)), Some(Read), &[(7, Read), (8, Write)]),
    &[(7, GroupRole::Admin), (8, GroupRole::Member)],
    [None, Some(Write), Some(Write), None, None, None]
)]
#[case::an_r_share_takes_nothing_from_a_member(
    facts(Owner::Group(12), Some(Read), &[(12, Read)]), &[(12, GroupRole::Member)],
    [None, Some(Write), Some(Write), None, Some(Write), None]
)]
#[case::shared_with_another_group(
    facts(Owner::Account(account(2)), None, &[(7, Write)]), &[(8, GroupRole::Owner)], [None; 6]
)]
#[case::member_of_another_group(facts(Owner::Group(12), None, &[]), &[(13, GroupRole::Owner)], [None; 6])]
fn the_table_of_the_contract(
    #[case] facts: Facts,
    #[case] groups: &[(i64, GroupRole)],
    #[case] expected: [Option<Permission>; 6],
) {
    let order = [ManageApiTokens, IssueTemporaryToken, ReadBase, ManageLinks, ChangeBases, Share];
    assert_eq!(Operation::ALL, order);
    let memberships: Memberships = groups.iter().copied().collect();
    assert_eq!(outcomes(&facts, &memberships), expected);
}

/// For whom, in the order of [`Operation::ALL`], the directory is asked. Nobody asks it for nothing.
#[rstest]
#[case::own(facts(Owner::Account(account(1)), None, &[(7, Write)]), [false; 6])]
#[case::a_strangers(facts(Owner::Account(account(2)), None, &[]), [false; 6])]
#[case::shared_with_them(facts(Owner::Account(account(2)), Some(Read), &[(7, Read)]), [false; 6])]
#[case::shared_with_a_group(
    facts(Owner::Account(account(2)), None, &[(7, Read)]), [false, true, true, false, false, false]
)]
#[case::more_by_a_group(
    facts(Owner::Account(account(2)), Some(Read), &[(7, Write)]), [false, true, true, false, false, false]
)]
#[case::no_more_by_a_group(facts(Owner::Account(account(2)), Some(Write), &[(7, Write)]), [false; 6])]
#[case::of_a_group(facts(Owner::Group(12), None, &[]), [true; 6])]
#[case::of_a_group_and_shared(
    facts(Owner::Group(12), Some(Write), &[]), [true, false, false, true, true, true]
)]
fn groups_are_asked_for_where_they_matter(#[case] facts: Facts, #[case] expected: [bool; 6]) {
    let asked = Operation::ALL.map(|operation| facts.needs_groups(&account(1), operation));
    assert_eq!(asked, expected);
}

#[test]
fn of_two_roles_in_a_group_the_greater_counts() {
    let memberships: Memberships = [(1, GroupRole::Admin), (1, GroupRole::Member)].into_iter().collect();
    assert_eq!(memberships.role_in(1), Some(GroupRole::Admin));
    assert_eq!(memberships.groups().collect::<Vec<_>>(), [1]);
}

fn permission() -> impl Strategy<Value = Permission> {
    proptest::sample::select(Permission::ALL.to_vec())
}

fn memberships() -> impl Strategy<Value = Memberships> {
    let role = proptest::sample::select(vec![GroupRole::Member, GroupRole::Admin, GroupRole::Owner]);
    proptest::collection::vec((1_i64..5, role), 0..4).prop_map(|all| all.into_iter().collect())
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let owner = prop_oneof![
        (1_u128..3).prop_map(|number| Owner::Account(account(number))),
        (1_i64..5).prop_map(Owner::Group),
    ];
    let group_shares = proptest::collection::vec((1_i64..5, permission()), 0..4);
    (owner, proptest::option::of(permission()), group_shares)
        .prop_map(|(owner, user_share, group_shares)| Facts { owner, user_share, group_shares })
}

fn operation() -> impl Strategy<Value = Operation> {
    proptest::sample::select(Operation::ALL.to_vec())
}

proptest! {
    /// Where groups are said not to matter, they do not.
    #[test]
    fn whoever_is_not_asked_for_groups_gets_what_they_would_get_anyway(
        facts in any_facts(), operation in operation(), groups in memberships(),
    ) {
        let with = facts.decide(&account(1), &groups, operation);
        let without = facts.decide(&account(1), &Memberships::default(), operation);
        if !facts.needs_groups(&account(1), operation) {
            prop_assert_eq!(with, without);
        }
    }

    /// Threat 15: without a share, a group or a workspace of one's own there is nothing.
    #[test]
    fn threat_15_a_stranger_gets_nothing(
        group_shares in proptest::collection::vec((1_i64..5, permission()), 0..4),
        owner in prop_oneof![Just(Owner::Account(account(2))), (1_i64..5).prop_map(Owner::Group)],
        operation in operation(),
    ) {
        let facts = Facts { owner, user_share: None, group_shares };
        let outcome = facts.decide(&account(1), &Memberships::default(), operation);
        prop_assert_eq!(outcome, Err(Refusal::Forbidden));
    }

    /// More shares never take anything away, and shares alone never administer.
    #[test]
    fn a_share_only_adds(
        facts in any_facts(), groups in memberships(), operation in operation(), share in permission(),
    ) {
        let before = facts.decide(&account(1), &groups, operation).ok().map(Granted::permission);
        let more = Facts { user_share: facts.user_share.max(Some(share)), ..facts.clone() };
        let after = more.decide(&account(1), &groups, operation).ok().map(Granted::permission);
        prop_assert!(after >= before);
        if matches!(operation, ManageApiTokens | ManageLinks | ChangeBases | Share) {
            prop_assert_eq!(after, before);
        }
    }
}
