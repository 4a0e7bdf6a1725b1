//! What is wrong with a record, all of it at once. `contracts/rdv-sign-in.md` §12.2, "422 details".

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// What is wrong with an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// It has to be there.
    Blank,
    /// The record it names is not there; the code is the same as of what is blank.
    MustExist,
    /// Another record has this value.
    Taken {
        /// The value.
        value: String,
    },
    /// It is malformed.
    Invalid,
    /// It is none of a closed list.
    Inclusion,
    /// A check of its own, whose sentence is its code.
    Text(Cow<'static, str>),
}

impl Code {
    /// A check of its own.
    #[must_use]
    pub const fn text(sentence: &'static str) -> Self {
        Self::Text(Cow::Borrowed(sentence))
    }

    fn symbol(&self) -> &str {
        match self {
            Self::Blank | Self::MustExist => "blank",
            Self::Taken { .. } => "taken",
            Self::Invalid => "invalid",
            Self::Inclusion => "inclusion",
            Self::Text(sentence) => sentence,
        }
    }

    fn sentence(&self) -> &str {
        match self {
            Self::Blank => "doit être rempli(e)",
            Self::MustExist => "doit exister",
            Self::Taken { .. } => "est déjà utilisé",
            Self::Invalid => "n'est pas valide",
            Self::Inclusion => "n'est pas inclus(e) dans la liste",
            Self::Text(sentence) => sentence,
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("error", self.symbol())?;
        if let Self::Taken { value } = self {
            map.serialize_entry("value", value)?;
        }
        map.end()
    }
}

/// The violations in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<(&'static str, Code)>);

impl Violations {
    /// One violation.
    #[must_use]
    pub fn of(attribute: &'static str, code: Code) -> Self {
        Self(vec![(attribute, code)])
    }

    /// Adds one.
    pub fn add(&mut self, attribute: &'static str, code: Code) {
        self.0.push((attribute, code));
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something is wrong with this attribute.
    #[must_use]
    pub fn concern(&self, attribute: &str) -> bool {
        self.0.iter().any(|(known, _)| *known == attribute)
    }

    /// The sentences on them: attribute, blank, text.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.0.iter().map(|(attribute, code)| format!("{attribute} {}", code.sentence())).collect()
    }

    /// `value` when nothing is wrong.
    ///
    /// # Errors
    /// These violations, when there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// A map from each attribute to what is wrong with it.
impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut grouped: Vec<(&str, Vec<&Code>)> = Vec::new();
        for (attribute, code) in &self.0 {
            match grouped.iter_mut().find(|(known, _)| known == attribute) {
                Some((_, codes)) => codes.push(code),
                None => grouped.push((attribute, vec![code])),
            }
        }
        serializer.collect_map(grouped)
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Violations};

    #[test]
    fn each_code_has_its_symbol_and_its_sentence() {
        let mut violations = Violations::default();
        violations.add("title", Code::Blank);
        violations.add("agent", Code::MustExist);
        violations.add("name", Code::Taken { value: "MDS Die".to_owned() });
        violations.add("phone_number", Code::Invalid);
        violations.add("verticale", Code::Inclusion);
        violations.add("title", Code::text("est trop long"));
        assert_eq!(
            serde_json::to_string(&violations).unwrap(),
            r#"{"title":[{"error":"blank"},{"error":"est trop long"}],"agent":[{"error":"blank"}],"name":[{"error":"taken","value":"MDS Die"}],"phone_number":[{"error":"invalid"}],"verticale":[{"error":"inclusion"}]}"#
        );
        assert_eq!(
            violations.messages(),
            [
                "title doit être rempli(e)",
                "agent doit exister",
                "name est déjà utilisé",
                "phone_number n'est pas valide",
                "verticale n'est pas inclus(e) dans la liste",
                "title est trop long",
            ]
        );
        assert!(violations.concern("agent") && !violations.concern("first_day"));
    }

    #[test]
    fn a_value_passes_only_without_violations() {
        assert_eq!(Violations::default().or(1), Ok(1));
        let violations = Violations::of("title", Code::Blank);
        assert_eq!(violations.clone().or(1), Err(violations));
    }
}
