//! Applications and requesters for tests of the rules.

use auth_claims::roles::Role;
use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::access::{Permission, Requester};
use super::application::{Application, Kind};
use super::config::Section;

/// The organisations of a test.
pub(crate) const ORGANIZATIONS: [&str; 2] = ["org-helios", "org-selene"];

/// Who calls, before it is a [`Requester`].
#[derive(Debug, Clone)]
pub(crate) struct Claims {
    pub(crate) organization: Option<&'static str>,
    pub(crate) roles: Vec<Role>,
    pub(crate) permissions: Vec<Permission>,
}

impl Claims {
    pub(crate) fn requester(&self) -> Requester {
        let permissions = self.permissions.iter().map(|permission| permission.as_str());
        Requester::new(self.organization, self.roles.iter().copied(), permissions)
    }

    pub(crate) fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    pub(crate) fn has(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// Somebody with these roles in the first organisation, and no permission.
pub(crate) fn member(roles: &[Role]) -> Claims {
    Claims { organization: Some(ORGANIZATIONS[0]), roles: roles.to_vec(), permissions: vec![] }
}

/// Every combination of roles, permissions and organisation.
pub(crate) fn claims() -> impl Strategy<Value = Claims> {
    let organization = prop_oneof![
        1 => Just(None),
        4 => prop::sample::select(ORGANIZATIONS.to_vec()).prop_map(Some),
    ];
    // Few at a time as well as many: most interesting callers hold one role or two.
    let roles = prop_oneof![
        prop::sample::subsequence(Role::ALL.to_vec(), 0..=2),
        prop::sample::subsequence(Role::ALL.to_vec(), 0..=Role::ALL.len()),
    ];
    let permissions = prop::sample::subsequence(Permission::ALL.to_vec(), 0..=4);
    (organization, roles, permissions).prop_map(|(organization, roles, permissions)| Claims {
        organization,
        roles,
        permissions,
    })
}

/// What a `GENESYS` application needs, for an application of any kind.
pub(crate) const NEEDED: &str = r#""organizationId":"g","pcEnvironment":"mypurecloud.ie""#;

/// A configuration with what every kind needs, and any of the sections.
pub(crate) fn config() -> impl Strategy<Value = String> {
    let section =
        || prop::option::of(prop::sample::select(vec!["null", "{}", r#"{"secret":1}"#, "[2]", "\"x\""]));
    let other = prop::option::of(prop::sample::select(vec!["{}", "null", "3"]));
    (prop::array::uniform3(section()), other).prop_map(|(sections, other)| {
        let sections = Section::ALL.into_iter().zip(sections);
        let sections = sections.filter_map(|(section, value)| Some((section.key(), value?)));
        let entries = sections.chain(other.map(|value| ("agentparameters", value)));
        let entries: Vec<_> = entries.map(|(key, value)| format!(",\"{key}\":{value}")).collect();
        format!("{{{NEEDED}{}}}", entries.concat())
    })
}

/// Any application of one of the two organisations.
pub(crate) fn application() -> impl Strategy<Value = Application> {
    let organization = prop::sample::select(ORGANIZATIONS.to_vec());
    let kind = prop::sample::select(Kind::ALL.to_vec());
    (organization, kind, config(), 0..5_i64, any::<[bool; 3]>()).prop_map(
        |(organization, kind, config, version, [visible, disabled, anonymous])| Application {
            visible,
            disabled,
            version,
            anonymous_registration_enabled: anonymous,
            ..sample(organization, kind, &config)
        },
    )
}

/// An application.
pub(crate) fn sample(organization: &str, kind: Kind, config: &str) -> Application {
    Application {
        id: "a-1".parse().unwrap(),
        organization_id: organization.parse().unwrap(),
        kind,
        config: config.parse().unwrap(),
        version: 0,
        created_at: at(0),
        modified_at: at(0),
        visible: true,
        disabled: false,
        expires_at: None,
        anonymous_registration_enabled: false,
    }
}

/// An instant.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}
