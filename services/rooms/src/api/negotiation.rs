//! Which representation a client accepts: there is JSON and nothing else. `contracts/meet.md` §2.2.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, HeaderValue};

use super::error::ApiError;
use super::query::Query;

/// Checks `?format=` and `Accept`, which happens before anything else.
///
/// # Errors
/// 404 for another format, 406 when JSON is excluded.
pub fn check(request: &HttpRequest) -> Result<(), ApiError> {
    let query = Query::of(request);
    // An empty value names no format and is ignored, as any empty parameter.
    if query.last("format").is_some_and(|format| !format.is_empty() && format != "json") {
        return Err(ApiError::NotFound);
    }
    let ranges: Vec<_> = request.headers().get_all(ACCEPT).map(HeaderValue::as_bytes).collect();
    if accepts_json(&String::from_utf8_lossy(&ranges.join(&b','))) {
        Ok(())
    } else {
        Err(ApiError::NotAcceptable)
    }
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
    use rstest::rstest;

    use super::accepts_json;

    #[rstest]
    #[case::absent("")]
    #[case::everything("*/*")]
    #[case::application("application/*")]
    #[case::json("application/json")]
    #[case::any_case("Application/JSON")]
    #[case::parameters("application/json; charset=utf-8; q=0.1")]
    #[case::browser("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")]
    #[case::everything_but_html("text/html;q=0, */*")]
    #[case::odd_weight("application/json;q=x")]
    fn json_is_acceptable(#[case] accept: &str) {
        assert!(accepts_json(accept));
    }

    #[rstest]
    #[case::html("text/html")]
    #[case::json_with_a_vendor("application/vnd.api+json")]
    #[case::text_of_any_kind("text/*")]
    #[case::not_json("application/json;q=0, */*")]
    #[case::nothing("*/*;q=0.0")]
    #[case::nonsense(";;,/")]
    fn json_is_excluded(#[case] accept: &str) {
        assert!(!accepts_json(accept));
    }
}
