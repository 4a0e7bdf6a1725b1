//! Agents, organisations and absences as the dialect shows them, with their fields in its order.
//! `contracts/rdv-sign-in.md` §12.3–§12.5.

use chrono::{DateTime, NaiveTime, Utc};
use identity::absences::Absence;
use identity::agents::Agent;
use identity::organizations::Organization;
use rdv_dialect::page::Meta;
use serde::Serialize;
use utoipa::ToSchema;

use super::ical;

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgentView {
    /// The agent's number.
    pub id: i64,
    /// The e-mail address, which is the `uid` too; agents who cannot sign in may have none.
    #[schema(required)]
    pub email: Option<String>,
    /// The given name.
    #[schema(required)]
    pub first_name: Option<String>,
    /// Always `null`: identities of elsewhere are not shown.
    #[schema(required)]
    pub inclusion_connect_open_id_sub: Option<String>,
    /// The family name.
    #[schema(required)]
    pub last_name: Option<String>,
}

impl From<Agent> for AgentView {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.number,
            email: agent.email,
            first_name: agent.first_name,
            inclusion_connect_open_id_sub: None,
            last_name: agent.last_name,
        }
    }
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrganisationView {
    /// The organisation's number.
    pub id: i64,
    /// Its e-mail address.
    #[schema(required)]
    pub email: Option<String>,
    /// What it is called.
    pub name: String,
    /// Its telephone number, exactly as it was given.
    #[schema(required)]
    pub phone_number: Option<String>,
    /// Its line of business: `rdv_insertion`, `rdv_solidarites`, `rdv_aide_numerique` or `rdv_mairie`.
    #[schema(example = "rdv_solidarites")]
    pub verticale: &'static str,
}

impl From<Organization> for OrganisationView {
    fn from(organization: Organization) -> Self {
        Self {
            id: organization.number,
            email: organization.email,
            name: organization.name,
            phone_number: organization.phone_number,
            verticale: organization.verticale.as_str(),
        }
    }
}

/// An absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AbsenceView {
    /// The absence's number.
    pub id: i64,
    /// Whose it is.
    pub agent: AgentView,
    /// The day on which it ends, `YYYY-MM-DD`.
    #[schema(example = "2026-02-10")]
    pub end_day: String,
    /// The time at which it ends, `HH:MM:SS` on the clocks of Paris.
    #[schema(example = "17:00:00")]
    pub end_time: String,
    /// The day on which it begins.
    #[schema(example = "2026-02-09")]
    pub first_day: String,
    /// A calendar with the absence in it, as text.
    pub ical: String,
    /// Its id in that calendar.
    #[schema(example = "absence_902@RDV Solidarités")]
    pub ical_uid: String,
    /// The organisation of the agent with the smallest number; kept for old clients.
    #[schema(required)]
    pub organisation: Option<OrganisationView>,
    /// Always `null`: there are no recurring absences here.
    #[schema(required)]
    pub rrule: Option<String>,
    /// The time at which it begins.
    #[schema(example = "08:30:00")]
    pub start_time: String,
    /// What it is called.
    #[schema(example = "Formation")]
    pub title: String,
}

impl AbsenceView {
    /// The absence as it is shown now.
    #[must_use]
    pub fn new(absence: Absence, now: DateTime<Utc>) -> Self {
        Self {
            id: absence.id,
            end_day: absence.end_day.to_string(),
            end_time: clock(absence.end_time),
            first_day: absence.first_day.to_string(),
            ical: ical::calendar(&absence, now),
            ical_uid: ical::uid(absence.id),
            rrule: None,
            start_time: clock(absence.start_time),
            agent: absence.agent.into(),
            organisation: absence.organization.map(Into::into),
            title: absence.title,
        }
    }
}

fn clock(time: NaiveTime) -> String {
    time.format("%H:%M:%S").to_string()
}

/// A page of agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgentsBody {
    /// In the order in which they came.
    pub agents: Vec<AgentView>,
    /// Where the page stands.
    pub meta: Meta,
}

/// One organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrganisationBody {
    /// The organisation.
    pub organisation: OrganisationView,
}

/// A page of organisations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrganisationsBody {
    /// In the order of their numbers.
    pub organisations: Vec<OrganisationView>,
    /// Where the page stands.
    pub meta: Meta,
}

/// One absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AbsenceBody {
    /// The absence.
    pub absence: AbsenceView,
}

/// A page of absences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AbsencesBody {
    /// The last ones first.
    pub absences: Vec<AbsenceView>,
    /// Where the page stands.
    pub meta: Meta,
}

#[cfg(test)]
mod tests {
    use identity::agents::Agent;
    use identity::organizations::{Organization, Verticale};
    use rdv_dialect::page::{Meta, PageNumber};
    use rdv_dialect::parameters::Parameters;

    use super::{AbsenceBody, AbsenceView, AgentsBody, OrganisationBody, OrganisationsBody, ical};
    use crate::domain::examples;

    fn json(body: &impl serde::Serialize) -> String {
        serde_json::to_string(body).unwrap()
    }

    fn meta(total: i64) -> Meta {
        Meta::new(PageNumber::of(&Parameters::from_query("")), total)
    }

    #[test]
    fn agents_have_the_fields_of_the_contract_in_its_order() {
        let nameless =
            Agent { number: 319, email: None, first_name: None, last_name: None, ..examples::agent() };
        let body = AgentsBody { agents: vec![examples::agent().into(), nameless.into()], meta: meta(2) };
        assert_eq!(
            json(&body),
            concat!(
                r#"{"agents":[{"id":318,"email":"jo.valette@cd26.example","first_name":"Jo","#,
                r#""inclusion_connect_open_id_sub":null,"last_name":"VALETTE"},{"id":319,"email":null,"#,
                r#""first_name":null,"inclusion_connect_open_id_sub":null,"last_name":null}],"#,
                r#""meta":{"current_page":1,"next_page":null,"prev_page":null,"total_pages":1,"total_count":2}}"#,
            )
        );
    }

    #[test]
    fn organisations_have_the_fields_of_the_contract_in_its_order() {
        let changed = Organization {
            phone_number: Some("0475000000".to_owned()),
            email: Some("accueil@mds-die.example".to_owned()),
            verticale: Verticale::RdvInsertion,
            ..examples::organization()
        };
        assert_eq!(
            json(&OrganisationBody { organisation: changed.into() }),
            concat!(
                r#"{"organisation":{"id":17,"email":"accueil@mds-die.example","name":"MDS Die","#,
                r#""phone_number":"0475000000","verticale":"rdv_insertion"}}"#,
            )
        );
        assert_eq!(
            json(&OrganisationsBody { organisations: Vec::new(), meta: meta(0) }),
            concat!(
                r#"{"organisations":[],"meta":{"current_page":1,"next_page":null,"prev_page":null,"#,
                r#""total_pages":0,"total_count":0}}"#,
            )
        );
    }

    #[test]
    fn an_absence_has_the_fields_of_the_contract_in_its_order() {
        let now = "2026-01-31T23:15:09Z".parse().unwrap();
        let body = AbsenceBody { absence: AbsenceView::new(examples::absence(), now) };
        let calendar = serde_json::to_string(&ical::calendar(&examples::absence(), now)).unwrap();
        let expected = [
            r#"{"absence":{"id":902,"agent":{"id":318,"email":"jo.valette@cd26.example","first_name":"Jo","#,
            r#""inclusion_connect_open_id_sub":null,"last_name":"VALETTE"},"end_day":"2026-02-10","#,
            r#""end_time":"17:00:00","first_day":"2026-02-09","ical":"#,
            &calendar,
            r#","ical_uid":"absence_902@RDV Solidarités","organisation":{"id":17,"email":null,"name":"MDS Die","#,
            r#""phone_number":null,"verticale":"rdv_solidarites"},"rrule":null,"start_time":"08:30:00","#,
            r#""title":"Formation"}}"#,
        ];
        assert_eq!(json(&body), expected.concat());
    }

    #[test]
    fn an_absence_of_an_agent_without_organisation_has_none() {
        let absence = identity::absences::Absence { organization: None, ..examples::absence() };
        let view = AbsenceView::new(absence, "2026-01-31T23:15:09Z".parse().unwrap());
        assert!(json(&view).contains(r#""organisation":null,"#));
    }
}
