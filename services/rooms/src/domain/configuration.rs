//! A room's `configuration`: a closed object, refused with one error object per problem.
//!
//! `contracts/meet.md` §8.4. The value is kept and given back as sent: a lenient `"yes"` stays the string `"yes"`.

use meet_dialect::json::Json;
use meet_dialect::python_text;
use serde::{Serialize, Serializer};

const SOURCES: &str = "can_publish_sources";
const MUTE: &str = "everyone_can_mute";
const KNOWN_SOURCES: [&str; 4] = ["camera", "microphone", "screen_share", "screen_share_audio"];
const EXPECTED_SOURCES: &str = "'camera', 'microphone', 'screen_share' or 'screen_share_audio'";
const LENIENT_BOOLEANS: [&str; 12] =
    ["0", "1", "off", "on", "f", "t", "false", "true", "n", "y", "no", "yes"];
/// The error pages that the original's validation library links to.
const ERROR_PAGES: &str = "https://errors.pydantic.dev/2.13/v/";

/// A valid configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration(Json);

impl Configuration {
    /// The configuration of a room for which none was given.
    #[must_use]
    pub fn empty() -> Self {
        Self(Json::Object(Vec::new()))
    }

    /// Checks a value against the rules of §8.4.
    ///
    /// # Errors
    /// Every problem: known keys first in the order of their declaration, then unknown keys in input order.
    pub fn parse(value: &Json) -> Result<Self, Vec<ConfigurationProblem>> {
        let Json::Object(members) = value else {
            return Err(vec![ConfigurationProblem::new(Problem::NotAnObject, vec![], value)]);
        };
        let mut problems = Vec::new();
        if let Some(sources) = value.get(SOURCES) {
            check_sources(sources, &mut problems);
        }
        if let Some(mute) = value.get(MUTE) {
            problems.extend(
                boolean_problem(mute)
                    .map(|kind| ConfigurationProblem::new(kind, vec![MUTE.to_owned()], mute)),
            );
        }
        let unknown = members.iter().filter(|(key, _)| key != SOURCES && key != MUTE);
        problems
            .extend(unknown.map(|(key, value)| {
                ConfigurationProblem::new(Problem::UnknownKey, vec![key.clone()], value)
            }));
        if problems.is_empty() { Ok(Self(value.clone())) } else { Err(problems) }
    }

    /// The text kept in the database.
    ///
    /// # Errors
    /// None that a parsed configuration can cause.
    pub fn to_stored(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.0)
    }

    /// Reads back what [`Configuration::to_stored`] wrote.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn from_stored(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }
}

impl Serialize for Configuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn check_sources(sources: &Json, problems: &mut Vec<ConfigurationProblem>) {
    match sources {
        Json::Null => {}
        Json::List(items) => {
            for (index, item) in items.iter().enumerate() {
                if !matches!(item, Json::Text(name) if KNOWN_SOURCES.contains(&name.as_str())) {
                    let location = vec![SOURCES.to_owned(), index.to_string()];
                    problems.push(ConfigurationProblem::new(Problem::UnknownSource, location, item));
                }
            }
        }
        other => problems.push(ConfigurationProblem::new(Problem::NotAList, vec![SOURCES.to_owned()], other)),
    }
}

fn boolean_problem(value: &Json) -> Option<Problem> {
    let readable = match value {
        Json::Null | Json::Bool(_) => true,
        Json::Integer(number) => matches!(number, 0 | 1),
        // A whole number is read like an integer; a fraction is no boolean of any kind.
        Json::Float(number) if number.fract() != 0.0 => return Some(Problem::NotABoolean),
        Json::Float(number) => [0.0, 1.0].contains(number),
        Json::Text(word) => LENIENT_BOOLEANS.iter().any(|known| known.eq_ignore_ascii_case(word)),
        Json::List(_) | Json::Object(_) => return Some(Problem::NotABoolean),
    };
    (!readable).then_some(Problem::UnreadableBoolean)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    NotAnObject,
    UnknownKey,
    UnknownSource,
    NotAList,
    UnreadableBoolean,
    NotABoolean,
}

impl Problem {
    fn code(self) -> &'static str {
        match self {
            Self::NotAnObject => "model_type",
            Self::UnknownKey => "extra_forbidden",
            Self::UnknownSource => "literal_error",
            Self::NotAList => "list_type",
            Self::UnreadableBoolean => "bool_parsing",
            Self::NotABoolean => "bool_type",
        }
    }

    fn message(self) -> String {
        match self {
            Self::NotAnObject => {
                "Input should be a valid dictionary or instance of RoomConfiguration".to_owned()
            }
            Self::UnknownKey => "Extra inputs are not permitted".to_owned(),
            Self::UnknownSource => format!("Input should be {EXPECTED_SOURCES}"),
            Self::NotAList => "Input should be a valid list".to_owned(),
            Self::UnreadableBoolean => {
                "Input should be a valid boolean, unable to interpret input".to_owned()
            }
            Self::NotABoolean => "Input should be a valid boolean".to_owned(),
        }
    }

    /// What its message was made from.
    fn context(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::NotAnObject => Some(("class_name", "RoomConfiguration")),
            Self::UnknownSource => Some(("expected", EXPECTED_SOURCES)),
            _ => None,
        }
    }
}

/// One problem of a configuration, in the shape clients of the dialect know.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigurationProblem {
    kind: Problem,
    location: Vec<String>,
    input: Json,
}

impl ConfigurationProblem {
    fn new(kind: Problem, location: Vec<String>, input: &Json) -> Self {
        Self { kind, location, input: python_text::stringified(input) }
    }

    /// As clients see it.
    #[must_use]
    pub fn into_json(self) -> Json {
        let text = |text: &str| Json::Text(text.to_owned());
        let code = self.kind.code();
        let context = self.kind.context();
        let members = [
            Some(("type", text(code))),
            Some(("loc", Json::List(self.location.into_iter().map(Json::Text).collect()))),
            Some(("msg", Json::Text(self.kind.message()))),
            Some(("input", self.input)),
            context.map(|(name, value)| ("ctx", Json::Object(vec![(name.to_owned(), text(value))]))),
            Some(("url", Json::Text(format!("{ERROR_PAGES}{code}")))),
        ];
        Json::Object(members.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Configuration, ConfigurationProblem};

    fn problems(json: &str) -> String {
        let refused = Configuration::parse(&serde_json::from_str(json).unwrap()).unwrap_err();
        let refused: Vec<_> = refused.into_iter().map(ConfigurationProblem::into_json).collect();
        serde_json::to_string(&refused).unwrap()
    }

    #[rstest]
    #[case::empty("{}")]
    #[case::all_sources(r#"{"can_publish_sources":null}"#)]
    #[case::no_source(r#"{"can_publish_sources":[]}"#)]
    #[case::duplicates(r#"{"can_publish_sources":["camera","screen_share_audio","camera"]}"#)]
    #[case::null(r#"{"everyone_can_mute":null}"#)]
    #[case::boolean(r#"{"everyone_can_mute":false,"can_publish_sources":["microphone","screen_share"]}"#)]
    #[case::zero(r#"{"everyone_can_mute":0}"#)]
    #[case::one_point_zero(r#"{"everyone_can_mute":1.0}"#)]
    #[case::word(r#"{"everyone_can_mute":"YeS"}"#)]
    #[case::letter(r#"{"everyone_can_mute":"f"}"#)]
    fn a_valid_configuration_is_kept_as_sent(#[case] json: &str) {
        let configuration = Configuration::parse(&serde_json::from_str(json).unwrap()).unwrap();
        assert_eq!(configuration.to_stored().unwrap(), json);
        assert_eq!(Configuration::from_stored(json).unwrap(), configuration);
    }

    #[rstest]
    #[case::text(r#""{}""#, r#""{}""#)]
    #[case::number("7", r#""7""#)]
    #[case::list("[1]", r#"["1"]"#)]
    fn only_an_object_is_a_configuration(#[case] json: &str, #[case] input: &str) {
        let expected = format!(
            r#"[{{"type":"model_type","loc":[],"msg":"Input should be a valid dictionary or instance of RoomConfiguration","input":{input},"ctx":{{"class_name":"RoomConfiguration"}},"url":"https://errors.pydantic.dev/2.13/v/model_type"}}]"#
        );
        assert_eq!(problems(json), expected);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_value() {
        assert_eq!(
            problems(r#"{"colour":"red"}"#),
            r#"[{"type":"extra_forbidden","loc":["colour"],"msg":"Extra inputs are not permitted","input":"red","url":"https://errors.pydantic.dev/2.13/v/extra_forbidden"}]"#
        );
    }

    #[test]
    fn an_unknown_source_is_refused_at_its_index() {
        assert_eq!(
            problems(r#"{"can_publish_sources":["camera","Camera"]}"#),
            r#"[{"type":"literal_error","loc":["can_publish_sources","1"],"msg":"Input should be 'camera', 'microphone', 'screen_share' or 'screen_share_audio'","input":"Camera","ctx":{"expected":"'camera', 'microphone', 'screen_share' or 'screen_share_audio'"},"url":"https://errors.pydantic.dev/2.13/v/literal_error"}]"#
        );
    }

    #[rstest]
    #[case::text(r#"{"can_publish_sources":"camera"}"#, "list_type", "Input should be a valid list")]
    #[case::object(r#"{"can_publish_sources":{}}"#, "list_type", "Input should be a valid list")]
    #[case::word(
        r#"{"everyone_can_mute":"maybe"}"#,
        "bool_parsing",
        "Input should be a valid boolean, unable to interpret input"
    )]
    #[case::two(
        r#"{"everyone_can_mute":2}"#,
        "bool_parsing",
        "Input should be a valid boolean, unable to interpret input"
    )]
    #[case::fraction(r#"{"everyone_can_mute":0.5}"#, "bool_type", "Input should be a valid boolean")]
    #[case::list(r#"{"everyone_can_mute":[true]}"#, "bool_type", "Input should be a valid boolean")]
    #[case::object(r#"{"everyone_can_mute":{}}"#, "bool_type", "Input should be a valid boolean")]
    fn a_value_of_the_wrong_type_names_its_problem(
        #[case] json: &str,
        #[case] code: &str,
        #[case] message: &str,
    ) {
        let rendered = problems(json);
        assert!(rendered.starts_with(&format!(r#"[{{"type":"{code}","loc":["#)), "{rendered}");
        assert!(rendered.contains(&format!(r#""msg":"{message}","#)), "{rendered}");
    }

    #[test]
    fn known_keys_come_first_then_unknown_ones_in_input_order() {
        let rendered =
            problems(r#"{"z":1,"everyone_can_mute":"x","a":null,"can_publish_sources":[true,"camera",3]}"#);
        let problems: serde_json::Value = serde_json::from_str(&rendered).unwrap();
        let seen: Vec<_> =
            problems.as_array().unwrap().iter().map(|p| (p["loc"].to_string(), p["input"].clone())).collect();
        assert_eq!(
            seen,
            [
                (r#"["can_publish_sources","0"]"#.to_owned(), "True".into()),
                (r#"["can_publish_sources","2"]"#.to_owned(), "3".into()),
                (r#"["everyone_can_mute"]"#.to_owned(), "x".into()),
                (r#"["z"]"#.to_owned(), "1".into()),
                (r#"["a"]"#.to_owned(), "None".into()),
            ]
        );
    }
}
