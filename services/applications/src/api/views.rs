//! Applications and pages as clients see them. `contracts/auvious-applications.md` §4.1, §4.4, §4.7.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::access::Reached;
use crate::domain::application::Kind;
use crate::domain::config::Redacted;
use crate::domain::id::ApplicationId;
use crate::domain::paging::PageRequest;
use crate::domain::sort::{Direction, Order};

/// An application, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Application)]
pub struct ApplicationBody<'a> {
    /// 0 at creation, one more with every change.
    #[schema(example = 3)]
    version: i64,
    /// Unique across organisations.
    #[schema(example = "0c6b2c0a-5f77-4c3b-9d0e-8f6f2a1f9b10")]
    id: &'a str,
    /// Whose it is.
    #[schema(example = "org-helios")]
    organization_id: &'a str,
    /// What it is for.
    #[serde(rename = "type")]
    kind: Kind,
    /// Without the sections that the caller may not see.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    config: Redacted<'a>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime, example = "2026-02-11T08:00:00.250Z")]
    created_at: DateTime<Utc>,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime, example = "2026-03-01T09:30:00Z")]
    modified_at: DateTime<Utc>,
    /// Whether ordinary callers find it in lists.
    visible: bool,
    /// Whether authentication through it is refused.
    disabled: bool,
    /// Authentication through it is refused from this instant on.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    expires_at: Option<DateTime<Utc>>,
    /// Whether customers may register without a ticket.
    anonymous_registration_enabled: bool,
}

impl<'a> From<Reached<'a>> for ApplicationBody<'a> {
    fn from(reached: Reached<'a>) -> Self {
        let application = reached.application();
        Self {
            version: application.version,
            id: application.id.as_str(),
            organization_id: application.organization_id.as_str(),
            kind: application.kind,
            config: reached.config(),
            created_at: application.created_at,
            modified_at: application.modified_at,
            visible: application.visible,
            disabled: application.disabled,
            expires_at: application.expires_at,
            anonymous_registration_enabled: application.anonymous_registration_enabled,
        }
    }
}

impl ApplicationBody<'_> {
    /// As JSON, to stand on a page.
    ///
    /// # Errors
    /// None that is known: every member has a form in JSON.
    pub fn render(&self) -> Result<Box<RawValue>, serde_json::Error> {
        serde_json::value::to_raw_value(self)
    }
}

/// The id of a new application.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreateApplicationResponseValue)]
pub struct CreatedBody {
    /// The id.
    #[schema(value_type = String, example = "0c6b2c0a-5f77-4c3b-9d0e-8f6f2a1f9b10")]
    pub id: ApplicationId,
}

/// Whether an id is free.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AvailabilityResponseValue)]
pub struct AvailabilityBody {
    /// Whether it is.
    pub available: bool,
}

/// A page of applications.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PageApplication)]
pub struct PageBody {
    /// What the caller may list, on all pages.
    total_elements: i64,
    /// Pages of this size.
    total_pages: i32,
    /// Whether this is the first page.
    first: bool,
    /// Whether no page follows.
    last: bool,
    /// Items on a page.
    size: i32,
    /// The items, each an application as JSON.
    #[schema(value_type = Vec<ApplicationBody>)]
    content: Vec<Box<RawValue>>,
    /// The page's number, from 0.
    number: i32,
    /// The order.
    sort: Vec<SortObject>,
    /// Items on this page.
    number_of_elements: usize,
    /// What was asked for.
    pageable: PageableObject,
    /// Whether there are no items on this page.
    empty: bool,
}

/// The request for a page, with every default filled in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageableObject {
    /// Items before the page.
    offset: i64,
    /// The order.
    sort: Vec<SortObject>,
    /// Items on a page.
    page_size: i32,
    /// Always false.
    unpaged: bool,
    /// The page's number, from 0.
    page_number: i32,
    /// Always true.
    paged: bool,
}

/// A criterion of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SortObject {
    /// `ASC` or `DESC`.
    direction: &'static str,
    /// Always `NATIVE`.
    null_handling: &'static str,
    /// Whether the direction is `ASC`.
    ascending: bool,
    /// By what.
    property: &'static str,
    /// Whether upper and lower case are the same.
    ignore_case: bool,
}

impl From<&Order> for SortObject {
    fn from(order: &Order) -> Self {
        let ascending = order.direction == Direction::Asc;
        Self {
            direction: if ascending { "ASC" } else { "DESC" },
            null_handling: "NATIVE",
            ascending,
            property: order.property.as_str(),
            ignore_case: order.ignore_case,
        }
    }
}

impl PageBody {
    /// A page of a list of `total` items, which are rendered already.
    #[must_use]
    pub fn new(page: &PageRequest, total: i64, items: Vec<Box<RawValue>>) -> Self {
        let sort: Vec<SortObject> = page.sort().orders().iter().map(SortObject::from).collect();
        let total_pages = page.total_pages(total);
        Self {
            total_elements: total,
            total_pages,
            first: page.number() == 0,
            // Not `number + 1 >= pages`: the last number there is has no successor.
            last: page.number() >= total_pages - 1,
            size: page.size(),
            number: page.number(),
            number_of_elements: items.len(),
            empty: items.is_empty(),
            content: items,
            pageable: PageableObject {
                offset: page.offset(),
                sort: sort.clone(),
                page_size: page.size(),
                unpaged: false,
                page_number: page.number(),
                paged: true,
            },
            sort,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::PageBody;
    use crate::domain::paging::PageRequest;

    #[rstest]
    #[case::nothing("", 0, (0, true, true))]
    #[case::first("size=5", 11, (3, true, false))]
    #[case::middle("size=5&page=1", 11, (3, false, false))]
    #[case::last("size=5&page=2", 11, (3, false, true))]
    #[case::past_the_end("size=5&page=3", 11, (3, false, true))]
    #[case::far_past_the_end("page=2147483647&size=2000", 11, (1, false, true))]
    #[case::past_nothing("page=1", 0, (0, false, true))]
    fn a_page_knows_where_it_is(
        #[case] query: &str,
        #[case] total: i64,
        #[case] expected: (i32, bool, bool),
    ) {
        let body = PageBody::new(&PageRequest::parse(query).unwrap(), total, vec![]);
        assert_eq!((body.total_pages, body.first, body.last), expected);
        assert!(body.empty && body.total_elements == total);
    }

    /// The contract's own page, §7.7.
    #[test]
    fn an_empty_page_is_that_of_the_contract() {
        let body = PageBody::new(&PageRequest::parse("size=5").unwrap(), 0, vec![]);
        let sort = json!([{"direction": "DESC", "nullHandling": "NATIVE", "ascending": false,
            "property": "createdAt", "ignoreCase": false}]);
        let expected = json!({
            "totalElements": 0, "totalPages": 0, "first": true, "last": true, "size": 5, "content": [], "number": 0,
            "sort": sort, "numberOfElements": 0, "empty": true,
            "pageable": {"offset": 0, "sort": sort, "pageSize": 5, "unpaged": false, "pageNumber": 0, "paged": true},
        });
        assert_eq!(serde_json::to_value(body).unwrap(), expected);
    }
}
