//! Languages and locales. Which subtags there are is the IANA registry's to say, as crate `language-tags` has it, which the
//! HTTP stack brings along anyway; the platform has no texts of its own to be "installed".

use language_tags::LanguageTag;

/// The longest tag that is looked at; language, script and region need eleven.
const LONGEST: usize = 16;

/// A language or locale as it is stored: subtags in their usual case, joined by an underscore. `None` when it is none.
///
/// A language, with a script or a region or both. Variants, extensions and private subtags name no language that anybody
/// could have.
pub(super) fn normalized(text: &str) -> Option<String> {
    if text.len() > LONGEST || !text.is_ascii() {
        return None;
    }
    let tag = LanguageTag::parse(&text.replace('_', "-")).ok()?;
    // Longer ones are kept for the future, or whole tags of the past.
    let language = Some(tag.primary_language()).filter(|language| language.len() <= 3)?;
    let parts = [Some(language), tag.script(), tag.region()];
    let plain = parts.into_iter().flatten().collect::<Vec<_>>().join("-");
    let plain = LanguageTag::parse(&plain).ok().filter(|plain| *plain == tag)?;
    plain.validate().ok()?;
    Some(plain.as_str().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn languages_and_locales_are_those_of_the_registry() {
        for (text, stored) in [
            ("en", "en"),
            ("de", "de"),
            ("de_DE", "de_DE"),
            ("de-de", "de_DE"),
            ("DE", "de"),
            ("pt_BR", "pt_BR"),
            ("zh_Hans_CN", "zh_Hans_CN"),
            ("ast", "ast"),
            ("es_419", "es_419"),
        ] {
            assert_eq!(normalized(text).as_deref(), Some(stored), "{text}");
        }
    }

    #[test]
    fn what_nobody_speaks_is_refused() {
        for text in [
            "",
            " ",
            "e",
            "xx",
            "xy_DE",
            "de_ZX",
            "de_Abcd",
            "deutsch",
            "de_DE@euro",
            "de_DE.UTF-8",
            "C",
            "POSIX",
            "x-klingon",
            "i-klingon",
            "de-x-a",
            "de_1996",
            "de DE",
            "de__DE",
            "_de",
            "de_",
            "dé",
            "en\0",
            "../../etc",
            "zh_Hans_CN_variant",
        ] {
            assert_eq!(normalized(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_and_what_is_stored_stays(text in "\\PC{0,12}|[a-z]{2,3}[_-][A-Za-z]{2,4}|[a-z]{2}") {
            if let Some(stored) = normalized(&text) {
                prop_assert_eq!(normalized(&stored), Some(stored.clone()));
                prop_assert_eq!(stored.to_lowercase(), text.replace('-', "_").to_lowercase());
            }
        }
    }
}
