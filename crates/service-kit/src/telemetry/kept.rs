//! The fields of a span, from its opening until a line needs them or it closes.

use std::{
    error::Error,
    fmt::{self, Write},
    ops::Range,
};

use serde_json::Value;
use tracing::{
    field::{Field, Visit},
    span::{Attributes, Record},
};

use super::fields::Fields;

/// Fields in the order in which they came. Texts stand one behind the other in one buffer, which the next span can take over:
/// most spans close without a line. Fields of OpenTelemetry's machinery (`otel.…`) are not shown, and not kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    texts: String,
    fields: Vec<(&'static str, Kind)>,
}

#[derive(Debug)]
enum Kind {
    Text(Range<usize>),
    Other(Value),
}

impl Kept {
    /// Takes the fields of a new span in place of those that are here.
    pub(super) fn begin(&mut self, attributes: &Attributes<'_>) {
        self.texts.clear();
        self.fields.clear();
        attributes.record(self);
    }

    /// Adds what is known later; a value of the same name is replaced.
    pub(super) fn record(&mut self, values: &Record<'_>) {
        let mut late = Fields::default();
        values.record(&mut late);
        for (name, value) in late.0.into_iter().filter(|(name, _)| is_shown(name)) {
            match self.fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = Kind::Other(value),
                None => self.fields.push((name, Kind::Other(value))),
            }
        }
    }

    /// Sets all of them, as an inner span's replace those of an outer one.
    pub(super) fn set_in(&self, fields: &mut Fields) {
        for (name, kind) in &self.fields {
            let value = match kind {
                Kind::Text(range) => self.texts.get(range.clone()).unwrap_or_default().into(),
                Kind::Other(value) => value.clone(),
            };
            fields.set(name, value);
        }
    }

    /// Whether its buffers are worth keeping: one long text must not stay for good.
    pub(super) fn is_small(&self) -> bool {
        self.texts.capacity() <= 1024
    }

    fn push(&mut self, field: &Field, kind: Kind) {
        if is_shown(field.name()) {
            self.fields.push((field.name(), kind));
        }
    }

    fn write(&mut self, field: &Field, text: fmt::Arguments<'_>) {
        let start = self.texts.len();
        let _ = self.texts.write_fmt(text);
        self.push(field, Kind::Text(start..self.texts.len()));
    }
}

fn is_shown(name: &str) -> bool {
    !name.starts_with("otel.")
}

impl Visit for Kept {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, Kind::Other(value.into()));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Kind::Other(value.into()));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Kind::Other(value.into()));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Kind::Other(value.into()));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        let start = self.texts.len();
        self.texts.push_str(value);
        self.push(field, Kind::Text(start..self.texts.len()));
    }
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut chain = Fields::default();
        chain.record_error(field, value);
        for (_, value) in chain.0 {
            self.push(field, Kind::Other(value));
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, format_args!("{value:?}"));
    }
}
