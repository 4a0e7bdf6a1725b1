//! Which part of a list a client asks for.
//!
//! `contracts/meet.md` §8.2: `page` is strict, `page_size` never fails.

/// How many items a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSizes {
    /// When the client does not say.
    pub default: u32,
    /// At most.
    pub max: u32,
}

/// A page asked for, not yet held against the length of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    page: AskedPage,
    size: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AskedPage {
    Number(i64),
    Last,
    Invalid,
}

/// There is no such page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Invalid page.")]
pub struct InvalidPage;

/// A page that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The length of the whole list.
    pub count: i64,
    /// How many items come before.
    pub offset: i64,
    /// How many items to give at most.
    pub limit: i64,
    /// The number of the page before.
    pub previous: Option<i64>,
    /// The number of the page after.
    pub next: Option<i64>,
}

impl PageRequest {
    /// Reads the two parameters.
    #[must_use]
    pub fn parse(page: Option<&str>, size: Option<&str>, sizes: PageSizes) -> Self {
        let page = match page {
            None | Some("") => AskedPage::Number(1),
            Some("last") => AskedPage::Last,
            Some(text) => positive(text).map_or(AskedPage::Invalid, AskedPage::Number),
        };
        let size = size.and_then(positive).unwrap_or_else(|| sizes.default.into()).min(sizes.max.into());
        Self { page, size: size.max(1) }
    }

    /// Holds the request against a list of that length.
    ///
    /// # Errors
    /// The page is beyond the last one, or was no number. Page 1 of an empty list exists.
    pub fn of(self, count: i64) -> Result<Page, InvalidPage> {
        let last = count.div_euclid(self.size) + i64::from(count.rem_euclid(self.size) > 0);
        let last = last.max(1);
        let number = match self.page {
            AskedPage::Number(number) if number <= last => number,
            AskedPage::Last => last,
            _ => return Err(InvalidPage),
        };
        Ok(Page {
            count,
            offset: (number - 1) * self.size,
            limit: self.size,
            previous: (number > 1).then(|| number - 1),
            next: (number < last).then(|| number + 1),
        })
    }
}

/// A positive decimal number, surrounding spaces and a plus sign tolerated; more digits than fit give the largest.
fn positive(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().unwrap_or(i64::MAX);
    (number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{InvalidPage, Page, PageRequest, PageSizes};

    const SIZES: PageSizes = PageSizes { default: 20, max: 100 };

    fn page(page: &str, count: i64) -> Result<Page, InvalidPage> {
        PageRequest::parse(Some(page), Some("5"), SIZES).of(count)
    }

    #[rstest]
    #[case::first("1", 0)]
    #[case::empty("", 0)]
    #[case::third("3", 10)]
    #[case::spaces(" 2 ", 5)]
    #[case::plus("+2", 5)]
    #[case::leading_zero("02", 5)]
    #[case::last("last", 10)]
    fn a_page_of_twelve_items_by_five_is_found(#[case] asked: &str, #[case] offset: i64) {
        assert_eq!(page(asked, 12).unwrap().offset, offset);
    }

    #[rstest]
    #[case::zero("0")]
    #[case::negative("-1")]
    #[case::word("two")]
    #[case::fraction("1.0")]
    #[case::beyond("4")]
    #[case::huge("99999999999999999999999999")]
    #[case::last_in_upper_case("LAST")]
    fn other_pages_do_not_exist(#[case] asked: &str) {
        assert_eq!(page(asked, 12), Err(InvalidPage));
    }

    #[rstest]
    #[case::absent(None, 20)]
    #[case::given(Some("7"), 7)]
    #[case::most(Some("100"), 100)]
    #[case::more(Some("101"), 100)]
    #[case::huge(Some("99999999999999999999999999"), 100)]
    #[case::zero(Some("0"), 20)]
    #[case::negative(Some("-3"), 20)]
    #[case::word(Some("many"), 20)]
    #[case::empty(Some(""), 20)]
    fn a_page_size_never_fails(#[case] asked: Option<&str>, #[case] limit: i64) {
        assert_eq!(PageRequest::parse(None, asked, SIZES).of(0).unwrap().limit, limit);
    }

    #[test]
    fn page_one_of_an_empty_list_exists_and_has_no_neighbours() {
        let page = page("1", 0).unwrap();
        assert_eq!((page.count, page.previous, page.next), (0, None, None));
    }

    proptest! {
        #[test]
        fn walking_from_page_to_page_visits_each_item_once(count in 0_i64..500, size in 1_u32..=120) {
            let size = size.to_string();
            let mut seen = Vec::new();
            let mut number = Some(1);
            while let Some(asked) = number {
                let page = PageRequest::parse(Some(&asked.to_string()), Some(&size), SIZES).of(count).unwrap();
                seen.extend(page.offset..(page.offset + page.limit).min(count));
                prop_assert_eq!(page.previous, (asked > 1).then(|| asked - 1));
                number = page.next;
            }
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }

        #[test]
        fn no_text_makes_it_panic(page in ".*", size in ".*", count in 0_i64..i64::MAX) {
            let _ = PageRequest::parse(Some(&page), Some(&size), SIZES).of(count);
        }
    }
}
