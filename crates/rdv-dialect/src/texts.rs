//! The sentences of the dialect. `contracts/rdv-sign-in.md` §3.2, §4.4, §7, §12.2, §13.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;

/// §4.4: on every protected resource, whatever is wrong with the credential.
pub const UNAUTHENTICATED: &str = "Vous devez vous connecter ou vous inscrire pour continuer.";
/// §12.2, 403 of an organisation that is looked at.
pub const FORBIDDEN_ORGANISATION: &str =
    "Vous n\u{2019}avez pas les droits suffisants pour accéder à cette organisation";
/// §12.2, any other 403.
pub const FORBIDDEN: &str =
    "Vous n\u{2019}avez pas les droits suffisants pour accéder à cette page ou effectuer cette action";
/// 403 of a service that is switched off; of our own making.
pub const FORBIDDEN_SERVICE: &str = "Ce service est désactivé.";
/// §13. The line end belongs to it.
pub const THROTTLED: &str = "Limite d'appels API atteinte. Merci de patienter.\n";

/// The language of the sentences on sign-in and passwords; everything else is in French.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// The language of the original.
    #[default]
    French,
    /// The gem's own, where the operator offers it.
    English,
}

impl Language {
    /// French, unless English is `offered` and the client prefers it (`Accept-Language`, RFC 9110 §12.5.4).
    #[must_use]
    pub fn of(request: &HttpRequest, offered: bool) -> Self {
        let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        match header {
            Some(header) if offered => preferred(header),
            _ => Self::French,
        }
    }

    pub(crate) const fn pick(self, french: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::French => french,
            Self::English => english,
        }
    }
}

fn preferred(header: &str) -> Language {
    let (mut french, mut english) = (0.0_f32, 0.0_f32);
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().split('-').next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let known = if tag.eq_ignore_ascii_case("fr") {
            &mut french
        } else if tag.eq_ignore_ascii_case("en") {
            &mut english
        } else {
            continue;
        };
        *known = known.max(weight);
    }
    if english > french { Language::English } else { Language::French }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT_LANGUAGE;
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::Language;

    #[rstest]
    #[case::english("en", Language::English)]
    #[case::region("en-GB,en;q=0.9", Language::English)]
    #[case::english_before("en-US, fr;q=0.5", Language::English)]
    #[case::both_alike("en, fr", Language::French)]
    #[case::french_before("fr-FR, en;q=0.5", Language::French)]
    #[case::anything("*", Language::French)]
    #[case::another("de", Language::French)]
    #[case::refused("en;q=0", Language::French)]
    #[case::nonsense("en;q=x,;,", Language::French)]
    #[case::not_a_number("en;q=NaN", Language::French)]
    fn english_is_preferred_only_when_it_is_asked_for(#[case] header: &str, #[case] expected: Language) {
        let request = TestRequest::get().insert_header((ACCEPT_LANGUAGE, header)).to_http_request();
        assert_eq!(Language::of(&request, true), expected);
        assert_eq!(Language::of(&request, false), Language::French);
    }
}
