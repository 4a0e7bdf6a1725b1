//! E-mail domains an application may be restricted to (contracts/meet.md §3.3).

const MAX_DOMAIN: usize = 253;
const MAX_LABEL: usize = 63;

/// The stored form of a domain, if it is one.
///
/// One trailing dot is let through as the original does, though such an entry matches no address.
pub(super) fn parse(text: &str) -> Option<String> {
    let domain = text.trim().to_ascii_lowercase();
    if domain.len() > MAX_DOMAIN {
        return None;
    }
    let labels: Vec<&str> = domain.strip_suffix('.').unwrap_or(&domain).split('.').collect();
    let top = labels.last()?;
    let valid = labels.len() > 1 && top.len() > 1 && labels.iter().all(|label| is_label(label));
    valid.then_some(domain)
}

fn is_label(label: &str) -> bool {
    let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    letters && (1..=MAX_LABEL).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_contracts_examples() {
        for domain in [
            "example.com",
            "deep.sub.example.com",
            "example-with-dash.com",
            "123.example.com",
            "example.com.",
        ] {
            assert_eq!(parse(domain).as_deref(), Some(domain));
        }
        assert_eq!(parse("  Example.COM ").as_deref(), Some("example.com"));
        for text in [
            "not a domain",
            "example..com",
            "-example.com",
            "example-.com",
            "example.com-",
            "a_b.com",
            "localhost",
            "exämple.com",
            "",
            ".",
            "..",
            "example.c",
            "example.com..",
            ".example.com",
            "example.com\0",
            "a@b.com",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        let label = "a".repeat(MAX_LABEL);
        assert!(parse(&format!("{label}.com")).is_some());
        assert!(parse(&format!("{label}a.com")).is_none());
        let longest = format!("{label}.{label}.{label}.{}.com", &label[..57]);
        assert_eq!(longest.len(), MAX_DOMAIN);
        assert!(parse(&longest).is_some());
        assert!(parse(&format!("a{longest}")).is_none());
    }

    proptest! {
        #[test]
        fn the_stored_form_is_stable(text in "[ a-zA-Z0-9.-]{0,40}") {
            if let Some(domain) = parse(&text) {
                prop_assert_eq!(parse(&domain), Some(domain));
            }
        }
    }
}
