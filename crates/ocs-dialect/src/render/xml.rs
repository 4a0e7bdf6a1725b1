//! XML, indented by one blank for each level. §1.5.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use crate::value::Value;

/// Without an encoding: the body is UTF-8.
const DECLARATION: &str = "<?xml version=\"1.0\"?>\n";
/// The name of what has none of its own: items of a list, numeric keys, and keys that are no names.
const ELEMENT: &str = "element";

/// The document with this root.
pub(super) fn document(root: &str, value: &Value) -> String {
    let mut writer = Writer::new(DECLARATION.as_bytes().to_vec());
    // Writing into memory does not fail; if it ever did, half a document would be told from a whole one by its end.
    if let Err(error) = element(&mut writer, 0, root, value) {
        tracing::error!("XML is not written: {error}");
    }
    String::from_utf8_lossy(&writer.into_inner()).into_owned()
}

type Written = Result<(), std::io::Error>;

fn element(writer: &mut Writer<Vec<u8>>, level: usize, name: &str, value: &Value) -> Written {
    indent(writer, level)?;
    match value {
        Value::Null => writer.write_event(Event::Empty(BytesStart::new(name)))?,
        Value::Bool(value) => scalar(writer, name, if *value { "1" } else { "" })?,
        Value::Integer(number) => scalar(writer, name, &number.to_string())?,
        Value::Float(number) if number.is_finite() => scalar(writer, name, &number.to_string())?,
        Value::Float(_) => scalar(writer, name, "")?,
        Value::Text(text) => scalar(writer, name, text)?,
        Value::List(items) => {
            let items: Vec<(&str, &Value)> = items.iter().map(|item| (ELEMENT, item)).collect();
            container(writer, level, BytesStart::new(name), &items)?;
        }
        Value::Map(entries) => {
            let (start, children) = parts(name, entries);
            container(writer, level, start, &children)?;
        }
    }
    end_of_line(writer)
}

fn scalar(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> Written {
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    writer.write_event(Event::Text(BytesText::from_escaped(escaped(&allowed(text)))))?;
    writer.write_event(Event::End(BytesEnd::new(name)))
}

fn container(
    writer: &mut Writer<Vec<u8>>,
    level: usize,
    start: BytesStart<'_>,
    children: &[(&str, &Value)],
) -> Written {
    if children.is_empty() {
        return writer.write_event(Event::Empty(start));
    }
    let end = start.to_end().into_owned();
    writer.write_event(Event::Start(start))?;
    end_of_line(writer)?;
    for (name, child) in children {
        element(writer, level + 1, name, child)?;
    }
    indent(writer, level)?;
    writer.write_event(Event::End(end))
}

/// A map's attributes, in the tag of its element, and its children.
fn parts<'v>(name: &'v str, entries: &'v [(String, Value)]) -> (BytesStart<'v>, Vec<(&'v str, &'v Value)>) {
    let (mut start, mut children) = (BytesStart::new(name), Vec::new());
    for (key, value) in entries {
        match (key.strip_prefix('@'), value) {
            (Some("attributes"), Value::Map(attributes)) => {
                for (name, value) in attributes {
                    attribute(&mut start, name, value);
                }
            }
            (Some(name), value) => attribute(&mut start, name, value),
            (None, value) => children.push((if is_name(key) { key.as_str() } else { ELEMENT }, value)),
        }
    }
    (start, children)
}

/// Only what is a name and has a text can be an attribute.
fn attribute(start: &mut BytesStart<'_>, name: &str, value: &Value) {
    let text: Cow<'_, str> = match value {
        Value::Text(text) => text.into(),
        Value::Integer(number) => number.to_string().into(),
        Value::Bool(value) => if *value { "1" } else { "" }.into(),
        _ => return,
    };
    if is_name(name) {
        start.push_attribute((name.as_bytes(), escaped(&allowed(&text)).as_bytes()));
    }
}

/// Whether a key can be the name of an element (XML 1.0 §2.3), without a colon, which would be a name space's.
fn is_name(key: &str) -> bool {
    let mut characters = key.chars();
    characters.next().is_some_and(begins_name) && characters.all(continues_name)
}

fn begins_name(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn continues_name(c: char) -> bool {
    begins_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// XML 1.0 has no way to write these, not even as a reference: one of them would make the document unreadable.
fn allowed(text: &str) -> Cow<'_, str> {
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(is_allowed) {
        return text.into();
    }
    text.chars().map(|c| if is_allowed(c) { c } else { '\u{fffd}' }).collect::<String>().into()
}

/// `& < > "` and, since a parser would make a line feed of it, the carriage return.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn indent(writer: &mut Writer<Vec<u8>>, level: usize) -> Written {
    for _ in 0..level {
        raw(writer, " ")?;
    }
    Ok(())
}

fn end_of_line(writer: &mut Writer<Vec<u8>>) -> Written {
    raw(writer, "\n")
}

fn raw(writer: &mut Writer<Vec<u8>>, text: &str) -> Written {
    std::io::Write::write_all(writer.get_mut(), text.as_bytes())
}

#[cfg(test)]
mod tests;
