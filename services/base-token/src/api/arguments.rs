//! Parameters that several operations take. What is wrong with one is `400 {"error_msg":"<name> invalid."}`.

use seatable_dialect::error::SeaTableError;
use seatable_dialect::parameters::{Given, Integer, Parameters};

use crate::domain::base::Appearance;
use crate::domain::id::AccountId;
use crate::domain::name::BaseName;
use crate::domain::permission::Permission;

/// The most characters of a colour or of an icon's name.
const LONGEST_APPEARANCE: usize = 255;

/// A name that a base can have.
///
/// # Errors
/// 400.
pub fn base_name(parameters: &Parameters, name: &'static str) -> Result<BaseName, SeaTableError> {
    let text = parameters.text(name).ok_or_else(|| SeaTableError::invalid(name))?;
    text.parse().map_err(|_| SeaTableError::invalid(name))
}

/// The same where it may be left out.
///
/// # Errors
/// 400.
pub fn optional_base_name(
    parameters: &Parameters,
    name: &'static str,
) -> Result<Option<BaseName>, SeaTableError> {
    match parameters.value(name) {
        Given::Absent => Ok(None),
        _ => base_name(parameters, name).map(Some),
    }
}

/// `r` or `rw`.
///
/// # Errors
/// 400.
pub fn permission(parameters: &Parameters) -> Result<Permission, SeaTableError> {
    const NAME: &str = "permission";
    let text = parameters.text(NAME).ok_or_else(|| SeaTableError::invalid(NAME))?;
    text.parse().map_err(|_| SeaTableError::invalid(NAME))
}

/// A positive number: of a workspace, of a group.
///
/// # Errors
/// 400, also when it is left out.
pub fn number(parameters: &Parameters, name: &'static str) -> Result<i64, SeaTableError> {
    match parameters.integer(name) {
        Integer::Value(number) if number >= 1 => Ok(number),
        Integer::Value(_) | Integer::Absent | Integer::Invalid => Err(SeaTableError::invalid(name)),
    }
}

/// A text that is not empty: the name of something that is there, or is not.
///
/// # Errors
/// 400.
pub fn text(parameters: &Parameters, name: &'static str) -> Result<String, SeaTableError> {
    let given = parameters.text(name).filter(|text| !text.is_empty());
    given.map(str::to_owned).ok_or_else(|| SeaTableError::invalid(name))
}

/// An account by its internal id.
///
/// # Errors
/// 400.
pub fn account(parameters: &Parameters, name: &'static str) -> Result<AccountId, SeaTableError> {
    parameters.text(name).and_then(AccountId::from_internal).ok_or_else(|| SeaTableError::invalid(name))
}

/// What becomes of one part of how a base looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Change {
    /// It was left out, and stays.
    #[default]
    Keep,
    /// It was empty or null, and goes.
    Clear,
    /// It is this.
    Set(String),
}

/// What is said about how a base looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppearanceChange {
    color: Change,
    text_color: Change,
    icon: Change,
}

impl AppearanceChange {
    /// Of the parameters `color`, `text_color` and `icon`.
    ///
    /// # Errors
    /// 400.
    pub fn of(parameters: &Parameters) -> Result<Self, SeaTableError> {
        let one = |name: &'static str| match parameters.value(name) {
            Given::Absent => Ok(Change::Keep),
            Given::Null | Given::Text("") => Ok(Change::Clear),
            Given::Text(text) if text.chars().count() <= LONGEST_APPEARANCE && !text.contains('\0') => {
                Ok(Change::Set(text.to_owned()))
            }
            Given::Text(_) | Given::NotText => Err(SeaTableError::invalid(name)),
        };
        Ok(Self { color: one("color")?, text_color: one("text_color")?, icon: one("icon")? })
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How the base looks then.
    #[must_use]
    pub fn over(&self, before: &Appearance) -> Appearance {
        let one = |change: &Change, before: &Option<String>| match change {
            Change::Keep => before.clone(),
            Change::Clear => None,
            Change::Set(text) => Some(text.clone()),
        };
        Appearance {
            color: one(&self.color, &before.color),
            text_color: one(&self.text_color, &before.text_color),
            icon: one(&self.icon, &before.icon),
        }
    }
}
