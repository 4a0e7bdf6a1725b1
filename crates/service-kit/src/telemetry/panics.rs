//! A panic is a log line like any other, so that it reaches wherever logs go.

use std::panic;

/// Logs panics instead of printing them.
pub(super) fn log() {
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("without a message");
        metrics::counter!("tessera_panics_total").increment(1);
        tracing::error!(code.location = %location, "panic: {message}");
    }));
}
