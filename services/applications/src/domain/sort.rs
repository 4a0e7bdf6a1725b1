//! In which order a list is. `contracts/auvious-applications.md` §5.

use std::str::FromStr;

/// Something a list can be sorted by. Nothing of the configuration is: its order would tell hidden values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Property {
    /// The id.
    Id,
    /// The organisation.
    OrganizationId,
    /// The kind.
    Type,
    /// The version.
    Version,
    /// The creation.
    CreatedAt,
    /// The last change.
    ModifiedAt,
    /// Whether it is in ordinary lists.
    Visible,
    /// Whether it is switched off.
    Disabled,
    /// The end; none comes last in both directions.
    ExpiresAt,
    /// Whether customers may register without a ticket.
    AnonymousRegistrationEnabled,
}

impl Property {
    /// Every property.
    pub const ALL: [Self; 10] = [
        Self::Id,
        Self::OrganizationId,
        Self::Type,
        Self::Version,
        Self::CreatedAt,
        Self::ModifiedAt,
        Self::Visible,
        Self::Disabled,
        Self::ExpiresAt,
        Self::AnonymousRegistrationEnabled,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::OrganizationId => "organizationId",
            Self::Type => "type",
            Self::Version => "version",
            Self::CreatedAt => "createdAt",
            Self::ModifiedAt => "modifiedAt",
            Self::Visible => "visible",
            Self::Disabled => "disabled",
            Self::ExpiresAt => "expiresAt",
            Self::AnonymousRegistrationEnabled => "anonymousRegistrationEnabled",
        }
    }
}

/// Lists cannot be sorted by that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("No property '{0}' found for type 'Application'")]
pub struct UnknownProperty(pub String);

impl FromStr for Property {
    type Err = UnknownProperty;

    fn from_str(name: &str) -> Result<Self, UnknownProperty> {
        let found = Self::ALL.into_iter().find(|property| property.as_str() == name);
        found.ok_or_else(|| UnknownProperty(name.to_owned()))
    }
}

/// Upwards or downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

/// One criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Order {
    /// By what.
    pub property: Property,
    /// Which way.
    pub direction: Direction,
    /// Whether upper and lower case of texts count as the same.
    pub ignore_case: bool,
}

/// Criteria, the first one deciding first. Never empty. Ties are broken by the creation, latest first, and then by the
/// id, which the store adds and nobody is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort(Vec<Order>);

impl Default for Sort {
    /// The latest first.
    fn default() -> Self {
        Self(vec![Order { property: Property::CreatedAt, direction: Direction::Desc, ignore_case: false }])
    }
}

impl Sort {
    /// These criteria; the default without any.
    #[must_use]
    pub fn of(orders: Vec<Order>) -> Self {
        if orders.is_empty() { Self::default() } else { Self(orders) }
    }

    /// All criteria, as they were asked for.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.0
    }

    /// The criteria that can decide anything: a property that comes again has nothing left to decide. At most two for
    /// each property, however many were asked for.
    #[must_use]
    pub fn deciding(&self) -> Vec<Order> {
        let mut deciding: Vec<Order> = vec![];
        for order in &self.0 {
            let same = |earlier: &Order| {
                earlier.property == order.property && (!earlier.ignore_case || order.ignore_case)
            };
            if !deciding.iter().any(same) {
                deciding.push(*order);
            }
        }
        deciding
    }
}
