//! Which representation a client accepts: there is JSON and nothing else. `contracts/auvious-applications.md` §8.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, HeaderValue};

use super::error::ApiError;

/// Checks `Accept`. Operations whose success has no body do not ask.
///
/// # Errors
/// 406 when JSON is excluded.
pub fn check(request: &HttpRequest) -> Result<(), ApiError> {
    let ranges: Vec<_> = request.headers().get_all(ACCEPT).map(HeaderValue::as_bytes).collect();
    let ranges = ranges.join(&b',');
    if accepts_json(&String::from_utf8_lossy(&ranges)) { Ok(()) } else { Err(ApiError::NotAcceptable) }
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
        Some((specificity, !parts.any(is_zero_weight)))
    });
    matching.max().is_some_and(|(_, wanted)| wanted)
}

fn specificity(range: &str) -> Option<u8> {
    ["*/*", "application/*", "application/json"]
        .into_iter()
        .zip(0..)
        .find(|(name, _)| range.eq_ignore_ascii_case(name))
        .map(|(_, specificity)| specificity)
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
    #[case::none("", true)]
    #[case::blank("  ", true)]
    #[case::exact("application/json", true)]
    #[case::anything("text/html, */*;q=0.1", true)]
    #[case::application("APPLICATION/*", true)]
    #[case::parameters("application/json;charset=utf-8", true)]
    #[case::html("text/html", false)]
    #[case::vendor("application/vnd.api+json", false)]
    #[case::excluded("*/*, application/json;q=0", false)]
    #[case::only_excluded("application/json; Q=0.000", false)]
    #[case::preferred_less("text/html, application/json;q=0.001", true)]
    #[case::nonsense(";;,,", false)]
    fn the_most_specific_range_decides(#[case] ranges: &str, #[case] expected: bool) {
        assert_eq!(accepts_json(ranges), expected);
    }
}
