//! What may be said about an organisation. `contracts/rdv-sign-in.md` §12.4.

use identity::organizations::{OrganizationChange, Verticale, check_phone_number};
use rdv_dialect::violations::{Code, Violations};

use super::given::{Given, unfit};

/// The attributes of a changed organisation, as the request gives them.
#[derive(Debug, Clone, Default)]
pub struct OrganisationForm<'a> {
    /// What it is called; that nobody else in the territory is called so is for the directory to see.
    pub name: Given<'a>,
    /// Its telephone number, kept exactly as it is given.
    pub phone_number: Given<'a>,
    /// Its e-mail address: any text.
    pub email: Given<'a>,
    /// Its line of business.
    pub verticale: Given<'a>,
}

impl OrganisationForm<'_> {
    /// The change that is asked for; without a known attribute it changes nothing.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn change(&self) -> Result<OrganizationChange, Violations> {
        let mut violations = Violations::default();
        let change = OrganizationChange {
            name: keep("name", &self.name, name, &mut violations),
            phone_number: keep("phone_number", &self.phone_number, phone_number, &mut violations),
            email: keep("email", &self.email, email, &mut violations),
            verticale: keep("verticale", &self.verticale, verticale, &mut violations),
            territory_id: None,
        };
        violations.or(change)
    }
}

/// The new value of an attribute, if one is given and nothing is wrong with it.
fn keep<T>(
    attribute: &'static str,
    given: &Given<'_>,
    read: fn(&Given<'_>) -> Result<T, Code>,
    violations: &mut Violations,
) -> Option<T> {
    if *given == Given::Absent {
        return None;
    }
    read(given).map_err(|code| violations.add(attribute, code)).ok()
}

fn name(given: &Given<'_>) -> Result<String, Code> {
    let name = given.trimmed().ok_or(Code::Blank)?;
    unfit(name).map_or_else(|| Ok(name.to_owned()), Err)
}

fn phone_number(given: &Given<'_>) -> Result<Option<String>, Code> {
    match given {
        Given::Absent | Given::Null => Ok(None),
        // White space is a number that may be; line ends are white space that cannot be kept.
        Given::Text(text) if check_phone_number(text) && unfit(text).is_none() => {
            Ok(Some(text.clone().into_owned()))
        }
        Given::Text(_) => Err(Code::Invalid),
    }
}

fn email(given: &Given<'_>) -> Result<Option<String>, Code> {
    let Some(email) = given.trimmed() else { return Ok(None) };
    unfit(email).map_or_else(|| Ok(Some(email.to_owned())), Err)
}

/// §12.4: what is none of the known ones is `inclusion`, rather than upstream's 500; so is none at all.
fn verticale(given: &Given<'_>) -> Result<Verticale, Code> {
    match given {
        Given::Absent | Given::Null => Err(Code::Inclusion),
        Given::Text(text) => text.parse().map_err(|_| Code::Inclusion),
    }
}

#[cfg(test)]
mod tests {
    use identity::organizations::{OrganizationChange, Verticale};
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::OrganisationForm;
    use crate::domain::given::MAX_CHARS;

    fn change(parameters: &Value) -> Result<OrganizationChange, Value> {
        let form = OrganisationForm {
            name: parameters.get("name").into(),
            phone_number: parameters.get("phone_number").into(),
            email: parameters.get("email").into(),
            verticale: parameters.get("verticale").into(),
        };
        form.change().map_err(|violations| json!([violations, violations.messages()]))
    }

    #[rstest]
    #[case::nothing(json!({}))]
    #[case::unknown(json!({ "id": 3, "territory_id": "t", "horaires": null }))]
    #[case::no_scalars(json!({ "name": ["a"], "phone_number": {}, "email": [], "verticale": {"a": 1} }))]
    fn what_gives_no_known_attribute_changes_nothing(#[case] parameters: Value) {
        assert_eq!(change(&parameters), Ok(OrganizationChange::default()));
    }

    #[test]
    fn every_attribute_is_taken() {
        let given = json!({
            "name": "  MDS Die ", "phone_number": "0475000000", "email": " accueil@mds-die.example\n",
            "verticale": "rdv_mairie",
        });
        let expected = OrganizationChange {
            name: Some("MDS Die".into()),
            phone_number: Some(Some("0475000000".into())),
            email: Some(Some("accueil@mds-die.example".into())),
            verticale: Some(Verticale::RdvMairie),
            territory_id: None,
        };
        assert_eq!(change(&given), Ok(expected));
    }

    #[rstest]
    #[case::french("04 75 00 00 00")]
    #[case::international("+33475000000")]
    #[case::abroad("+44 20 7946 0958")]
    #[case::short("3949")]
    #[case::empty("")]
    #[case::blank("   ")]
    fn a_telephone_number_stays_as_it_is_given(#[case] number: &str) {
        let taken = change(&json!({ "phone_number": number })).unwrap();
        assert_eq!(taken.phone_number, Some(Some(number.to_owned())));
    }

    #[rstest]
    #[case::three_digits("115")]
    #[case::five_digits("39490")]
    #[case::word("accueil")]
    #[case::short_with_a_space("39 49")]
    #[case::too_many_digits("0475000000000000")]
    #[case::line_feed("\n")]
    fn a_telephone_number_that_cannot_be_called_is_invalid(#[case] number: &str) {
        let expected = json!([
            {"phone_number": [{"error": "invalid"}]},
            ["phone_number n'est pas valide"],
        ]);
        assert_eq!(change(&json!({ "phone_number": number })), Err(expected));
    }

    #[rstest]
    #[case::null(json!({ "phone_number": null, "email": null }))]
    #[case::blank(json!({ "phone_number": null, "email": "  " }))]
    fn telephone_number_and_email_can_be_taken_away(#[case] parameters: Value) {
        let expected = OrganizationChange {
            phone_number: Some(None),
            email: Some(None),
            ..OrganizationChange::default()
        };
        assert_eq!(change(&parameters), Ok(expected));
    }

    #[rstest]
    #[case::null(json!(null))]
    #[case::empty(json!(""))]
    #[case::spaces(json!(" \u{a0}"))]
    fn a_name_is_needed(#[case] name: Value) {
        let expected = json!([{"name": [{"error": "blank"}]}, ["name doit être rempli(e)"]]);
        assert_eq!(change(&json!({ "name": name })), Err(expected));
    }

    #[rstest]
    #[case::null(json!(null))]
    #[case::unknown(json!("rdv_poney"))]
    #[case::upper_case(json!("RDV_MAIRIE"))]
    #[case::number(json!(1))]
    fn an_unknown_line_of_business_is_not_in_the_list(#[case] verticale: Value) {
        let expected = json!([
            {"verticale": [{"error": "inclusion"}]},
            ["verticale n'est pas inclus(e) dans la liste"],
        ]);
        assert_eq!(change(&json!({ "verticale": verticale })), Err(expected));
    }

    #[test]
    fn texts_have_a_bound_and_no_control_characters_and_everything_is_told_in_order() {
        let given = json!({
            "verticale": "x", "email": "a\0b", "phone_number": "1", "name": "é".repeat(MAX_CHARS + 1),
        });
        let messages = json!([
            "name est trop long (pas plus de 255 caractères)",
            "phone_number n'est pas valide",
            "email n'est pas valide",
            "verticale n'est pas inclus(e) dans la liste",
        ]);
        assert_eq!(change(&given).unwrap_err()[1], messages);
        let longest = json!({ "name": "é".repeat(MAX_CHARS), "email": "é".repeat(MAX_CHARS) });
        assert!(change(&longest).is_ok());
    }
}
