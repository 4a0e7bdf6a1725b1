//! JSON or XML. `contracts/ocs-provisioning.md` §1.3.

use actix_web::http::header::{ACCEPT, HeaderMap};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json`.
    Json,
    /// `application/xml`.
    Xml,
}

/// Which format a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// This one.
    Known(Format),
    /// One that nobody writes: no success can be told, and failures are told in XML.
    Unknown,
}

impl Wanted {
    /// By the parameter `format`, or else by the header `Accept`, or else XML.
    #[must_use]
    pub fn of(parameter: Option<&str>, headers: &HeaderMap) -> Self {
        match parameter {
            Some("json") => Self::Known(Format::Json),
            Some("xml") => Self::Known(Format::Xml),
            Some(_) => Self::Unknown,
            None => Self::Known(accepted(headers).unwrap_or(Format::Xml)),
        }
    }

    /// The format in which a failure is told.
    #[must_use]
    pub const fn or_xml(self) -> Format {
        match self {
            Self::Known(format) => format,
            Self::Unknown => Format::Xml,
        }
    }
}

/// The first item that is exactly one of ours. Parameters of a media type are not looked at, so one with them is no match.
fn accepted(headers: &HeaderMap) -> Option<Format> {
    let items = headers.get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    items.flat_map(|value| value.split(',')).find_map(|item| {
        let item = item.trim().to_ascii_lowercase();
        match item.strip_prefix("application/").unwrap_or(&item) {
            "json" => Some(Format::Json),
            "xml" => Some(Format::Xml),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ACCEPT, HeaderMap, HeaderValue};
    use rstest::rstest;

    use super::{Format, Wanted};

    fn accepting(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !value.is_empty() {
            headers.insert(ACCEPT, HeaderValue::from_static(value));
        }
        headers
    }

    #[rstest]
    #[case::nothing("", Format::Xml)]
    #[case::json("application/json", Format::Json)]
    #[case::bare("json", Format::Json)]
    #[case::upper_case(" APPLICATION/JSON ", Format::Json)]
    #[case::first_wins("application/xml, application/json", Format::Xml)]
    #[case::first_match_wins("text/html, application/json, application/xml", Format::Json)]
    #[case::parameters_do_not_match("application/json;q=0.9", Format::Xml)]
    #[case::text_xml_does_not_match("text/xml, application/json", Format::Json)]
    #[case::anything("*/*", Format::Xml)]
    fn accept_chooses(#[case] accept: &'static str, #[case] expected: Format) {
        assert_eq!(Wanted::of(None, &accepting(accept)), Wanted::Known(expected));
    }

    #[rstest]
    #[case("json", Wanted::Known(Format::Json), Format::Json)]
    #[case("xml", Wanted::Known(Format::Xml), Format::Xml)]
    #[case("JSON", Wanted::Unknown, Format::Xml)]
    #[case("", Wanted::Unknown, Format::Xml)]
    #[case("yaml", Wanted::Unknown, Format::Xml)]
    fn the_parameter_beats_the_header(#[case] given: &str, #[case] wanted: Wanted, #[case] failure: Format) {
        for accept in ["application/json", "application/xml"] {
            let found = Wanted::of(Some(given), &accepting(accept));
            assert_eq!((found, found.or_xml()), (wanted, failure));
        }
    }
}
