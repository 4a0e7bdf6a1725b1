//! Records for the tests of the modules beside.

use identity::absences::Absence;
use identity::agents::Agent;
use identity::organizations::{Organization, Verticale};

fn at<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

pub(super) fn agent() -> Agent {
    Agent {
        id: at("0198c0de-0000-7000-8000-000000000318"),
        number: 318,
        email: Some("jo.valette@cd26.example".to_owned()),
        first_name: Some("Jo".to_owned()),
        last_name: Some("VALETTE".to_owned()),
    }
}

pub(super) fn organization() -> Organization {
    Organization {
        id: "mds-die".to_owned(),
        number: 17,
        name: "MDS Die".to_owned(),
        territory_id: None,
        phone_number: None,
        email: None,
        verticale: Verticale::RdvSolidarites,
        created_at: at("2026-01-01T00:00:00Z"),
        updated_at: at("2026-01-01T00:00:00Z"),
    }
}

pub(super) fn absence() -> Absence {
    Absence {
        id: 902,
        agent: agent(),
        organization: Some(organization()),
        title: "Formation".to_owned(),
        first_day: at("2026-02-09"),
        start_time: at("08:30:00"),
        end_day: at("2026-02-10"),
        end_time: at("17:00:00"),
        created_at: at("2026-01-31T22:00:00Z"),
        updated_at: at("2026-01-31T22:00:00Z"),
    }
}
