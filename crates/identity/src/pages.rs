//! Pages of a list.

/// The most records of one page.
pub const MAX_PAGE: i64 = 500;

/// One page, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The records, in the list's order.
    pub items: Vec<T>,
    /// Give this to get the next page; nothing on the last one.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// From one record more than was asked for, if there is one.
    pub(crate) fn of(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// A page size within bounds: a wish of 0 is 1, one of a billion is [`MAX_PAGE`].
pub(crate) fn bounded(limit: i64) -> i64 {
    limit.clamp(1, MAX_PAGE)
}
