//! What a client may say about a room, at creation and afterwards: one set of rules for both.

use meet_dialect::field_errors::FieldErrors;
use meet_dialect::fields::{Fields, Given};
use meet_dialect::json::Json;
use meet_dialect::validation::{NULL, choice, not_a_choice};

use super::configuration::{Configuration, ConfigurationProblem};
use super::room::AccessLevel;

/// Which access levels may be asked for through this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelPolicy {
    /// The level of a room for which none is given.
    pub default: AccessLevel,
    /// Whether `public` may be asked for.
    pub allow_public: bool,
}

impl LevelPolicy {
    fn permits(self, level: AccessLevel) -> bool {
        level != AccessLevel::Public || self.allow_public || self.default == AccessLevel::Public
    }
}

/// Validated values for a new or an existing room; what is not given stays as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoomChanges {
    /// The new access level.
    pub access_level: Option<AccessLevel>,
    /// The new configuration.
    pub configuration: Option<Configuration>,
}

impl RoomChanges {
    /// Reads the two writable fields and ignores all others. `contracts/meet.md` §8.3, §8.4.
    ///
    /// # Errors
    /// Everything that is wrong with the fields, `access_level` first.
    pub fn parse(fields: &Fields, policy: LevelPolicy) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut changes = Self::default();
        if let Some(given) = fields.optional("access_level") {
            changes.access_level = errors.keep("access_level", access_level(given, policy));
        }
        match fields.optional_object("configuration").as_deref() {
            None => {}
            Some(Json::Null) => errors.add("configuration", NULL),
            Some(value) => match Configuration::parse(value) {
                Ok(configuration) => changes.configuration = Some(configuration),
                Err(problems) => errors.add_problems(
                    "configuration",
                    problems.into_iter().map(ConfigurationProblem::into_json).collect(),
                ),
            },
        }
        errors.or(Some(changes))
    }
}

fn access_level(given: &Given, policy: LevelPolicy) -> Result<AccessLevel, String> {
    let word = choice(Some(given))?;
    let level: AccessLevel = word.parse().map_err(|_| not_a_choice(&word))?;
    if policy.permits(level) {
        Ok(level)
    } else {
        Err("Public rooms are disabled for the external API.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use meet_dialect::fields::Fields;
    use rstest::rstest;

    use super::{LevelPolicy, RoomChanges};
    use crate::domain::room::AccessLevel;

    const SEED: LevelPolicy = LevelPolicy { default: AccessLevel::Trusted, allow_public: false };

    fn parse(json: &str, policy: LevelPolicy) -> Result<RoomChanges, String> {
        RoomChanges::parse(&Fields::from_json(serde_json::from_str(json).unwrap()).unwrap(), policy)
            .map_err(|errors| serde_json::to_string(&errors).unwrap())
    }

    #[rstest]
    #[case::empty("{}", None)]
    #[case::unknown(r#"{"id":1,"name":null,"slug":[],"pin_code":{},"x":"y"}"#, None)]
    #[case::trusted(r#"{"access_level":"trusted"}"#, Some(AccessLevel::Trusted))]
    #[case::restricted(r#"{"access_level":"restricted"}"#, Some(AccessLevel::Restricted))]
    fn valid_levels_are_taken_and_other_fields_ignored(
        #[case] json: &str,
        #[case] level: Option<AccessLevel>,
    ) {
        assert_eq!(parse(json, SEED), Ok(RoomChanges { access_level: level, configuration: None }));
    }

    #[rstest]
    #[case::null("null", "This field may not be null.")]
    #[case::empty("\"\"", "\\\"\\\" is not a valid choice.")]
    #[case::case_matters("\"Trusted\"", "\\\"Trusted\\\" is not a valid choice.")]
    #[case::number("3", "\\\"3\\\" is not a valid choice.")]
    #[case::truth("true", "\\\"True\\\" is not a valid choice.")]
    #[case::list("[\"trusted\"]", "\\\"['trusted']\\\" is not a valid choice.")]
    #[case::public("\"public\"", "Public rooms are disabled for the external API.")]
    fn an_unusable_level_is_named(#[case] value: &str, #[case] message: &str) {
        let refused = parse(&format!(r#"{{"access_level":{value}}}"#), SEED).unwrap_err();
        assert_eq!(refused, format!(r#"{{"access_level":["{message}"]}}"#));
    }

    #[rstest]
    #[case::allowed(AccessLevel::Trusted, true)]
    #[case::default(AccessLevel::Public, false)]
    fn public_is_taken_when_allowed_or_the_default(#[case] default: AccessLevel, #[case] allow_public: bool) {
        let changes = parse(r#"{"access_level":"public"}"#, LevelPolicy { default, allow_public }).unwrap();
        assert_eq!(changes.access_level, Some(AccessLevel::Public));
    }

    #[test]
    fn both_fields_are_reported_level_first() {
        let refused = parse(r#"{"configuration":null,"access_level":null}"#, SEED).unwrap_err();
        assert_eq!(
            refused,
            r#"{"access_level":["This field may not be null."],"configuration":["This field may not be null."]}"#
        );
    }
}
