//! What the directory refuses, where the contract has no words of its own for it.

use identity::IdentityError;
use identity::account_details::DetailsError;
use ocs_dialect::OcsError;
use ocs_dialect::version::NOT_FOUND;

use crate::domain::password::PasswordFault;

/// The refusal of a new password. §7.3, §7.5.
#[must_use]
pub fn password_refused(fault: &PasswordFault) -> OcsError {
    OcsError::with(fault.code(), fault.text())
}

/// The refusal of a change that passed every check of its operation, so that only what happened meanwhile is left.
#[must_use]
pub fn refused(error: IdentityError) -> OcsError {
    match error {
        IdentityError::Store(error) => OcsError::Store(error),
        // Gone since this transaction looked.
        IdentityError::Unknown(_) => OcsError::code(NOT_FOUND),
        error if error.is_unavailable() => OcsError::Unavailable,
        other => OcsError::internal(other),
    }
}

/// [`refused`], where what is not valid has this code.
#[must_use]
pub fn invalid_as(error: IdentityError, code: u16, message: &'static str) -> OcsError {
    match error {
        IdentityError::Invalid(_) | IdentityError::Taken(_) => OcsError::with(code, message),
        other => refused(other),
    }
}

/// [`refused`], of a change of details whose value does for the account.
#[must_use]
pub fn details_refused(
    error: DetailsError,
    invalid: impl FnOnce(identity::account_details::InvalidDetail) -> OcsError,
) -> OcsError {
    match error {
        DetailsError::Invalid(detail) => invalid(detail),
        DetailsError::Failed(error) => refused(error),
    }
}

#[cfg(test)]
mod tests {
    use identity::IdentityError;
    use identity::faults::Faults;
    use ocs_dialect::OcsError;
    use store::StoreError;

    use super::{invalid_as, refused};

    #[test]
    fn each_refusal_has_its_code() {
        assert!(matches!(refused(IdentityError::Unknown("group")), OcsError::Failed { code: 998, .. }));
        assert!(matches!(refused(IdentityError::Overloaded), OcsError::Unavailable));
        let away = StoreError::Unavailable("x".to_owned());
        assert!(matches!(refused(away.into()), OcsError::Store(_)));
        assert!(matches!(refused(IdentityError::ForeignMasterKey), OcsError::Internal(_)));
        let mut faults = Faults::default();
        faults.push("name", "is wrong");
        let invalid = invalid_as(faults.into(), 101, "Not supported by backend");
        assert!(matches!(invalid, OcsError::Failed { code: 101, .. }));
        let gone = invalid_as(IdentityError::Unknown("group"), 101, "");
        assert!(matches!(gone, OcsError::Failed { code: 998, .. }));
    }
}
