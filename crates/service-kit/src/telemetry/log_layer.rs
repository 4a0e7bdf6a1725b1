//! Writes events as log lines, each with the fields of the spans around it.
//!
//! `tracing_subscriber::fmt` formats a span's fields when the span opens and parses them again for each value recorded
//! later; a request's span opens for every request and is logged for almost none. Here fields stay values until a line
//! needs them.

use std::io::{IsTerminal, Write};

use tracing::{
    Event, Level, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::MakeWriter,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{fields::Fields, kept::Kept, line::Line};
use crate::settings::LogFormat;

/// Where lines go, and how they look.
pub(super) struct Log<W> {
    format: LogFormat,
    colour: bool,
    writer: W,
}

impl<W: for<'a> MakeWriter<'a>> Log<W> {
    pub(super) fn new(format: LogFormat, writer: W) -> Self {
        Self { format, colour: std::io::stderr().is_terminal(), writer }
    }

    /// Writes an event with the fields of the spans around it.
    pub(super) fn write(&self, event: &Event<'_>, mut fields: Fields) {
        if *event.metadata().level() <= Level::WARN {
            let level = if *event.metadata().level() == Level::WARN { "warn" } else { "error" };
            metrics::counter!("tessera_log_lines_total", "level" => level).increment(1);
        }
        let mut own = Fields::default();
        event.record(&mut own);
        let message = own.take_message();
        for (name, value) in own.0 {
            fields.set(name, value);
        }
        let line = Line { metadata: event.metadata(), message, fields }.render(self.format, self.colour);
        // Nobody is left to tell when standard error is gone.
        let _ = self.writer.make_writer_for(event.metadata()).write_all(line.as_bytes());
    }
}

/// The log as one layer of several.
pub(super) struct LogLayer<W>(pub(super) Log<W>);

impl<S, W> Layer<S> for LogLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Kept::default();
            fields.begin(attributes);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Kept>()
        {
            fields.record(values);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.0.write(event, context.event_scope(event).map(around).unwrap_or_default());
    }
}

/// The fields of the spans, the inner ones replacing the outer ones of the same name.
fn around<'a, R: LookupSpan<'a>>(scope: Scope<'a, R>) -> Fields {
    let mut fields = Fields::default();
    for span in scope.from_root() {
        if let Some(known) = span.extensions().get::<Kept>() {
            known.set_in(&mut fields);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use rstest::rstest;
    use tracing_subscriber::{filter::Targets, layer::SubscriberExt};

    use super::{super::log_subscriber::LogSubscriber, *};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is logged, by the layer or by the subscriber of its own.
    fn lines(format: LogFormat, alone: bool, work: impl FnOnce()) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        let log = Log { format, colour: false, writer: move || writer.clone() };
        if alone {
            let all = Targets::new().with_default(Level::TRACE);
            tracing::subscriber::with_default(LogSubscriber::new(all, log), work);
        } else {
            tracing::subscriber::with_default(tracing_subscriber::registry().with(LogLayer(log)), work);
        }
        let written = written.0.lock().unwrap();
        String::from_utf8(written.clone()).unwrap().lines().map(str::to_owned).collect()
    }

    fn request() {
        let span = tracing::error_span!(
            "request",
            otel.name = "GET /x",
            request.id = "r1",
            trace_id = tracing::field::Empty
        );
        span.record("trace_id", "t1");
        let _outer = span.entered();
        let inner = tracing::error_span!("token.issue", client.id = "rooms", request.id = "inner");
        let _inner = inner.entered();
        let cause = std::io::Error::other("disk full");
        tracing::warn!(error = &cause as &dyn std::error::Error, attempts = 3, "not\nstored\x1b[2J");
    }

    #[rstest]
    fn a_json_line_has_the_fields_of_the_spans_around_it(#[values(true, false)] alone: bool) {
        let lines = lines(LogFormat::Json, alone, request);
        let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        let timestamp = line["timestamp"].as_str().unwrap();
        assert!(
            timestamp.ends_with('Z') && timestamp.len() == "2026-11-21T21:00:00.000000Z".len(),
            "{timestamp}"
        );
        let expected = serde_json::json!({
            "timestamp": timestamp, "level": "WARN", "target": module_path!(), "message": "not\nstored\u{1b}[2J",
            "request.id": "inner", "trace_id": "t1", "client.id": "rooms", "error": "disk full", "attempts": 3,
        });
        assert_eq!(line, expected);
    }

    /// Of a span in another thread, of its child there, and of one whose parent has no handle any more.
    #[rstest]
    fn spans_go_where_their_handles_go(#[values(true, false)] alone: bool) {
        let said = lines(LogFormat::Human, alone, || {
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            let span = tracing::info_span!("request", request.id = "r1");
            let elsewhere = span.clone();
            let child = std::thread::spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    elsewhere.in_scope(|| {
                        tracing::info!("elsewhere");
                        tracing::info_span!("db.read", rows = 2)
                    })
                })
            });
            let child = child.join().unwrap();
            tracing::info!(parent: &span, "by name");
            drop(span);
            tracing::info_span!("other", request.id = "r2").in_scope(|| {
                child.in_scope(|| tracing::info!("inside"));
                tracing::info!("between");
            });
            drop(child);
            tracing::info!("outside");
        });
        let said: Vec<_> = said.iter().map(|line| line.split_once(" INFO ").unwrap().1).collect();
        let expected = [
            "elsewhere request.id=r1",
            "by name request.id=r1",
            "inside request.id=r1 rows=2",
            "between request.id=r2",
            "outside",
        ];
        assert_eq!(said, expected);
    }

    #[rstest]
    fn a_human_line_is_one_line_whatever_it_says(#[values(true, false)] alone: bool) {
        let lines = lines(LogFormat::Human, alone, request);
        let (_, line) = lines[0].split_once(' ').unwrap();
        assert_eq!(
            line,
            " WARN not\\nstored\\u{1b}[2J request.id=inner trace_id=t1 client.id=rooms error=\"disk full\" attempts=3"
        );
        assert_eq!(lines.len(), 1);
    }
}
