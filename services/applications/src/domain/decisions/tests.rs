use auth_claims::roles::Role;
use proptest::prelude::*;
use rstest::rstest;

use super::{change, create, delete};
use crate::domain::access::Permission;
use crate::domain::application::{Application, Kind};
use crate::domain::command::{CreateCommand, UpdateCommand};
use crate::domain::config::{Section, Sections};
use crate::domain::id::NotAnId;
use crate::domain::refusal::Refusal;
use crate::domain::testing::{
    Claims, NEEDED, ORGANIZATIONS, application, at, claims, config, member, sample,
};

fn creation(kind: Kind, config: &str) -> CreateCommand {
    CreateCommand { kind, config: config.parse().unwrap(), id: None, organization_id: None, disabled: false }
}

fn update(kind: Kind, config: &str) -> UpdateCommand {
    let config = config.parse().unwrap();
    UpdateCommand { kind, config, version: None, organization_id: None, disabled: None }
}

fn service() -> Claims {
    Claims { organization: None, ..member(&[Role::Service]) }
}

/// §7.5 rule 1, §4.3: what a member sends as id and organisation is ignored, also when it is none.
#[test]
fn a_member_creates_in_their_own_organisation() {
    let asked = CreateCommand {
        id: Some("/".to_owned()),
        organization_id: Some(String::new()),
        disabled: true,
        ..creation(Kind::Test, "{}")
    };
    let made = create(&member(&[Role::Admin]).requester(), asked, at(5)).unwrap();
    let expected = Application {
        disabled: true,
        id: made.id.clone(),
        created_at: at(5),
        modified_at: at(5),
        ..sample(ORGANIZATIONS[0], Kind::Test, "{}")
    };
    assert_eq!(*made, expected);
    assert_eq!(made.id.as_str().len(), 36);
}

#[rstest]
#[case::both(Some("helios-setup"), Some("org-selene"), Ok(("helios-setup", "org-selene")))]
#[case::blank_id(Some(" "), Some("org-selene"), Ok(("", "org-selene")))]
#[case::reserved(Some("organizations"), Some("org-selene"), Err(Refusal::Id(NotAnId::Application)))]
#[case::slash(Some("a/b"), Some("org-selene"), Err(Refusal::Id(NotAnId::Application)))]
#[case::blank_organisation(Some("a"), Some(" "), Err(Refusal::Id(NotAnId::Organization)))]
#[case::no_organisation(Some("a"), None, Err(Refusal::NoOrganization))]
fn an_internal_caller_chooses(
    #[case] id: Option<&str>,
    #[case] organization: Option<&str>,
    #[case] expected: Result<(&str, &str), Refusal>,
) {
    let asked = CreateCommand {
        id: id.map(str::to_owned),
        organization_id: organization.map(str::to_owned),
        ..creation(Kind::SetupTest, "{}")
    };
    let made = create(&service().requester(), asked, at(0));
    match expected {
        Ok((id, organization)) => {
            let made = made.unwrap();
            assert!(id.is_empty() || made.id.as_str() == id);
            assert_eq!(made.organization_id.as_str(), organization);
        }
        Err(refusal) => assert_eq!(made.unwrap_err(), refusal),
    }
}

/// §7.5: the permission comes before the content.
#[test]
fn who_may_not_create_hears_nothing_of_the_content() {
    let requester = member(&[Role::Admin]).requester();
    assert_eq!(create(&requester, creation(Kind::Genesys, "{}"), at(0)).unwrap_err(), Refusal::Forbidden);
    let entitled = Claims { permissions: vec![Permission::Add], ..member(&[]) };
    let refusal = create(&entitled.requester(), creation(Kind::Genesys, "{}"), at(0)).unwrap_err();
    assert_eq!(refusal.to_string(), "config.organizationId is required for type GENESYS");
}

/// §7.2, the order of the checks: each request is wrong in every later respect too.
#[rstest]
#[case::out_of_reach("org-selene", &[Role::Admin], &[], Refusal::Unknown)]
#[case::may_not("org-helios", &[Role::Admin], &[], Refusal::Forbidden)]
#[case::permission_for_the_requested_kind_only("org-helios", &[Role::Agent], &[Permission::Edit], Refusal::Forbidden)]
#[case::version("org-helios", &[Role::Admin], &[Permission::Edit], Refusal::VersionMismatch)]
fn checks_come_in_the_order_of_the_contract(
    #[case] organization: &str,
    #[case] roles: &[Role],
    #[case] permissions: &[Permission],
    #[case] expected: Refusal,
) {
    let stored = sample(organization, Kind::Genesys, &format!("{{{NEEDED}}}"));
    let claims = Claims { permissions: permissions.to_vec(), ..member(roles) };
    let command = UpdateCommand { version: Some(9), ..update(Kind::Test, "{}") };
    assert_eq!(change(&claims.requester(), &command, &stored, at(1)).unwrap_err(), expected);
}

#[test]
fn content_is_checked_before_the_version() {
    let stored = sample(ORGANIZATIONS[0], Kind::Test, "{}");
    let claims = Claims { permissions: vec![Permission::Edit], ..member(&[Role::Admin]) };
    let command = UpdateCommand { version: Some(9), ..update(Kind::Genesys, "{}") };
    let refusal = change(&claims.requester(), &command, &stored, at(1)).unwrap_err();
    assert!(matches!(refusal, Refusal::Config(_)), "{refusal:?}");
}

/// §7.2 rule 7: only internal callers move an application; what others say is ignored, also when it is no id.
#[rstest]
#[case::internal(service(), "org-selene", Ok("org-selene"))]
#[case::internal_blank(service(), "", Err(Refusal::Id(NotAnId::Organization)))]
#[case::member(member(&[Role::Admin]), "org-selene", Ok("org-helios"))]
#[case::member_blank(member(&[Role::Admin]), "", Ok("org-helios"))]
fn only_internal_callers_move(
    #[case] claims: Claims,
    #[case] to: &str,
    #[case] expected: Result<&str, Refusal>,
) {
    let stored = sample(ORGANIZATIONS[0], Kind::Test, "{}");
    let command = UpdateCommand { organization_id: Some(to.to_owned()), ..update(Kind::Test, "{}") };
    let changed = change(&claims.requester(), &command, &stored, at(1));
    assert_eq!(
        changed.as_ref().map(|changed| changed.organization_id.as_str()).map_err(|refusal| *refusal),
        expected
    );
}

/// The type is switched by somebody who may, and who would see everything afterwards: what was hidden from them is
/// gone.
#[test]
fn switching_the_type_shows_nothing_that_was_hidden() {
    let config = format!(r#"{{{NEEDED},"serviceParameters":1,"agentParameters":1,"customerParameters":1}}"#);
    let stored = sample(ORGANIZATIONS[0], Kind::Genesys, &config);
    let claims = Claims { permissions: vec![Permission::Edit], ..member(&[Role::Admin]) };
    let changed =
        change(&claims.requester(), &update(Kind::Test, r#"{"agentParameters":2}"#), &stored, at(1));
    assert_eq!(changed.unwrap().config.to_string(), r#"{"agentParameters":2}"#);
    // As long as it stays what it is, nothing is lost.
    let same = update(Kind::Genesys, &format!(r#"{{{NEEDED},"agentParameters":2}}"#));
    let changed = change(&claims.requester(), &same, &stored, at(1)).unwrap();
    let kept: Vec<_> = changed.config.redacted(Sections::ALL).keys().map(str::to_owned).collect();
    assert_eq!(
        kept,
        ["agentParameters", "customerParameters", "organizationId", "pcEnvironment", "serviceParameters"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Threat 14: for every application x, whether x may be stored does not depend on how it comes about.
    #[test]
    fn threat_14_a_change_passes_the_checks_of_creation(
        stored in application(),
        kind in prop::sample::select(Kind::ALL.to_vec()),
        text in prop_oneof![
            config(),
            prop::sample::select(vec![
                "{}", r#"{"organizationId":"a"}"#, r#"{"organizationId":"a","pcEnvironment":" "}"#,
                r#"{"organizationId":1,"pcEnvironment":"b"}"#, r#"{"pcEnvironment":"b"}"#,
            ]).prop_map(str::to_owned),
        ],
        organization in prop::option::of(prop::sample::select(vec!["org-selene", "", " ", "a\0", "x"])),
    ) {
        let claims = Claims { organization: Some("org-helios"), ..service() };
        let organization_id = organization.map(str::to_owned);
        let made = CreateCommand { organization_id: organization_id.clone(), ..creation(kind, &text) };
        let changed = UpdateCommand { organization_id, ..update(kind, &text) };
        let made = create(&claims.requester(), made, at(0)).map(|_| ());
        let changed = change(&claims.requester(), &changed, &stored, at(0)).map(|_| ());
        prop_assert_eq!(made, changed);
    }

    /// Threat 15: whatever somebody writes, and whatever they are, the answer to their next question holds no value
    /// of a section that was hidden from them, and what they may not reach stays as it was.
    #[test]
    fn threat_15_no_sequence_of_calls_shows_what_was_hidden(
        claims in claims(), stored in application(), sent in config(), to in prop::sample::select(Kind::ALL.to_vec()),
        organization in prop::option::of(prop::sample::select(ORGANIZATIONS.to_vec())),
    ) {
        let requester = claims.requester();
        let organization_id = organization.map(str::to_owned);
        let command = UpdateCommand { organization_id, ..update(to, &sent) };
        let Ok(changed) = change(&requester, &command, &stored, at(1)) else { return Ok(()) };
        let before = requester.reach(&stored).unwrap().sections();
        let after = requester.reach(&changed).unwrap().sections();
        let value = |config: &str, section: Section| {
            let all: serde_json::Value = serde_json::from_str(config).unwrap();
            all.get(section.key()).cloned()
        };
        for section in Section::ALL {
            let (old, new) = (value(&stored.config.to_string(), section), value(&changed.config.to_string(), section));
            if after.contains(section) && !before.contains(section) {
                prop_assert!(new.is_none() || new == value(&sent, section));
            }
            if !after.contains(section) && !before.contains(section) && value(&sent, section).is_none() {
                prop_assert_eq!(new, old);
            }
        }
    }

    /// §7.2 rules 3 and 5, §4.2: what a change leaves alone.
    #[test]
    fn a_change_leaves_the_rest_alone(stored in application(), disabled in any::<Option<bool>>()) {
        let command = UpdateCommand {
            disabled, version: Some(stored.version), ..update(stored.kind, &format!("{{{NEEDED}}}"))
        };
        let claims = Claims { roles: vec![Role::GlobalAdmin], ..service() };
        let changed = change(&claims.requester(), &command, &stored, at(9)).unwrap();
        let expected = Application {
            version: stored.version + 1,
            modified_at: at(9),
            disabled: disabled.unwrap_or(stored.disabled),
            config: command.config,
            ..stored
        };
        prop_assert_eq!(changed.into_inner(), expected);
    }

    /// §7.3: 404 before 403.
    #[test]
    fn a_deletion_out_of_reach_is_unknown(claims in claims(), stored in application()) {
        let requester = claims.requester();
        match requester.reach(&stored) {
            Err(refusal) => prop_assert_eq!(delete(&requester, &stored), Err(refusal)),
            Ok(reached) => prop_assert_eq!(delete(&requester, &stored), reached.may_delete()),
        }
    }
}
