//! A page of a list.

use serde::Serialize;
use utoipa::ToSchema;

use super::links::Links;
use crate::domain::pagination::Page;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageBody<T: ToSchema> {
    /// The length of the whole list.
    pub count: i64,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the previous page.
    pub previous: Option<String>,
    /// The items of this page.
    pub results: Vec<T>,
}

impl<T: ToSchema> PageBody<T> {
    /// Renders a page.
    #[must_use]
    pub fn new(page: Page, links: &Links, results: Vec<T>) -> Self {
        let link = |number: Option<i64>| number.map(|number| links.to_page(number));
        Self { count: page.count, next: link(page.next), previous: link(page.previous), results }
    }
}
