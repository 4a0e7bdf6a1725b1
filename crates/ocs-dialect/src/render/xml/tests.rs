use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{document, is_name};
use crate::value::Value;

/// §1.5, every row.
#[test]
fn each_kind_has_its_form() {
    let value = Value::map([
        ("list", Value::list(["jonas", "mira"])),
        ("map", Value::map([("a", "1"), ("7", "seven"), ("7a", "seven a")])),
        ("empty_list", Value::nothing()),
        ("empty_map", Value::Map(vec![])),
        ("empty", Value::from("")),
        ("null", Value::Null),
        ("yes", Value::from(true)),
        ("no", Value::from(false)),
        ("int", Value::from(-7)),
        ("float", Value::from(12.5)),
        ("text", Value::from("a & <b> \"c\" 'd'")),
    ]);
    assert_eq!(
        document("data", &value),
        "<?xml version=\"1.0\"?>\n\
         <data>\n\
         \x20<list>\n\
         \x20 <element>jonas</element>\n\
         \x20 <element>mira</element>\n\
         \x20</list>\n\
         \x20<map>\n\
         \x20 <a>1</a>\n\
         \x20 <element>seven</element>\n\
         \x20 <element>seven a</element>\n\
         \x20</map>\n\
         \x20<empty_list/>\n\
         \x20<empty_map/>\n\
         \x20<empty></empty>\n\
         \x20<null/>\n\
         \x20<yes>1</yes>\n\
         \x20<no></no>\n\
         \x20<int>-7</int>\n\
         \x20<float>12.5</float>\n\
         \x20<text>a &amp; &lt;b&gt; &quot;c&quot; 'd'</text>\n\
         </data>\n"
    );
}

#[test]
fn keys_with_an_at_sign_are_attributes() {
    let versions = Value::map([("min-version", "30"), ("max-version", "3\"1")]);
    let value = Value::map([
        ("nextcloud", Value::map([("@attributes", versions)])),
        ("link", Value::map([("@rel", Value::from("self")), ("href", Value::from("x"))])),
        ("odd", Value::map([("@a b", Value::from("lost")), ("@list", Value::list(["lost"]))])),
    ]);
    assert_eq!(
        document("dependencies", &value),
        "<?xml version=\"1.0\"?>\n\
         <dependencies>\n\
         \x20<nextcloud min-version=\"30\" max-version=\"3&quot;1\"/>\n\
         \x20<link rel=\"self\">\n\
         \x20 <href>x</href>\n\
         \x20</link>\n\
         \x20<odd/>\n\
         </dependencies>\n"
    );
}

/// Ids that are no names, as keys of a map of users.
#[test]
fn keys_that_are_no_names_are_elements() {
    for key in
        ["1", "1a", "a b", "a@example.org", "", "-a", ".", "a:b", "<x>", "a\u{0}", "o'neill", "\u{301}a"]
    {
        assert!(!is_name(key), "{key:?}");
        let text = document("users", &Value::Map(vec![(key.to_owned(), Value::from("x"))]));
        assert!(text.contains("\n <element>x</element>\n"), "{text}");
    }
    for key in ["a", "_a", "é", "a-b.c_9", "España", "李"] {
        assert!(is_name(key), "{key:?}");
    }
}

/// §1.5 has no words for them; a parser would refuse the whole document.
#[test]
fn control_characters_are_replaced() {
    let text = document("a", &Value::from("x\u{0}\u{1}\u{b}\u{1b}\u{fffe}\u{7f}\ty\r\n"));
    assert_eq!(
        text,
        "<?xml version=\"1.0\"?>\n<a>x\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{7f}\ty&#13;\n</a>\n"
    );
}

/// What a parser finds: the texts in their order, and whether the tags match.
fn read(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut texts, mut depth, mut current) = (vec![], 0_usize, None::<String>);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(_) => {
                depth += 1;
                current = Some(String::new());
            }
            Event::Text(text) => {
                if let Some(current) = &mut current {
                    current.push_str(&text.decode().unwrap());
                }
            }
            Event::GeneralRef(name) => {
                let text = match &*name.decode().unwrap() {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "#13" => '\r',
                    other => panic!("{other}"),
                };
                if let Some(current) = &mut current {
                    current.push(text);
                }
            }
            Event::End(_) => {
                depth -= 1;
                texts.extend(current.take());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    texts
}

proptest! {
    /// Whatever the keys and the texts are, the document can be read, and no text becomes anything but text.
    #[test]
    fn a_parser_reads_every_document(entries in prop::collection::vec((".{0,12}", "(?s).{0,20}"), 1..6)) {
        let expected: Vec<String> = entries
            .iter()
            .filter(|(key, _)| !key.starts_with('@'))
            .map(|(_, text)| super::allowed(text).into_owned())
            .collect();
        let entries = entries.into_iter().map(|(key, text)| (key, Value::Text(text)));
        let text = document("root", &Value::Map(entries.collect()));
        let found = read(&text);
        prop_assert_eq!(found, expected, "{}", text);
    }
}
