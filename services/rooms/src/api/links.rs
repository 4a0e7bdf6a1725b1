//! Links to neighbouring pages. `contracts/meet.md` §8.2.

use actix_web::HttpRequest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use service_kit::origin::PublicOrigin;

use super::query::Query;

/// What stays as it is in a query string; the original's choice.
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

/// The address of a request, from which links to other pages of the same list are made.
#[derive(Debug, Clone)]
pub struct Links {
    address: String,
    query: Query,
}

impl Links {
    /// The address under which clients reach this request's resource, in the form (with or without a slash at its end)
    /// that this client used.
    #[must_use]
    pub fn of(request: &HttpRequest, origin: &PublicOrigin) -> Self {
        let address = format!("{}{}", origin.for_request(request), request.uri().path());
        Self { address, query: Query::of(request) }
    }

    /// The link to a page: all parameters by name, `page` replaced; the first page has none.
    #[must_use]
    pub fn to_page(&self, number: i64) -> String {
        let page = number.to_string();
        let mut parameters = self.query.sorted();
        parameters.retain(|(name, _)| *name != "page");
        if number > 1 {
            let place = parameters.partition_point(|(name, _)| *name < "page");
            parameters.insert(place, ("page", page.as_str()));
        }
        let encoded: Vec<_> =
            parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        if encoded.is_empty() {
            self.address.clone()
        } else {
            format!("{}?{}", self.address, encoded.join("&"))
        }
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, &KEPT).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;
    use service_kit::origin::PublicOrigin;
    use service_kit::settings::ServerSettings;

    use super::Links;

    #[rstest]
    #[case::kept_and_sorted("rooms?page_size=5&page=2", 3, "rooms?page=3&page_size=5")]
    #[case::first_page("rooms?page_size=5&page=2", 1, "rooms?page_size=5")]
    #[case::slash("rooms/?page=2", 1, "rooms/")]
    #[case::repeated("rooms?z=2&a=1&z=1&page=1", 2, "rooms?a=1&page=2&z=2&z=1")]
    #[case::blank_kept("rooms?q=&b", 2, "rooms?b=&page=2&q=")]
    #[case::encoded("rooms?q=a%20b%26c~*%C3%A9", 2, "rooms?page=2&q=a+b%26c~%2A%C3%A9")]
    fn links_keep_sort_and_replace(#[case] request: &str, #[case] page: i64, #[case] link: &str) {
        let settings = ServerSettings {
            public_url: Some("https://visio.example".parse().unwrap()),
            ..ServerSettings::default()
        };
        let request = TestRequest::with_uri(&format!("/external-api/v1.0/{request}")).to_http_request();
        let links = Links::of(&request, &PublicOrigin::new(&settings));
        assert_eq!(links.to_page(page), format!("https://visio.example/external-api/v1.0/{link}"));
    }
}
