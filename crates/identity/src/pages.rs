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

/// A part of a list, for contracts that number their pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Records to skip. Negative is 0.
    pub offset: i64,
    /// The most records to return, from 1 to [`MAX_PAGE`].
    pub limit: i64,
}

impl Slice {
    /// Page number `page`, from 1 on, of pages of `size`. Far past the end is past the end, whatever the number.
    #[must_use]
    pub fn page(page: i64, size: i64) -> Self {
        let limit = bounded(size);
        Self { offset: page.saturating_sub(1).max(0).saturating_mul(limit), limit }
    }

    /// Within bounds, so that a database takes it.
    pub(crate) fn checked(self) -> Self {
        Self { offset: self.offset.max(0), limit: bounded(self.limit) }
    }
}

/// A part of a list, and how long the whole list is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted<T> {
    /// The records, in the list's order.
    pub items: Vec<T>,
    /// How many the list has in all.
    pub total: i64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_are_counted_from_one() {
        let slice = |offset, limit| Slice { offset, limit };
        assert_eq!(Slice::page(1, 100), slice(0, 100));
        assert_eq!(Slice::page(3, 100), slice(200, 100));
        assert_eq!(Slice::page(-3, 0), slice(0, 1));
    }

    proptest! {
        #[test]
        fn no_page_is_out_of_bounds(page in any::<i64>(), size in any::<i64>()) {
            for slice in [Slice::page(page, size), Slice { offset: page, limit: size }.checked()] {
                prop_assert!(slice.offset >= 0 && (1..=MAX_PAGE).contains(&slice.limit));
                prop_assert_eq!(slice, slice.checked());
            }
        }
    }
}
