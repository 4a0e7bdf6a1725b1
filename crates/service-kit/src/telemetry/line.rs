//! One log line, for a person or as JSON.

use std::fmt::Write;

use serde_json::{Map, Value};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime, SystemTime},
};

use super::fields::Fields;
use crate::settings::LogFormat;

/// Everything that a line shows. Fields of OpenTelemetry's machinery (`otel.…`) are not part of it.
pub(super) struct Line<'a> {
    pub(super) metadata: &'a Metadata<'a>,
    pub(super) message: String,
    pub(super) fields: Fields,
}

impl Line<'_> {
    /// The line, with its end.
    pub(super) fn render(self, format: LogFormat, colour: bool) -> String {
        let mut line = match format {
            LogFormat::Human => self.human(colour),
            LogFormat::Json => self.json(),
        };
        line.push('\n');
        line
    }

    fn json(self) -> String {
        let mut members = Map::new();
        for (name, value) in self.fields.0 {
            members.insert(name.to_owned(), value);
        }
        members.insert("timestamp".to_owned(), now().into());
        members.insert("level".to_owned(), self.metadata.level().as_str().into());
        members.insert("target".to_owned(), self.metadata.target().into());
        members.insert("message".to_owned(), self.message.into());
        Value::Object(members).to_string()
    }

    fn human(self, colour: bool) -> String {
        let level = *self.metadata.level();
        let mut line = now();
        if colour {
            let _ = write!(line, " \x1b[{}m{level:>5}\x1b[0m ", colour_of(level));
        } else {
            let _ = write!(line, " {level:>5} ");
        }
        push_text(&mut line, &self.message);
        for (name, value) in self.fields.0 {
            let _ = write!(line, " {name}=");
            match value {
                Value::String(text) if text.contains(char::is_whitespace) => {
                    push_text(&mut line, &format!("{text:?}"));
                }
                Value::String(text) => push_text(&mut line, &text),
                other => line.push_str(&other.to_string()),
            }
        }
        line
    }
}

/// Adds text with control characters escaped: what a client sends must not look like another line, or move the cursor.
fn push_text(line: &mut String, text: &str) {
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
}

fn colour_of(level: Level) -> u8 {
    match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        Level::TRACE => 35,
    }
}

fn now() -> String {
    let mut text = String::new();
    match SystemTime.format_time(&mut Writer::new(&mut text)) {
        Ok(()) => text,
        Err(_) => "unknown time".to_owned(),
    }
}
