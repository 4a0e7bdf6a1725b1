//! The lines of business that RDV tells organisations by (contracts/rdv-sign-in.md §12.4).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What kind of appointments an organisation gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verticale {
    /// Occupational integration.
    RdvInsertion,
    /// Social and medical services of a department.
    #[default]
    RdvSolidarites,
    /// Digital help.
    RdvAideNumerique,
    /// Town halls.
    RdvMairie,
}

impl Verticale {
    /// Every one.
    pub const ALL: [Self; 4] =
        [Self::RdvInsertion, Self::RdvSolidarites, Self::RdvAideNumerique, Self::RdvMairie];

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RdvInsertion => "rdv_insertion",
            Self::RdvSolidarites => "rdv_solidarites",
            Self::RdvAideNumerique => "rdv_aide_numerique",
            Self::RdvMairie => "rdv_mairie",
        }
    }
}

impl fmt::Display for Verticale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that names no line of business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is none of rdv_insertion, rdv_solidarites, rdv_aide_numerique, rdv_mairie")]
pub struct UnknownVerticale;

impl FromStr for Verticale {
    type Err = UnknownVerticale;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|verticale| verticale.as_str() == text).ok_or(UnknownVerticale)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn serde_display_and_parsing_agree_and_the_error_names_every_one() {
        for verticale in Verticale::ALL {
            assert_eq!(verticale.to_string().parse(), Ok(verticale));
            assert_eq!(serde_json::to_value(verticale).unwrap(), verticale.as_str());
            assert_eq!(serde_json::from_value::<Verticale>(verticale.as_str().into()).unwrap(), verticale);
            assert!(UnknownVerticale.to_string().contains(verticale.as_str()));
        }
        assert_eq!(Verticale::default().as_str(), "rdv_solidarites");
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "(rdv_)?[a-zA-Z_]{0,18}|\\PC{0,20}") {
            if let Ok(verticale) = text.parse::<Verticale>() {
                prop_assert_eq!(verticale.as_str(), text);
            }
        }
    }
}
