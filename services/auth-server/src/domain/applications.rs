//! Which application a token is bound to (`contracts/auvious-applications.md` §3.6).
//!
//! A request may name an application, a client may be registered as bound to one, and whatever is exchanged or refreshed
//! may be bound already: all must name the same, and whom the token is about must be let in through it now. What is decided
//! about a token ([`Terms`](super::access::Terms)) has a [`Binding`] in it, and there is no way to one that leads past
//! the check: this one for most grants, the one inside a rotation for refresh tokens. So no dialect can forget it.

use chrono::{DateTime, Utc};
use identity::applications::{self, Application, ApplicationId, ApplicationRefusal, Holder};
use identity::refresh::Rotation;

/// The application a token is bound to, if any: looked at in this request, and open to whom the token is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding(Option<String>);

/// Why a request is not bound to the application it names, or its client or credential is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingRefusal {
    /// Why, for audit and metrics.
    pub why: ApplicationRefusal,
    /// The application, if what was named can be one's id.
    pub application_id: Option<ApplicationId>,
}

/// An access token that is the subject of an exchange, as far as its binding goes.
#[derive(Debug, Clone, Copy)]
pub struct BoundSubject<'a> {
    /// The application it is bound to.
    pub application_id: &'a str,
    /// When it was issued (Unix seconds).
    pub issued_at: i64,
}

/// What is found out about the application that a request is bound to.
#[derive(Debug)]
pub struct Known<'a> {
    /// What all who name one name.
    pub agreed: Option<&'a str>,
    /// What the directory knows under that id.
    pub found: Option<&'a Application>,
    /// The subject token, if that is what is exchanged and if it is bound.
    pub subject: Option<BoundSubject<'a>>,
}

impl Binding {
    /// Binds a token about `holder`, now.
    ///
    /// # Errors
    /// [`BindingRefusal`] when nobody, or not this holder, authenticates through the application.
    pub fn check(known: &Known<'_>, holder: Holder<'_>, now: DateTime<Utc>) -> Result<Self, BindingRefusal> {
        let Some(id) = known.agreed else { return Ok(Self(None)) };
        let found = known.found.filter(|application| application.id.as_str() == id);
        // §7.3: one that was made under the id of a deleted one is another application.
        let found = match known.subject {
            Some(subject) => {
                found.filter(|application| application.created_at.timestamp() <= subject.issued_at)
            }
            None => found,
        };
        match applications::check(found, holder, now) {
            Ok(()) => Ok(Self(Some(id.to_owned()))),
            Err(why) => Err(BindingRefusal::of(why, Some(id))),
        }
    }

    /// What the rotation of a refresh token has found to be usable, in its own transaction.
    #[must_use]
    pub fn of(rotation: &Rotation) -> Self {
        Self(rotation.application_id.clone())
    }

    /// The application's id.
    #[must_use]
    pub fn application_id(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The application's id.
    #[must_use]
    pub fn into_application_id(self) -> Option<String> {
        self.0
    }
}

impl BindingRefusal {
    /// The refusal for the sake of what was named.
    #[must_use]
    pub fn of(why: ApplicationRefusal, named: Option<&str>) -> Self {
        Self { why, application_id: named.and_then(|id| id.parse().ok()) }
    }

    /// The contract's sentence. That an application is unknown, or another organisation's, is not told.
    #[must_use]
    pub const fn sentence(&self) -> &'static str {
        match self.why {
            ApplicationRefusal::Unknown | ApplicationRefusal::Foreign => "Bad credentials",
            ApplicationRefusal::Disabled => "Application is disabled",
            ApplicationRefusal::Expired => "Application is expired",
            ApplicationRefusal::Deleted => "Application not found",
        }
    }

    /// The reason as a word, for audit and metrics.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.why {
            ApplicationRefusal::Unknown => "unknown",
            ApplicationRefusal::Foreign => "foreign",
            ApplicationRefusal::Disabled => "disabled",
            ApplicationRefusal::Expired => "expired",
            ApplicationRefusal::Deleted => "deleted",
        }
    }
}

#[cfg(test)]
mod tests {
    use identity::applications::ApplicationStatus;
    use rstest::rstest;

    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const MEMBER: Holder<'static> = Holder { organization_id: Some("helios"), roles: &[] };

    fn application(id: &str) -> Application {
        Application {
            id: id.parse().expect("an id"),
            status: ApplicationStatus {
                organization_id: "helios".to_owned(),
                disabled: false,
                expires_at: None,
            },
            created_at: NOW,
            updated_at: NOW,
        }
    }

    #[rstest]
    #[case::unbound(None, None, Ok(None))]
    #[case::usable(Some("a"), Some("a"), Ok(Some("a")))]
    #[case::unknown(Some("a"), None, Err(ApplicationRefusal::Unknown))]
    #[case::mixed_up(Some("a"), Some("b"), Err(ApplicationRefusal::Unknown))]
    fn binds(
        #[case] agreed: Option<&str>,
        #[case] found: Option<&str>,
        #[case] expected: Result<Option<&str>, ApplicationRefusal>,
    ) {
        let found = found.map(application);
        let known = Known { agreed, found: found.as_ref(), subject: None };
        let bound = Binding::check(&known, MEMBER, NOW);
        assert_eq!(
            bound.as_ref().map(Binding::application_id).map_err(|refusal| refusal.why),
            expected,
            "{bound:?}"
        );
    }

    #[rstest]
    #[case::before(-1, Err("Bad credentials"))]
    #[case::in_the_same_second(0, Ok(()))]
    #[case::after(1, Ok(()))]
    fn a_subject_of_before_the_application_is_bound_to_another_one(
        #[case] issued_at: i64,
        #[case] expected: Result<(), &str>,
    ) {
        let found = application("a");
        let subject = Some(BoundSubject { application_id: "a", issued_at });
        let known = Known { agreed: Some("a"), found: Some(&found), subject };
        let bound = Binding::check(&known, MEMBER, NOW);
        assert_eq!(bound.map(drop).map_err(|refusal| refusal.sentence()), expected);
    }
}
