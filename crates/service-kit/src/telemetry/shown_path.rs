//! Paths as spans and logs have them.

use std::borrow::Cow;

/// Segments behind which a path is a credential: whoever knows it is let in.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretPaths(Vec<&'static str>);

impl SecretPaths {
    /// Adds segments.
    pub(crate) fn extend(&mut self, segments: &[&'static str]) {
        self.0.extend(segments);
    }

    /// The path up to the first of these segments, or all of it.
    pub(crate) fn shown<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let mut end = 0;
        for segment in path.split('/') {
            end += segment.len();
            let (head, rest) = path.split_at(end);
            if self.0.contains(&segment) && !matches!(rest, "" | "/") {
                return Cow::Owned(format!("{head}/*"));
            }
            end += 1;
        }
        Cow::Borrowed(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> SecretPaths {
        let mut secrets = SecretPaths::default();
        secrets.extend(&["links", "link-tokens"]);
        secrets
    }

    #[test]
    fn what_is_behind_a_secret_segment_is_not_shown() {
        for (path, shown) in [
            ("", ""),
            ("/", "/"),
            ("/links", "/links"),
            ("/a/links/", "/a/links/"),
            ("/a/links/secret", "/a/links/*"),
            ("/a/links/custom/secret/", "/a/links/*"),
            ("/a/links//secret", "/a/links/*"),
            ("links/secret", "links/*"),
            ("/é/link-tokens/secret/access", "/é/link-tokens/*"),
            ("/a/links2/public", "/a/links2/public"),
            ("/a/Links/public", "/a/Links/public"),
            ("/links/links/é", "/links/*"),
            ("//", "//"),
        ] {
            assert_eq!(secrets().shown(path), shown, "{path}");
        }
        assert_eq!(SecretPaths::default().shown("/links/x"), "/links/x");
    }
}
