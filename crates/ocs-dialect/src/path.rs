//! Segments of a path. `contracts/ocs-provisioning.md` §2.3.

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;

/// The placeholder of this name as it was meant: decoded once. Bytes that are no UTF-8 become replacement characters.
#[must_use]
pub fn placeholder(request: &HttpRequest, name: &str) -> Option<String> {
    // The router has decoded what cannot change the number of segments, and has left `%2F` and `%25` as they are: decoding
    // the rest comes to the same as decoding everything once.
    request.match_info().get(name).map(decoded)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A value that some clients encode twice, decoded for the second time, as in a form: `+` is a blank.
#[must_use]
pub fn decoded_again(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpRequest, web};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{decoded_again, placeholder};

    async fn show(request: HttpRequest) -> String {
        placeholder(&request, "id").unwrap()
    }

    #[rstest]
    #[case::plain("/g/atelier", "atelier")]
    #[case::blank("/g/a%20b", "a b")]
    #[case::plus("/g/a+b", "a+b")]
    #[case::encoded_plus("/g/a%2Bb", "a+b")]
    #[case::slash("/g/a/b", "a/b")]
    #[case::encoded_slash("/g/a%2Fb", "a/b")]
    #[case::encoded_twice("/g/a%252Fb", "a%2Fb")]
    #[case::letters("/g/%41%C3%A9", "Aé")]
    #[case::percent("/g/100%25", "100%")]
    #[case::percent_before_digits("/g/%2541", "%41")]
    #[case::no_utf8("/g/%ff", "\u{fffd}")]
    #[actix_web::test]
    async fn a_placeholder_is_decoded_once(#[case] uri: &str, #[case] expected: &str) {
        let app = App::new().route("/g/{id:.+}", web::get().to(show));
        let answer = call_service(&init_service(app).await, TestRequest::with_uri(uri).to_request()).await;
        assert_eq!(actix_web::test::read_body(answer).await, expected);
    }

    #[rstest]
    #[case("ExistingGroup+A%2FB", "ExistingGroup A/B")]
    #[case("plain", "plain")]
    #[case("100%", "100%")]
    #[case("%zz%4", "%zz%4")]
    #[case("%ff", "\u{fffd}")]
    fn decoding_again(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(decoded_again(text), expected);
    }

    proptest! {
        /// What a client encodes twice arrives as it was.
        #[test]
        fn encoding_twice_comes_back(text in "(?s).{1,30}") {
            let once = form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            prop_assert_eq!(decoded_again(&once), text);
        }
    }
}
