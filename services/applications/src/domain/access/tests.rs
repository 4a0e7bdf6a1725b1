//! Tables A and B, written down once more, role by role, and compared with the rules for every combination.

use auth_claims::roles::Role;
use proptest::prelude::*;
use rstest::rstest;

use super::{Availability, Listing, Permission, Refusal, Requester};
use crate::domain::application::{Application, Kind};
use crate::domain::config::{Section, Sections};
use crate::domain::testing::{Claims, NEEDED, ORGANIZATIONS, application, claims, member, sample};

/// One row of table B: what a single role shows of an application of the own organisation.
fn row_of_b(role: Role, kind: Kind) -> &'static str {
    match role {
        Role::GlobalAdmin => "SAC",
        Role::Admin if kind != Kind::Genesys => "SAC",
        Role::Admin | Role::Supervisor | Role::Agent => "A",
        Role::Customer => "C",
        Role::Service | Role::ClientService => "S",
        Role::Intervenant => "",
    }
}

/// Table B as the contract has it: the rows of all roles and permissions, united. `None`: no access.
fn table_b(claims: &Claims, application: &Application) -> Option<Sections> {
    let own = claims.organization == Some(application.organization_id.as_str());
    let everywhere = [Role::GlobalAdmin, Role::Service];
    if !own && !everywhere.into_iter().any(|role| claims.is(role)) {
        return None;
    }
    let roles = claims.roles.iter().filter(|role| own || everywhere.contains(role));
    let mut letters: String = roles.map(|role| row_of_b(*role, application.kind)).collect();
    if own && claims.has(Permission::View) {
        letters.push_str("SAC");
    }
    Some(Sections {
        service: letters.contains('S'),
        agent: letters.contains('A'),
        customer: letters.contains('C'),
    })
}

/// Columns 2, 3 and 5 of table A for one role: whether it writes in the own organisation.
fn row_of_a(claims: &Claims, role: Option<Role>, kind: Kind, permission: Permission) -> bool {
    let permitted = kind == Kind::Genesys && claims.has(permission);
    match role {
        Some(Role::GlobalAdmin | Role::Service) => true,
        Some(Role::Admin) => permitted || kind != Kind::Genesys,
        Some(Role::Customer) => false,
        _ => permitted,
    }
}

fn table_a(claims: &Claims, own: bool, kind: Kind, permission: Permission) -> bool {
    let internal = claims.is(Role::GlobalAdmin) || claims.is(Role::Service);
    let roles: Vec<_> = claims.roles.iter().copied().filter(|role| *role != Role::Intervenant).collect();
    let any_role = if roles.is_empty() {
        row_of_a(claims, None, kind, permission)
    } else {
        roles.into_iter().any(|role| row_of_a(claims, Some(role), kind, permission))
    };
    internal || (own && any_role)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Threat 15. Whatever somebody holds, they see what table B shows them, and nothing of what is not theirs.
    #[test]
    fn threat_15_nobody_sees_more_than_table_b(claims in claims(), application in application()) {
        let requester = claims.requester();
        let reached = requester.reach(&application);
        let Some(seen) = table_b(&claims, &application) else {
            prop_assert_eq!(reached.err(), Some(Refusal::Unknown));
            return Ok(());
        };
        let reached = reached.unwrap();
        prop_assert_eq!(reached.sections(), seen);
        let shown: Vec<_> = reached.config().keys().map(str::to_owned).collect();
        for section in Section::ALL {
            prop_assert!(seen.contains(section) || !shown.iter().any(|key| key == section.key()));
        }
        // §6 rule 6: to look at something does not change it; what is no section is there.
        let all: Vec<_> = application.config.redacted(Sections::ALL).keys().map(str::to_owned).collect();
        let hidden = |key: &&String| Section::ALL.into_iter().any(|s| s.key() == **key && !seen.contains(s));
        prop_assert_eq!(all.iter().filter(|key| !hidden(key)).cloned().collect::<Vec<_>>(), shown);
    }

    /// Threat 15. Table A, columns 2, 3 and 5, for every combination.
    #[test]
    fn threat_15_nobody_writes_more_than_table_a(
        claims in claims(), application in application(), to in prop::sample::select(Kind::ALL.to_vec()),
    ) {
        let requester = claims.requester();
        let own = claims.organization == Some(application.organization_id.as_str());
        let may = |kind, permission| table_a(&claims, own, kind, permission);
        prop_assert_eq!(
            requester.may_create(to).is_ok(),
            table_a(&claims, claims.organization.is_some(), to, Permission::Add)
        );
        if let Ok(reached) = requester.reach(&application) {
            let changes = may(application.kind, Permission::Edit) && may(to, Permission::Edit);
            prop_assert_eq!(reached.may_change_to(to).is_ok(), changes);
            prop_assert_eq!(reached.may_delete().is_ok(), may(application.kind, Permission::Delete));
        }
    }

    /// Threat 15. A list, and with it its total, holds only what its reader may know of; and everything that a narrower
    /// role of theirs would list.
    #[test]
    fn threat_15_lists_hold_what_may_be_listed(claims in claims(), application in application()) {
        let requester = claims.requester();
        let own = claims.organization == Some(application.organization_id.as_str());
        let expected = claims.is(Role::GlobalAdmin)
            || (claims.is(Role::Service) && application.visible)
            || (own && (claims.is(Role::Admin) || application.visible));
        prop_assert_eq!(requester.listing().holds(&application), expected);
        prop_assert!(!expected || requester.reach(&application).is_ok());
        let of = Some(application.organization_id.clone());
        match requester.listing_of(of) {
            Ok(listing) => prop_assert!(requester.is_internal() && listing.holds(&application)),
            Err(refusal) => prop_assert!(!requester.is_internal() && refusal == Refusal::Forbidden),
        }
    }

    /// Table A, column 6, and §7.6.
    #[test]
    fn availability_is_for_clients(claims in claims()) {
        let expected = if claims.is(Role::Service) || claims.is(Role::GlobalAdmin) {
            Ok(Availability::Anywhere)
        } else if let (true, Some(own)) = (claims.is(Role::ClientService), claims.organization) {
            Ok(Availability::Within(own.parse().unwrap()))
        } else {
            Err(Refusal::Forbidden)
        };
        prop_assert_eq!(claims.requester().availability(), expected);
    }

    /// §7.5 rule 2: nobody but an internal caller names an organisation.
    #[test]
    fn threat_15_nobody_creates_for_others(claims in claims(), asked in prop::option::of(0..2_usize)) {
        let asked = asked.map(|index| ORGANIZATIONS[index]);
        let internal = claims.is(Role::Service) || claims.is(Role::GlobalAdmin);
        let expected = asked.filter(|_| internal).or(claims.organization);
        let found = claims.requester().organization_of_new(asked.map(|asked| asked.parse().unwrap()));
        prop_assert_eq!(found.ok().map(|id| id.to_string()), expected.map(str::to_owned));
    }
}

/// Table B, the rows that name exactly one role, as the contract prints them.
#[rstest]
#[case::global_admin(&[Role::GlobalAdmin], Kind::Genesys, "SAC")]
#[case::admin_of_genesys(&[Role::Admin], Kind::Genesys, "A")]
#[case::admin_of_others(&[Role::Admin], Kind::Test, "SAC")]
#[case::supervisor(&[Role::Supervisor], Kind::Test, "A")]
#[case::agent(&[Role::Agent], Kind::Test, "A")]
#[case::customer(&[Role::Customer], Kind::Test, "C")]
#[case::service(&[Role::Service], Kind::Test, "S")]
#[case::client(&[Role::ClientService], Kind::Genesys, "S")]
#[case::client_and_agent(&[Role::ClientService, Role::Agent], Kind::Genesys, "SA")]
#[case::agent_and_customer(&[Role::Agent, Role::Customer], Kind::Genesys, "AC")]
#[case::intervenant(&[Role::Intervenant], Kind::Test, "")]
#[case::member(&[], Kind::Test, "")]
fn table_b_as_printed(#[case] roles: &[Role], #[case] kind: Kind, #[case] expected: &str) {
    let config = format!(
        r#"{{{NEEDED},"serviceParameters":0,"agentParameters":0,"customerParameters":0,"ServiceParameters":0}}"#
    );
    let (requester, application) = (member(roles).requester(), sample(ORGANIZATIONS[0], kind, &config));
    let reached = requester.reach(&application).unwrap();
    let shown: String = reached.config().keys().filter_map(letter).collect();
    let sorted: String = ["A", "C", "S"].into_iter().filter(|letter| expected.contains(letter)).collect();
    assert_eq!(shown, sorted);
    assert_eq!(reached.config().keys().filter(|key| letter(key).is_none()).count(), 3);
}

fn letter(key: &str) -> Option<char> {
    match key {
        "serviceParameters" => Some('S'),
        "agentParameters" => Some('A'),
        "customerParameters" => Some('C'),
        _ => None,
    }
}

/// §2.2: nobody's claim is a claim to nothing.
#[rstest]
#[case::none(None)]
#[case::empty(Some(""))]
#[case::blank(Some("  "))]
#[case::nul(Some("org-helios\0"))]
fn without_an_organisation_there_is_nothing(#[case] claim: Option<&str>) {
    let all = Permission::ALL.map(Permission::as_str);
    let roles = [Role::Admin, Role::Supervisor, Role::Agent, Role::Customer, Role::ClientService];
    let requester = Requester::new(claim, roles, all);
    assert_eq!(requester.listing(), Listing::Nothing);
    assert_eq!(requester.availability(), Err(Refusal::Forbidden));
    for kind in Kind::ALL {
        assert_eq!(requester.may_create(kind), Err(Refusal::Forbidden));
        let application = sample(ORGANIZATIONS[0], kind, &format!("{{{NEEDED}}}"));
        assert_eq!(requester.reach(&application).err(), Some(Refusal::Unknown));
    }
}

/// §7: whose only role is CUSTOMER never writes, whatever permission they hold; one more role and the union holds.
#[rstest]
#[case::alone(&[Role::Customer], false)]
#[case::with_what_is_no_role_here(&[Role::Customer, Role::Intervenant], false)]
#[case::with_another(&[Role::Customer, Role::Agent], true)]
fn customers_never_write(#[case] roles: &[Role], #[case] writes: bool) {
    let claims = Claims { permissions: Permission::ALL.to_vec(), ..member(roles) };
    let application = sample(ORGANIZATIONS[0], Kind::Genesys, &format!("{{{NEEDED}}}"));
    let requester = claims.requester();
    let reached = requester.reach(&application).unwrap();
    assert_eq!(requester.may_create(Kind::Genesys).is_ok(), writes);
    assert_eq!(reached.may_change_to(Kind::Genesys).is_ok(), writes);
    assert_eq!(reached.may_delete().is_ok(), writes);
}

/// Names are exact: a permission that looks like one is none.
#[test]
fn permissions_are_exact() {
    let almost = ["Integrations:integration:view", "integrations:integration:view ", "integrations:*", ""];
    let requester = Requester::new(Some(ORGANIZATIONS[0]), [Role::Agent], almost);
    assert_eq!(requester, member(&[Role::Agent]).requester());
}
