//! Who may see and do what: tables A and B of `contracts/auvious-applications.md`, and nothing else decides.
//!
//! A [`Requester`] is what the claims of a token say. Rights are the union of those of each role and permission
//! (§2.2), so every function here asks for each right on its own, never for "the" role. Whoever is not within reach
//! of an application learns nothing of it: the only way from an application to what may be shown or done is a
//! [`Reached`].

use std::collections::BTreeSet;

use auth_claims::roles::Role;

use super::application::{Application, Kind};
use super::config::{Redacted, Sections};
use super::id::OrganizationId;
use super::refusal::Refusal;

/// A permission that matters here. §2.3. Permissions act inside the own organisation only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// See every entry of every configuration.
    View,
    /// Create `GENESYS` applications.
    Add,
    /// Change them.
    Edit,
    /// Delete them.
    Delete,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 4] = [Self::View, Self::Add, Self::Edit, Self::Delete];

    /// The name in the claim `permissions`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::View => "integrations:integration:view",
            Self::Add => "integrations:integration:add",
            Self::Edit => "integrations:integration:edit",
            Self::Delete => "integrations:integration:delete",
        }
    }
}

/// Which applications a list holds, before anything is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// Every one.
    Everything,
    /// The visible ones of every organisation.
    Visible,
    /// The visible ones of every organisation, and the hidden ones of this one.
    VisibleAndAllOf(OrganizationId),
    /// Every one of an organisation.
    AllOf(OrganizationId),
    /// The visible ones of an organisation.
    VisibleOf(OrganizationId),
    /// None.
    Nothing,
}

impl Listing {
    /// Whether an application is in the list.
    #[must_use]
    pub fn holds(&self, application: &Application) -> bool {
        let (of, visible) = (&application.organization_id, application.visible);
        match self {
            Self::Everything => true,
            Self::Visible => visible,
            Self::VisibleAndAllOf(own) => visible || of == own,
            Self::AllOf(own) => of == own,
            Self::VisibleOf(own) => visible && of == own,
            Self::Nothing => false,
        }
    }
}

/// Where an id is looked for. §7.6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// Everywhere.
    Anywhere,
    /// Among the applications of an organisation only; others read as available.
    Within(OrganizationId),
}

/// What the claims say about somebody who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    organization: Option<OrganizationId>,
    roles: BTreeSet<Role>,
    permissions: BTreeSet<Permission>,
}

impl Requester {
    /// Somebody with these claims. Roles that mean nothing here are none; a claim that is no organisation's id is
    /// none, so that it opens nothing.
    pub fn new<'p>(
        organization: Option<&str>,
        roles: impl IntoIterator<Item = Role>,
        permissions: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        let known = |name: &str| Permission::ALL.into_iter().find(|permission| permission.as_str() == name);
        Self {
            organization: organization.and_then(|id| id.parse().ok()),
            roles: roles.into_iter().filter(|role| *role != Role::Intervenant).collect(),
            permissions: permissions.into_iter().filter_map(known).collect(),
        }
    }

    fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    fn has(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// §2.2: `SERVICE` or `GLOBAL_ADMIN`.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.is(Role::Service) || self.is(Role::GlobalAdmin)
    }

    /// The application, for somebody who may know of it. Table A, column 1.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], as for an application that does not exist.
    pub fn reach<'a>(&'a self, application: &'a Application) -> Result<Reached<'a>, Refusal> {
        let own = self.organization.as_ref() == Some(&application.organization_id);
        if own || self.is_internal() {
            Ok(Reached { by: self, application, own })
        } else {
            Err(Refusal::Unknown)
        }
    }

    /// May an application of this kind be created? Table A, column 5.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn may_create(&self, kind: Kind) -> Result<(), Refusal> {
        let own = self.organization.is_some();
        if self.may_write(kind, Permission::Add, own) { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// The organisation of a new application: for an internal caller the one that was asked for, else their own; for
    /// others always their own. §7.5 rule 2.
    ///
    /// # Errors
    /// [`Refusal::NoOrganization`] when there is neither.
    pub fn organization_of_new(&self, asked: Option<OrganizationId>) -> Result<OrganizationId, Refusal> {
        let asked = asked.filter(|_| self.is_internal());
        asked.or_else(|| self.organization.clone()).ok_or(Refusal::NoOrganization)
    }

    /// What the list of all applications holds. Table A, column 4.
    #[must_use]
    pub fn listing(&self) -> Listing {
        let all_of_own = self.organization.clone().filter(|_| self.is(Role::Admin));
        if self.is(Role::GlobalAdmin) {
            return Listing::Everything;
        }
        match (self.is(Role::Service), all_of_own, &self.organization) {
            (true, Some(own), _) => Listing::VisibleAndAllOf(own),
            (true, None, _) => Listing::Visible,
            (false, Some(own), _) => Listing::AllOf(own),
            (false, None, Some(own)) => Listing::VisibleOf(own.clone()),
            (false, None, None) => Listing::Nothing,
        }
    }

    /// What the list of an organisation holds. Table A, column 7. An id that no organisation has is one without
    /// applications.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everybody but internal callers.
    pub fn listing_of(&self, organization: Option<OrganizationId>) -> Result<Listing, Refusal> {
        if self.is_internal() {
            Ok(organization.map_or(Listing::Nothing, Listing::AllOf))
        } else {
            Err(Refusal::Forbidden)
        }
    }

    /// Where they may ask whether an id is taken. Table A, column 6; §7.6.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everybody but internal callers and clients of an organisation.
    pub fn availability(&self) -> Result<Availability, Refusal> {
        match &self.organization {
            _ if self.is_internal() => Ok(Availability::Anywhere),
            Some(own) if self.is(Role::ClientService) => Ok(Availability::Within(own.clone())),
            _ => Err(Refusal::Forbidden),
        }
    }

    /// Table A, columns 2, 3 and 5.
    fn may_write(&self, kind: Kind, permission: Permission, own: bool) -> bool {
        // Whose only role is CUSTOMER never writes, whatever permission slipped into the token.
        let only_customer = self.roles.iter().eq([&Role::Customer]);
        let entitled = if kind == Kind::Genesys { self.has(permission) } else { self.is(Role::Admin) };
        self.is_internal() || (own && entitled && !only_customer)
    }

    /// Table B.
    fn sections(&self, kind: Kind, own: bool) -> Sections {
        let everything = self.is(Role::GlobalAdmin)
            || (own && self.has(Permission::View))
            || (own && self.is(Role::Admin) && kind != Kind::Genesys);
        if everything {
            return Sections::ALL;
        }
        Sections {
            service: self.is(Role::Service) || (own && self.is(Role::ClientService)),
            agent: own && [Role::Admin, Role::Supervisor, Role::Agent].into_iter().any(|role| self.is(role)),
            customer: own && self.is(Role::Customer),
        }
    }
}

/// An application within somebody's reach.
#[derive(Debug, Clone, Copy)]
pub struct Reached<'a> {
    by: &'a Requester,
    application: &'a Application,
    own: bool,
}

impl<'a> Reached<'a> {
    /// The application. Its configuration is not for their eyes: that is [`Reached::config`].
    #[must_use]
    pub fn application(&self) -> &'a Application {
        self.application
    }

    /// Which sections they see. Table B.
    #[must_use]
    pub fn sections(&self) -> Sections {
        self.by.sections(self.application.kind, self.own)
    }

    /// What they see of the configuration.
    #[must_use]
    pub fn config(&self) -> Redacted<'a> {
        self.application.config.redacted(self.sections())
    }

    /// May it be changed to be of this kind? The stored kind counts as well, so that no permission is got round by
    /// switching. §7.2, check 4.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn may_change_to(&self, kind: Kind) -> Result<(), Refusal> {
        let may = |kind| self.by.may_write(kind, Permission::Edit, self.own);
        if may(self.application.kind) && may(kind) { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// May it be deleted? §7.3.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn may_delete(&self) -> Result<(), Refusal> {
        let may = self.by.may_write(self.application.kind, Permission::Delete, self.own);
        if may { Ok(()) } else { Err(Refusal::Forbidden) }
    }
}

#[cfg(test)]
mod tests;
