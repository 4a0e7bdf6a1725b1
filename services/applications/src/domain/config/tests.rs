use proptest::prelude::*;
use rstest::rstest;

use super::{Config, MissingEntry, Section, Sections};
use crate::domain::application::Kind;
use crate::domain::testing::config;

fn read(text: &str) -> Config {
    text.parse().unwrap()
}

fn shown(config: &Config, seen: Sections) -> String {
    serde_json::to_string(&config.redacted(seen)).unwrap()
}

/// §4.6: values are returned unchanged.
#[rstest]
#[case::integer("123456789012345678901234567890")]
#[case::fraction("0.1000000000000000055511151231257827")]
#[case::trailing_zero("1.10")]
#[case::huge("1e400")]
#[case::tiny("-1E-400")]
#[case::minus_zero("-0")]
#[case::order(r#"{"b":1,"a":2}"#)]
#[case::repeated(r#"{"a":1,"a":2}"#)]
#[case::escapes(r#""\u0041\/\u0000\ud83d\ude00""#)]
#[case::spaces("[ 1,\n\t2 ]")]
#[case::reserved_name(r#"{"serviceParameters":1}"#)]
#[case::parser_internals(r#"{"$serde_json::private::RawValue":"[[["}"#)]
#[case::parser_numbers(r#"{"$serde_json::private::Number":"x"}"#)]
fn values_are_kept_as_they_are(#[case] value: &str) {
    let text = format!(r#"{{"agentParameters":{value},"x":{value}}}"#);
    assert_eq!(shown(&read(&text), Sections::ALL), text);
    assert_eq!(read(&text).to_string(), text);
}

/// §6: exact, case-sensitive, top level only, however the key is written.
#[rstest]
#[case::plain(r#"{"serviceParameters":1}"#, "{}")]
#[case::escaped(r#"{"service\u0050arameters":1}"#, "{}")]
#[case::twice(r#"{"serviceParameters":1,"serviceParameters":2}"#, "{}")]
#[case::escaped_again(r#"{"serviceParameters":1,"\u0073erviceParameters":2}"#, "{}")]
#[case::other_case(r#"{"ServiceParameters":1}"#, r#"{"ServiceParameters":1}"#)]
#[case::blank(r#"{"serviceParameters ":1}"#, r#"{"serviceParameters ":1}"#)]
#[case::below(r#"{"a":{"serviceParameters":1}}"#, r#"{"a":{"serviceParameters":1}}"#)]
#[case::null(r#"{"serviceParameters":null}"#, "{}")]
fn sections_are_told_by_their_keys(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(shown(&read(text), Sections::NONE), expected);
}

#[test]
fn the_last_of_a_key_counts() {
    assert_eq!(read(r#"{"a":1,"\u0061":2}"#).to_string(), r#"{"a":2}"#);
}

#[rstest]
#[case::list("[]")]
#[case::text("\"{}\"")]
#[case::null("null")]
#[case::nothing("")]
#[case::cut("{")]
#[case::two("{} {}")]
#[case::deep(&format!("{}{}", "{\"a\":".repeat(1000), "}".repeat(1000)))]
#[case::surrogate(r#"{"a":"\udc00"}"#)]
fn nothing_else_is_a_configuration(#[case] text: &str) {
    assert!(text.parse::<Config>().is_err());
}

/// §4.6, §7.5 rule 3.
#[rstest]
#[case::both(r#"{"organizationId":"a","pcEnvironment":"b"}"#, None)]
#[case::escaped(r#"{"organizationId":"\u0061","pc\u0045nvironment":"b"}"#, None)]
#[case::nothing("{}", Some("organizationId"))]
#[case::no_environment(r#"{"organizationId":"a"}"#, Some("pcEnvironment"))]
#[case::blank(r#"{"organizationId":" \u0009","pcEnvironment":"b"}"#, Some("organizationId"))]
#[case::null(r#"{"organizationId":"a","pcEnvironment":null}"#, Some("pcEnvironment"))]
#[case::number(r#"{"organizationId":"a","pcEnvironment":5}"#, Some("pcEnvironment"))]
#[case::below(r#"{"organizationId":"a","agentParameters":{"pcEnvironment":"b"}}"#, Some("pcEnvironment"))]
fn genesys_needs_two_texts(#[case] text: &str, #[case] missing: Option<&'static str>) {
    let config = read(text);
    assert_eq!(config.check(Kind::Genesys), missing.map_or(Ok(()), |key| Err(MissingEntry(key))));
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Genesys) {
        assert_eq!(config.check(kind), Ok(()));
    }
}

#[test]
fn what_is_missing_is_said_in_the_words_of_the_contract() {
    let said = read(r#"{"organizationId":"a"}"#).check(Kind::Genesys).unwrap_err().to_string();
    assert_eq!(said, "config.pcEnvironment is required for type GENESYS");
}

/// Secrets stay out of logs.
#[test]
fn debug_shows_no_value() {
    let config = read(r#"{"serviceParameters":{"clientSecret":"s3cret"}}"#);
    assert_eq!(
        format!("{config:?} {:?}", config.redacted(Sections::ALL)),
        "Config(1 entries) Redacted(1 entries)"
    );
}

/// §7.2 rule 6, for the section that `SERVICE` does not see, and for the one it sees.
#[rstest]
#[case::hidden_and_absent("{}", r#"{"agentParameters":1}"#)]
#[case::hidden_and_sent(r#"{"agentParameters":2}"#, r#"{"agentParameters":2}"#)]
#[case::hidden_and_null(r#"{"agentParameters":null}"#, "{}")]
#[case::seen_and_sent(r#"{"serviceParameters":2}"#, r#"{"agentParameters":1,"serviceParameters":2}"#)]
#[case::seen_and_null(r#"{"serviceParameters":null}"#, r#"{"agentParameters":1,"serviceParameters":null}"#)]
#[case::other(r#"{"y":[]}"#, r#"{"agentParameters":1,"y":[]}"#)]
fn what_is_hidden_is_kept_unless_it_is_sent(#[case] sent: &str, #[case] expected: &str) {
    let stored = read(r#"{"serviceParameters":1,"agentParameters":1,"x":1}"#);
    let seen = Sections::only(Section::Service);
    assert_eq!(read(sent).replacing(&stored, seen, seen).to_string(), expected);
}

proptest! {
    /// To read and to write back what one sees changes nothing, whatever one sees.
    #[test]
    fn reading_and_writing_back_changes_nothing(text in config(), seen in any::<[bool; 3]>()) {
        let stored = read(&text);
        let seen = Sections { service: seen[0], agent: seen[1], customer: seen[2] };
        let sent = read(&shown(&stored, seen));
        prop_assert_eq!(sent.replacing(&stored, seen, seen), stored);
    }

    /// Nobody brings a hidden value to light by writing, whatever they see afterwards.
    #[test]
    fn writing_brings_nothing_to_light(
        stored in config(), sent in config(), before in any::<[bool; 3]>(), after in any::<[bool; 3]>(),
    ) {
        let sections = |of: [bool; 3]| Sections { service: of[0], agent: of[1], customer: of[2] };
        let (before, after) = (sections(before), sections(after));
        let (stored, sent) = (read(&stored), read(&sent));
        let result = sent.clone().replacing(&stored, before, after);
        for section in Section::ALL {
            let value = |config: &Config| config.0.get(section.key()).map(|value| value.get().to_owned());
            if after.contains(section) {
                let removed = !before.contains(section) && value(&sent).as_deref() == Some("null");
                prop_assert_eq!(value(&result), value(&sent).filter(|_| !removed));
            }
        }
    }
}
