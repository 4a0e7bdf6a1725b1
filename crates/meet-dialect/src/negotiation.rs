//! Which representation a client accepts: there is JSON and nothing else. `contracts/meet.md` §2.2.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, HeaderValue};

use crate::refusal::Refusal;

/// Checks `?format=` and `Accept`, in this order and before anything else.
///
/// # Errors
/// 404 for another format, 406 when JSON is excluded.
pub fn check(request: &HttpRequest) -> Result<(), Refusal> {
    if !allows_json_format(request.query_string()) {
        return Err(Refusal::NotFound);
    }
    let ranges: Vec<_> = request.headers().get_all(ACCEPT).map(HeaderValue::as_bytes).collect();
    if accepts_json(&String::from_utf8_lossy(&ranges.join(&b','))) {
        Ok(())
    } else {
        Err(Refusal::NotAcceptable)
    }
}

/// The last `format` counts; an empty one names none and is ignored, as any empty parameter.
fn allows_json_format(query: &str) -> bool {
    let given = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "format").last();
    given.is_none_or(|(_, format)| format.is_empty() || format == "json")
}

/// Whether a list of media ranges includes JSON; the most specific range decides (RFC 9110 §12.5.1). No list includes
/// everything.
fn accepts_json(ranges: &str) -> bool {
    if ranges.trim().is_empty() {
        return true;
    }
    let matching = ranges.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let specificity = specificity(parts.next()?)?;
        Some((specificity, parts.all(|parameter| !is_zero_weight(parameter))))
    });
    matching.max().is_some_and(|(_, wanted)| wanted)
}

fn specificity(range: &str) -> Option<u8> {
    match range.to_ascii_lowercase().as_str() {
        "application/json" => Some(2),
        "application/*" => Some(1),
        "*/*" => Some(0),
        _ => None,
    }
}

fn is_zero_weight(parameter: &str) -> bool {
    let weight = parameter.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weight.is_some_and(|(_, value)| value.trim().parse::<f32>() == Ok(0.0))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT;
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::check;
    use crate::refusal::Refusal;

    fn checked(uri: &str, accept: &[&str]) -> Result<(), Refusal> {
        let request = TestRequest::with_uri(uri);
        check(&accept.iter().fold(request, |r, value| r.append_header((ACCEPT, *value))).to_http_request())
    }

    #[rstest]
    #[case::absent(&[])]
    #[case::empty(&[""])]
    #[case::everything(&["*/*"])]
    #[case::application(&["application/*"])]
    #[case::json(&["application/json"])]
    #[case::any_case(&["Application/JSON"])]
    #[case::parameters(&["application/json; charset=utf-8; q=0.1"])]
    #[case::browser(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"])]
    #[case::everything_but_html(&["text/html;q=0, */*"])]
    #[case::odd_weight(&["application/json;q=x"])]
    #[case::second_header(&["text/html", "application/json"])]
    fn json_is_acceptable(#[case] accept: &[&str]) {
        assert_eq!(checked("/", accept), Ok(()));
    }

    #[rstest]
    #[case::html(&["text/html"])]
    #[case::json_with_a_vendor(&["application/vnd.api+json"])]
    #[case::text_of_any_kind(&["application/xml,text/*"])]
    #[case::not_json(&["application/json;q=0, */*"])]
    #[case::not_json_in_another_header(&["*/*", "application/json;q=0"])]
    #[case::nothing(&["*/*;q=0.0"])]
    #[case::star(&["*"])]
    #[case::a_word(&["nonsense"])]
    #[case::nonsense(&[";;,/"])]
    fn json_is_excluded(#[case] accept: &[&str]) {
        assert_eq!(checked("/", accept), Err(Refusal::NotAcceptable));
    }

    #[rstest]
    #[case::none("/", Ok(()))]
    #[case::json("/?format=json", Ok(()))]
    #[case::empty("/?format=", Ok(()))]
    #[case::last_counts("/?format=api&format=json", Ok(()))]
    #[case::another("/?format=api", Err(Refusal::NotFound))]
    #[case::another_last("/?format=json&format=api", Err(Refusal::NotFound))]
    #[case::letter_case("/?format=JSON", Err(Refusal::NotFound))]
    fn the_only_format_is_json(#[case] uri: &str, #[case] expected: Result<(), Refusal>) {
        assert_eq!(checked(uri, &[]), expected);
    }

    #[test]
    fn the_format_wins_over_accept() {
        assert_eq!(checked("/?format=xml", &["text/html"]), Err(Refusal::NotFound));
    }
}
