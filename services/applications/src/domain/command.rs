//! What a body asks for. `contracts/auvious-applications.md` §4.2, §4.3, §4.6.
//!
//! The types of all members are checked here, before anybody asks who calls: a member that will be ignored still has
//! to be one. Unknown members are ignored, and of a member that comes twice the last one counts.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::application::Kind;
use super::config::Config;
use super::json::{self, Unkept};

/// Why a body asks for nothing; each displays the sentence that the client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    /// There is none.
    #[error("Required request body is missing")]
    Missing,
    /// It cannot be read, or is no object.
    #[error("Malformed JSON request")]
    Malformed,
    /// It can be read, but not kept.
    #[error(transparent)]
    Unkept(#[from] Unkept),
    /// It lacks a member.
    #[error("{0} is required")]
    Required(&'static str),
    /// A member is of another type.
    #[error("{0} must be {1}")]
    Type(&'static str, &'static str),
}

/// A new application.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateCommand {
    /// What it is for.
    pub kind: Kind,
    /// Its configuration.
    pub config: Config,
    /// The id, as given. Internal callers choose one.
    pub id: Option<String>,
    /// Whose it shall be, as given. Internal callers choose one.
    pub organization_id: Option<String>,
    /// Whether authentication through it is refused.
    pub disabled: bool,
}

/// A change of an application.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateCommand {
    /// What it is for.
    pub kind: Kind,
    /// Its configuration.
    pub config: Config,
    /// The version it was read in.
    pub version: Option<i64>,
    /// Whose it shall be, as given. Internal callers choose one.
    pub organization_id: Option<String>,
    /// Whether authentication through it is refused; none leaves it as it is.
    pub disabled: Option<bool>,
}

impl CreateCommand {
    /// Reads a body.
    ///
    /// # Errors
    /// [`BadBody`].
    pub fn parse(body: &[u8]) -> Result<Self, BadBody> {
        let members = Members::parse(body)?;
        Ok(Self {
            kind: members.kind()?,
            config: members.config()?,
            id: members.text("id")?,
            organization_id: members.text("organizationId")?,
            disabled: members.flag("disabled")?.unwrap_or_default(),
        })
    }
}

impl UpdateCommand {
    /// Reads a body. Its `id` is ignored: the path decides.
    ///
    /// # Errors
    /// [`BadBody`].
    pub fn parse(body: &[u8]) -> Result<Self, BadBody> {
        let members = Members::parse(body)?;
        Ok(Self {
            kind: members.kind()?,
            config: members.config()?,
            version: members.version()?,
            organization_id: members.text("organizationId")?,
            disabled: members.flag("disabled")?,
        })
    }
}

/// The members of an object, each as it was sent.
struct Members(BTreeMap<String, Box<RawValue>>);

impl Members {
    fn parse(body: &[u8]) -> Result<Self, BadBody> {
        if body.is_empty() {
            return Err(BadBody::Missing);
        }
        let text = std::str::from_utf8(body).map_err(|_| BadBody::Malformed)?;
        json::look_through(text)?;
        serde_json::from_str(text).map(Self).map_err(|_| BadBody::Malformed)
    }

    /// A member, unless it is `null`, which is the same as none.
    fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.get()).filter(|text| *text != "null")
    }

    fn read<T: DeserializeOwned>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, BadBody> {
        let value = self.given(name).map(serde_json::from_str).transpose();
        value.map_err(|_| BadBody::Type(name, expected))
    }

    fn text(&self, name: &'static str) -> Result<Option<String>, BadBody> {
        self.read(name, "a string")
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, BadBody> {
        self.read(name, "true or false")
    }

    /// §4.6: an integer of 64 bits, written as one.
    fn version(&self) -> Result<Option<i64>, BadBody> {
        self.read("version", "an integer of 64 bits")
    }

    fn kind(&self) -> Result<Kind, BadBody> {
        const NAMES: &str =
            "one of GENESYS, STANDALONE_OPENID, TALKDESK_OPENID, NICE_CXONE_OPENID, TEST, SETUP_TEST";
        let name = self.read::<String>("type", NAMES)?.ok_or(BadBody::Required("type"))?;
        name.parse().map_err(|_| BadBody::Type("type", NAMES))
    }

    fn config(&self) -> Result<Config, BadBody> {
        let text = self.given("config").ok_or(BadBody::Required("config"))?;
        text.parse().map_err(|_| BadBody::Type("config", "an object"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{BadBody, CreateCommand, UpdateCommand};
    use crate::domain::application::Kind;
    use crate::domain::json::Unkept;

    const NO_VERSION: BadBody = BadBody::Type("version", "an integer of 64 bits");
    const KINDS: &str =
        "one of GENESYS, STANDALONE_OPENID, TALKDESK_OPENID, NICE_CXONE_OPENID, TEST, SETUP_TEST";

    #[rstest]
    #[case::nothing("", BadBody::Missing)]
    #[case::blank(" ", BadBody::Malformed)]
    #[case::cut("{", BadBody::Malformed)]
    #[case::list("[]", BadBody::Malformed)]
    #[case::null("null", BadBody::Malformed)]
    #[case::trailing(r#"{"type":"TEST","config":{}} x"#, BadBody::Malformed)]
    #[case::not_a_number(r#"{"type":"TEST","config":{"a":NaN}}"#, BadBody::Malformed)]
    #[case::no_type(r#"{"config":{}}"#, BadBody::Required("type"))]
    #[case::null_type(r#"{"type":null,"config":{}}"#, BadBody::Required("type"))]
    #[case::lower_case(r#"{"type":"genesys","config":{}}"#, BadBody::Type("type", KINDS))]
    #[case::number_for_type(r#"{"type":0,"config":{}}"#, BadBody::Type("type", KINDS))]
    #[case::no_config(r#"{"type":"TEST"}"#, BadBody::Required("config"))]
    #[case::null_config(r#"{"type":"TEST","config":null}"#, BadBody::Required("config"))]
    #[case::list_config(r#"{"type":"TEST","config":[]}"#, BadBody::Type("config", "an object"))]
    #[case::text_config(r#"{"type":"TEST","config":"{}"}"#, BadBody::Type("config", "an object"))]
    #[case::flag(
        r#"{"type":"TEST","config":{},"disabled":"true"}"#,
        BadBody::Type("disabled", "true or false")
    )]
    #[case::number_for_flag(
        r#"{"type":"TEST","config":{},"disabled":1}"#,
        BadBody::Type("disabled", "true or false")
    )]
    #[case::organization(
        r#"{"type":"TEST","config":{},"organizationId":7}"#,
        BadBody::Type("organizationId", "a string")
    )]
    #[case::surrogate(r#"{"type":"TEST","config":{"a":"\ud800"}}"#, BadBody::Unkept(Unkept::Surrogate))]
    fn both_refuse(#[case] body: &str, #[case] expected: BadBody) {
        assert_eq!(CreateCommand::parse(body.as_bytes()), Err(expected));
        assert_eq!(UpdateCommand::parse(body.as_bytes()), Err(expected));
    }

    #[test]
    fn both_refuse_what_is_not_utf_8() {
        assert_eq!(CreateCommand::parse(b"{\"a\":\"\xff\"}"), Err(BadBody::Malformed));
    }

    #[rstest]
    #[case::absent("", Ok(None))]
    #[case::null(r#","version":null"#, Ok(None))]
    #[case::zero(r#","version":0"#, Ok(Some(0)))]
    #[case::negative(r#","version":-1"#, Ok(Some(-1)))]
    #[case::largest(r#","version":9223372036854775807"#, Ok(Some(i64::MAX)))]
    #[case::too_large(r#","version":9223372036854775808"#, Err(NO_VERSION))]
    #[case::text(r#","version":"1""#, Err(NO_VERSION))]
    #[case::fraction(r#","version":1.0"#, Err(NO_VERSION))]
    #[case::exponent(r#","version":1e1"#, Err(NO_VERSION))]
    #[case::flag(r#","version":true"#, Err(NO_VERSION))]
    #[case::list(r#","version":[1]"#, Err(NO_VERSION))]
    #[case::last_counts(r#","version":"x","version":2"#, Ok(Some(2)))]
    fn a_version_is_an_integer(#[case] member: &str, #[case] expected: Result<Option<i64>, BadBody>) {
        let body = format!(r#"{{"type":"TEST","config":{{}}{member}}}"#);
        let parsed = UpdateCommand::parse(body.as_bytes());
        assert_eq!(parsed.map(|command| command.version), expected);
        assert!(
            CreateCommand::parse(body.as_bytes()).is_ok(),
            "a new application has no version to be given"
        );
    }

    #[test]
    fn what_is_unknown_is_ignored_and_the_last_of_a_name_counts() {
        let body = br#"{"type":"TEST","x":[1],"visible":7,"type":"SETUP_TEST","config":[],"config":{},"id":null,"disabled":null}"#;
        let command = CreateCommand::parse(body).unwrap();
        assert_eq!((command.kind, command.id, command.disabled), (Kind::SetupTest, None, false));
        assert_eq!(command.config.to_string(), "{}");
    }

    /// Whatever nesting is sent, in whichever member.
    #[rstest]
    #[case::config(r#"{"type":"TEST","config":{"a":"#)]
    #[case::unknown(r#"{"type":"TEST","config":{},"x":"#)]
    #[case::disabled(r#"{"type":"TEST","config":{},"disabled":"#)]
    fn deep_nesting_is_refused(#[case] start: &str, #[values(1_000, 100_000)] depth: usize) {
        let body = format!("{start}{}{}}}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(UpdateCommand::parse(body.as_bytes()), Err(BadBody::Unkept(Unkept::TooDeep)));
    }
}
