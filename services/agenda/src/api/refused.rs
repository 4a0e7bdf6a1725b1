//! What the directory refuses, in the words of the dialect.

use identity::IdentityError;
use rdv_dialect::error::RdvError;
use rdv_dialect::violations::{Code, Violations};

/// Attributes that the directory checks again when it writes.
const ATTRIBUTES: [&str; 5] = ["name", "phone_number", "email", "title", "ends_time"];

/// The refusal of a change. `name` is the one that was asked for, in case it is taken.
#[must_use]
pub fn refused(error: IdentityError, name: &str) -> RdvError {
    match error {
        IdentityError::Store(error) => RdvError::Store(error),
        IdentityError::Taken(_) => Violations::of("name", Code::Taken { value: name.to_owned() }).into(),
        IdentityError::Invalid(faults) => {
            let mut violations = Violations::default();
            for fault in &faults {
                let known = ATTRIBUTES.into_iter().find(|attribute| *attribute == fault.path);
                violations.add(known.unwrap_or("base"), Code::Invalid);
            }
            violations.into()
        }
        // Deleted by somebody else, since this transaction looked.
        IdentityError::Unknown("absence") => RdvError::NotFoundAbsence,
        IdentityError::Unknown("agent") => Violations::of("agent", Code::MustExist).into(),
        other => RdvError::internal(other),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use identity::IdentityError;
    use identity::faults::Faults;
    use rstest::rstest;
    use store::StoreError;

    use super::refused;

    fn faults(path: &str) -> IdentityError {
        let mut faults = Faults::default();
        faults.push(path, "is wrong");
        faults.into()
    }

    #[rstest]
    #[case::taken(
        IdentityError::Taken("organization name"),
        422,
        r#"{"name":[{"error":"taken","value":"MDS"}]}"#
    )]
    #[case::title(faults("title"), 422, r#"{"title":[{"error":"invalid"}]}"#)]
    #[case::elsewhere(faults("somewhere"), 422, r#"{"base":[{"error":"invalid"}]}"#)]
    #[case::agent(IdentityError::Unknown("agent"), 422, r#"{"agent":[{"error":"blank"}]}"#)]
    #[case::absence(IdentityError::Unknown("absence"), 404, r#"{"not_found":"absence"}"#)]
    #[case::away(StoreError::Unavailable("x".to_owned()).into(), 503, "Service Unavailable")]
    #[case::else_where(IdentityError::ForeignMasterKey, 500, "Internal Server Error")]
    #[actix_web::test]
    async fn each_refusal_has_its_words(
        #[case] error: IdentityError,
        #[case] status: u16,
        #[case] part: &str,
    ) {
        let response = refused(error, "MDS").error_response();
        assert_eq!(response.status().as_u16(), status);
        let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
        assert!(std::str::from_utf8(&body).unwrap().contains(part), "{body:?}");
    }
}
