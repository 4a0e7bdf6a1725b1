//! Pages of a list. `contracts/rdv-sign-in.md` §12.1.

use serde::Serialize;
use utoipa::ToSchema;

use crate::parameters::Parameters;

/// Items on a page.
pub const PAGE_SIZE: i64 = 100;

/// The number of a page, from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageNumber(i64);

impl PageNumber {
    /// The parameter `page`. What is no number, zero and what is negative stand for the first page; a number beyond
    /// `i64` for the last one there could be.
    #[must_use]
    pub fn of(parameters: &Parameters) -> Self {
        let given = parameters.scalar("page");
        Self(given.as_deref().and_then(parse).unwrap_or(1))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// How many items stand before this page.
    #[must_use]
    pub const fn offset(self) -> i64 {
        (self.0 - 1).saturating_mul(PAGE_SIZE)
    }
}

fn parse(given: &str) -> Option<i64> {
    let given = given.trim();
    let digits = given.strip_prefix('+').unwrap_or(given);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Digits that do not fit are too many of them.
    Some(digits.parse().unwrap_or(i64::MAX)).filter(|page| *page > 0)
}

/// Where a page stands in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Meta {
    /// The page that was asked for, also past the end.
    pub current_page: i64,
    /// None on the last page and past the end.
    #[schema(required)]
    pub next_page: Option<i64>,
    /// None on the first page and past the end.
    #[schema(required)]
    pub prev_page: Option<i64>,
    /// 0 when there is nothing.
    pub total_pages: i64,
    /// The length of the whole list.
    pub total_count: i64,
}

impl Meta {
    /// Of this page in a list of `total` items.
    #[must_use]
    pub fn new(page: PageNumber, total: i64) -> Self {
        let current_page = page.get();
        let total_pages = total / PAGE_SIZE + i64::from(total % PAGE_SIZE > 0);
        Self {
            current_page,
            next_page: (current_page < total_pages).then(|| current_page + 1),
            prev_page: (current_page > 1 && current_page <= total_pages).then(|| current_page - 1),
            total_pages,
            total_count: total,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Meta, PageNumber};
    use crate::parameters::Parameters;

    #[rstest]
    #[case("", 1, 0)]
    #[case("page=", 1, 0)]
    #[case("page=1", 1, 0)]
    #[case("page=3", 3, 200)]
    #[case("page=%203%0a", 3, 200)]
    #[case("page=0", 1, 0)]
    #[case("page=-2", 1, 0)]
    #[case("page=two", 1, 0)]
    #[case("page=2abc", 1, 0)]
    #[case("page=2.5", 1, 0)]
    #[case("page=9223372036854775807", i64::MAX, i64::MAX)]
    #[case("page=99999999999999999999999999", i64::MAX, i64::MAX)]
    fn the_page_is_a_positive_number(#[case] query: &str, #[case] number: i64, #[case] offset: i64) {
        let page = PageNumber::of(&Parameters::from_query(query));
        assert_eq!((page.get(), page.offset()), (number, offset));
    }

    #[rstest]
    #[case::nothing(1, 0, (None, None, 0))]
    #[case::nothing_and_past_it(2, 0, (None, None, 0))]
    #[case::one(1, 1, (None, None, 1))]
    #[case::full(1, 100, (None, None, 1))]
    #[case::first_of_two(1, 101, (Some(2), None, 2))]
    #[case::last_of_two(2, 101, (None, Some(1), 2))]
    #[case::between(2, 201, (Some(3), Some(1), 3))]
    #[case::past_the_end(4, 201, (None, None, 3))]
    #[case::far_past_the_end(i64::MAX, i64::MAX, (None, None, i64::MAX / 100 + 1))]
    fn meta_tells_the_neighbours(
        #[case] page: i64,
        #[case] total: i64,
        #[case] expected: (Option<i64>, Option<i64>, i64),
    ) {
        let meta = Meta::new(PageNumber(page), total);
        assert_eq!((meta.next_page, meta.prev_page, meta.total_pages), expected);
        assert_eq!((meta.current_page, meta.total_count), (page, total));
    }
}
