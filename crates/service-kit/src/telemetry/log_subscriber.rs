//! Spans for the log alone, in a process that exports no traces.
//!
//! Spans open for every request, and are logged for almost none. `tracing_subscriber::Registry` keeps them for any number of
//! layers, each with data of its own that it finds by type; here a span is its fields, its parent and a count, which costs a
//! request a fifth of the instructions.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use slab::Slab;
use tracing::{
    Event, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_core::span::Current;
use tracing_subscriber::{Layer, Registry, filter::Targets, fmt::MakeWriter};

use super::{fields::Fields, kept::Kept, log_layer::Log};

/// Threads keep the spans that they open apart, so that workers do not wait for each other.
const SHARDS: u64 = 16;
/// Most buffers of closed spans that a thread keeps for the next ones: as many as one request has open at a time.
const SPARE: usize = 8;

/// Writes events as log lines, each with the fields of the spans around it.
pub(super) struct LogSubscriber<W> {
    filter: Targets,
    log: Log<W>,
    shards: [Mutex<Slab<Span>>; 16],
}

struct Span {
    metadata: &'static Metadata<'static>,
    parent: Option<Id>,
    /// Handles, and open children.
    count: usize,
    fields: Kept,
}

thread_local! {
    static SHARD: Cell<u64> = Cell::new(next_shard());
    /// The spans that this thread is in, the innermost last. Whoever is in a span holds it.
    static ENTERED: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) };
    static SPARE_FIELDS: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

fn next_shard() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
}

/// The id of the innermost span. None in a thread that is ending.
fn current() -> Option<Id> {
    ENTERED.try_with(|entered| entered.borrow().last().cloned()).ok().flatten()
}

fn take_spare() -> Kept {
    SPARE_FIELDS.try_with(|spare| spare.borrow_mut().pop()).ok().flatten().unwrap_or_default()
}

fn keep_spare(fields: Kept) {
    let _ = SPARE_FIELDS.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() < SPARE && fields.is_small() {
            spare.push(fields);
        }
    });
}

impl<W> LogSubscriber<W> {
    pub(super) fn new(filter: Targets, log: Log<W>) -> Self {
        Self { filter, log, shards: std::array::from_fn(|_| Mutex::default()) }
    }

    fn shard(&self, number: u64) -> MutexGuard<'_, Slab<Span>> {
        // What is done under the lock leaves it whole, whatever happens.
        self.shards[(number % SHARDS) as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with a span. `None` for an id that is no open span's.
    fn with<T>(&self, id: &Id, work: impl FnOnce(&mut Span) -> T) -> Option<T> {
        let (shard, index) = place(id);
        self.shard(shard).get_mut(index).map(work)
    }

    /// The fields around an event, the inner ones replacing the outer ones of the same name.
    fn around(&self, event: &Event<'_>) -> Fields {
        let mut spans: Vec<Fields> = Vec::new();
        let innermost = event.parent().cloned().or_else(|| current().filter(|_| event.is_contextual()));
        let mut next = innermost;
        while let Some(id) = next {
            next = self
                .with(&id, |span| {
                    let mut fields = Fields::default();
                    span.fields.set_in(&mut fields);
                    spans.push(fields);
                    span.parent.clone()
                })
                .flatten();
        }
        let mut all = Fields::default();
        for (name, value) in spans.into_iter().rev().flat_map(|fields| fields.0) {
            all.set(name, value);
        }
        all
    }
}

/// An id is the place of its span.
fn id(shard: u64, index: usize) -> Id {
    Id::from_u64(index as u64 * SHARDS + shard + 1)
}

fn place(id: &Id) -> (u64, usize) {
    let number = id.into_u64() - 1;
    (number % SHARDS, usize::try_from(number / SHARDS).unwrap_or(usize::MAX))
}

impl<W> Subscriber for LogSubscriber<W>
where
    W: for<'a> MakeWriter<'a> + 'static,
    Self: Send + Sync,
{
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.would_enable(metadata.target(), metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<Registry>::max_level_hint(&self.filter)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = take_spare();
        fields.begin(attributes);
        let parent =
            attributes.parent().cloned().or_else(|| current().filter(|_| attributes.is_contextual()));
        let parent = parent.map(|parent| self.clone_span(&parent));
        let shard = SHARD.try_with(Cell::get).unwrap_or_default();
        let span = Span { metadata: attributes.metadata(), parent, count: 1, fields };
        id(shard, self.shard(shard).insert(span))
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        self.with(id, |span| span.fields.record(values));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.log.write(event, self.around(event));
    }

    fn enter(&self, id: &Id) {
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(id.clone()));
    }

    fn exit(&self, id: &Id) {
        let _ = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            if let Some(index) = entered.iter().rposition(|inner| inner == id) {
                entered.remove(index);
            }
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.with(id, |span| span.count += 1);
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let (shard, index) = place(&id);
        let mut spans = self.shard(shard);
        let Some(span) = spans.get_mut(index) else { return false };
        span.count -= 1;
        if span.count > 0 {
            return false;
        }
        let closed = spans.remove(index);
        drop(spans);
        keep_spare(closed.fields);
        if let Some(parent) = closed.parent {
            self.try_close(parent);
        }
        true
    }

    fn current_span(&self) -> Current {
        let Some(id) = current() else { return Current::none() };
        match self.with(&id, |span| span.metadata) {
            Some(metadata) => Current::new(id, metadata),
            None => Current::none(),
        }
    }
}
