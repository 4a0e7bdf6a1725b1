//! Whose e-mail addresses an application may act for (`contracts/meet.md` §4.4, domain check).

/// The longest local part an application with a list of domains may act for.
const LONGEST_LOCAL_PART: usize = 64;

/// Whether an application restricted to `domains` may act for `email`. No domains means no restriction; otherwise
/// the domain equals one of them, letter case aside. Sub-domains are not implied.
#[must_use]
pub fn is_within(email: &str, domains: &[String]) -> bool {
    if domains.is_empty() {
        return true;
    }
    email.rsplit_once('@').is_some_and(|(local, domain)| {
        local.chars().count() <= LONGEST_LOCAL_PART
            && domains.iter().any(|allowed| allowed.to_lowercase() == domain.to_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use meet_dialect::email;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::unrestricted("x@anything.example", &[], true)]
    #[case::equal("x@allowed.org", &["allowed.org"], true)]
    #[case::letter_case("x@Allowed.ORG", &["allowed.org"], true)]
    #[case::one_of_two("x@b.org", &["a.org", "b.org"], true)]
    #[case::sub_domain("x@sub.allowed.org", &["allowed.org"], false)]
    #[case::suffix("x@notallowed.org", &["allowed.org"], false)]
    #[case::quoted_at("\"x@allowed.org\"@other.org", &["allowed.org"], false)]
    fn domain_check(#[case] email: &str, #[case] domains: &[&str], #[case] allowed: bool) {
        let domains: Vec<String> = domains.iter().map(ToString::to_string).collect();
        assert_eq!(is_within(email, &domains), allowed);
    }

    #[test]
    fn a_long_local_part_passes_the_syntax_but_not_a_domain_list() {
        let email = format!("{}@allowed.org", "a".repeat(65));
        assert!(email::is_valid(&email));
        assert!(is_within(&email, &[]));
        assert!(!is_within(&email, &["allowed.org".to_owned()]));
    }
}
