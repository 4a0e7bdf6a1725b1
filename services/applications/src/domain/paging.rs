//! Which page of a list is asked for, in the two spellings of `contracts/auvious-applications.md` §5: parameters of
//! their own (`page=0&size=20&sort=type,desc`), and the compact one that generated clients send
//! (`pageable=page,0,size,1,sort,string`).
//!
//! | module | subject |
//! | --- | --- |
//! | `compact` | the compact spelling |
//! | `sort_value` | one value of `sort` |

mod compact;
mod sort_value;

use self::compact::Compact;
use self::sort_value::SortValue;
use super::sort::{Sort, UnknownProperty};

/// Items on a page unless another number is asked for.
const DEFAULT_SIZE: i32 = 20;
/// Items on a page at most.
const LARGEST_SIZE: i32 = 2000;

/// A page of a list, in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    number: i32,
    size: i32,
    sort: Sort,
}

impl PageRequest {
    /// The page that a query string asks for. Nothing about its number and size is ever an error.
    ///
    /// # Errors
    /// A `sort` parameter names something that lists cannot be sorted by.
    pub fn parse(query: &str) -> Result<Self, UnknownProperty> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let all = |name: &'static str| {
            pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_ref())
        };
        let compact = all("pageable").next().map(Compact::parse).unwrap_or_default();
        // As servlets do, the first one of a name counts; a blank one is none.
        let number = given(all("page").next()).or(given(compact.page)).map_or(0, at_least_zero);
        let size = given(all("size").next()).or(given(compact.size)).map_or(DEFAULT_SIZE, usable_size);
        let sort = if all("sort").next().is_some() {
            let orders = all("sort").flat_map(|value| SortValue::parse(value).orders());
            Sort::of(orders.collect::<Result<_, _>>()?)
        } else {
            // In here, what nothing can be sorted by is dropped: the seed's own sample sorts by `string`.
            let orders = compact.sorts.iter().flat_map(|value| SortValue::of(value).orders());
            Sort::of(orders.filter_map(Result::ok).collect())
        };
        Ok(Self { number, size, sort })
    }

    /// The page's number, from 0.
    #[must_use]
    pub fn number(&self) -> i32 {
        self.number
    }

    /// Items on a page, 1 to 2000.
    #[must_use]
    pub fn size(&self) -> i32 {
        self.size
    }

    /// The order.
    #[must_use]
    pub fn sort(&self) -> &Sort {
        &self.sort
    }

    /// Items before the page.
    #[must_use]
    pub fn offset(&self) -> i64 {
        i64::from(self.number) * i64::from(self.size)
    }

    /// Pages of a list of that many items.
    #[must_use]
    pub fn total_pages(&self, items: i64) -> i32 {
        let size = i64::from(self.size);
        i32::try_from(items / size + i64::from(items % size != 0)).unwrap_or(i32::MAX)
    }
}

fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.trim().is_empty())
}

fn at_least_zero(text: &str) -> i32 {
    text.parse::<i32>().unwrap_or_default().max(0)
}

fn usable_size(text: &str) -> i32 {
    let asked = text.parse::<i32>().ok().filter(|size| *size > 0);
    asked.map_or(DEFAULT_SIZE, |size| size.min(LARGEST_SIZE))
}

#[cfg(test)]
mod tests;
