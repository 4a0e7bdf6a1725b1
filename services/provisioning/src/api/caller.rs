//! Who calls, and what an operation asks of them. `contracts/ocs-provisioning.md` §3.
//!
//! An operation names the [`Level`] that it asks for as the type of its caller, so that one without a level does not
//! compile.

use std::ops::Deref;

use identity::act::Act;
use identity::audit::Origin;
use ocs_dialect::OcsError;

use crate::app::App;
use crate::domain::access::Standing;

const NO_ADMIN: &str = "Logged in account must be an admin";
const NO_CONFIG_ADMIN: &str =
    "Logged in account must be an administrator or have authorization to edit this setting.";
const NO_DELEGATE: &str =
    "Logged in account must be an admin, a sub admin or gotten special right to access this setting";
const NO_SUB_ADMIN: &str = "Logged in account must be at least a sub admin";

/// Somebody who has proven who they are.
#[derive(Debug, Clone)]
pub struct Known {
    /// What they may do.
    pub standing: Standing,
    /// For the audit trail.
    pub origin: Origin,
}

impl Known {
    /// A change of the directory that begins now, on the caller's behalf.
    #[must_use]
    pub fn act(&self, app: &App) -> Act {
        Act::new(&app.clock, &self.origin)
    }
}

impl Deref for Known {
    type Target = Standing;

    fn deref(&self) -> &Standing {
        &self.standing
    }
}

/// What an operation asks of its caller.
pub trait Level: Sized {
    /// Whom it asks for, in words for the description of the API.
    const WHO: &'static str;

    /// Steps 2 and 3 of §3.2: somebody, and of the role that the operation needs.
    ///
    /// # Errors
    /// 997 for nobody, 403 for others.
    fn has_role(known: Option<&Known>) -> Result<(), OcsError>;

    /// Step 6: narrows the caller.
    ///
    /// # Errors
    /// 403 for who is no sub-administrator where one is asked for.
    fn admit(known: Option<Known>) -> Result<Self, OcsError>;
}

fn somebody(known: Option<&Known>) -> Result<&Known, OcsError> {
    known.ok_or(OcsError::NotLoggedIn)
}

fn administrator(known: Option<&Known>, message: &'static str) -> Result<(), OcsError> {
    if somebody(known)?.is_admin() { Ok(()) } else { Err(OcsError::with(403, message)) }
}

macro_rules! narrowed {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        #[derive(Debug, Clone)]
        pub struct $name(Known);

        impl Deref for $name {
            type Target = Known;

            fn deref(&self) -> &Known {
                &self.0
            }
        }
    )*};
}

narrowed! {
    /// An administrator, for apps and their configuration.
    AppAdmin
    /// An administrator, for setting the configuration of apps.
    ConfigAdmin
    /// An administrator, for accounts and groups.
    Admin
    /// An administrator or a sub-administrator of some group.
    SubAdmin
    /// Anybody who has proven who they are.
    Person
}

impl Level for AppAdmin {
    const WHO: &'static str = "an administrator";

    fn has_role(known: Option<&Known>) -> Result<(), OcsError> {
        administrator(known, NO_ADMIN)
    }

    fn admit(known: Option<Known>) -> Result<Self, OcsError> {
        Self::has_role(known.as_ref())?;
        known.map(Self).ok_or(OcsError::NotLoggedIn)
    }
}

impl Level for ConfigAdmin {
    const WHO: &'static str = "an administrator";

    fn has_role(known: Option<&Known>) -> Result<(), OcsError> {
        administrator(known, NO_CONFIG_ADMIN)
    }

    fn admit(known: Option<Known>) -> Result<Self, OcsError> {
        Self::has_role(known.as_ref())?;
        known.map(Self).ok_or(OcsError::NotLoggedIn)
    }
}

impl Level for Admin {
    const WHO: &'static str = "an administrator";

    fn has_role(known: Option<&Known>) -> Result<(), OcsError> {
        administrator(known, NO_DELEGATE)
    }

    fn admit(known: Option<Known>) -> Result<Self, OcsError> {
        Self::has_role(known.as_ref())?;
        known.map(Self).ok_or(OcsError::NotLoggedIn)
    }
}

impl Level for SubAdmin {
    const WHO: &'static str = "an administrator or a sub-admin";

    fn has_role(known: Option<&Known>) -> Result<(), OcsError> {
        somebody(known).map(|_| ())
    }

    fn admit(known: Option<Known>) -> Result<Self, OcsError> {
        let known = known.ok_or(OcsError::NotLoggedIn)?;
        if known.is_sub_admin() { Ok(Self(known)) } else { Err(OcsError::with(403, NO_SUB_ADMIN)) }
    }
}

impl Level for Person {
    const WHO: &'static str = "anybody with an account";

    fn has_role(known: Option<&Known>) -> Result<(), OcsError> {
        somebody(known).map(|_| ())
    }

    fn admit(known: Option<Known>) -> Result<Self, OcsError> {
        known.map(Self).ok_or(OcsError::NotLoggedIn)
    }
}

/// Whoever it is.
#[derive(Debug, Clone)]
pub struct Anybody(pub Option<Known>);

impl Level for Anybody {
    const WHO: &'static str = "everybody";

    fn has_role(_: Option<&Known>) -> Result<(), OcsError> {
        Ok(())
    }

    fn admit(known: Option<Known>) -> Result<Self, OcsError> {
        Ok(Self(known))
    }
}
