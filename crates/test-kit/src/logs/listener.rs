//! Hears everything that is logged.

use std::{
    fmt::{self, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{Record, state};

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Whether a subscriber with a [`Listener`] was made.
pub(super) fn is_installed() -> bool {
    INSTALLED.load(Ordering::SeqCst)
}

/// The layer that hears each value of each span and event at `debug` and above, for a test that installs a subscriber of
/// its own; otherwise [`watch`](super::watch) sees to it.
#[derive(Debug)]
pub struct Listener;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_register_dispatch(&self, _: &Dispatch) {
        INSTALLED.store(true, Ordering::SeqCst);
    }
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= LevelFilter::DEBUG
    }
    fn on_new_span(&self, attributes: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        hear(attributes.metadata(), |text| attributes.record(text));
    }
    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(metadata) = context.metadata(id) {
            hear(metadata, |text| values.record(text));
        }
    }
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        hear(event.metadata(), |text| event.record(text));
    }
}

fn hear(metadata: &'static Metadata<'static>, record: impl FnOnce(&mut Text)) {
    let mut text = Text::default();
    record(&mut text);
    if !text.0.is_empty() {
        let (file, line) = (metadata.file().unwrap_or_default(), metadata.line().unwrap_or_default());
        state().hear(Record { file, line, text: text.0 });
    }
}

/// Every value, after the name of its field.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        for part in [field.name(), "=", value, "\n"] {
            self.0.push_str(part);
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Into a string nothing fails but the value's own `Debug`.
        let _ = writeln!(self.0, "{}={value:?}", field.name());
    }
}
