//! What is asked for. A parameter that is unknown, repeated or malformed is an error: a filter that was overlooked would
//! show more than was meant.

use chrono::{DateTime, Utc};
use identity::audit::listing::Place;
use identity::audit::{AuditFilter, Outcome};
use identity::master::Secrets;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::cursor;
use crate::api::bearer::BearerError;

/// Events of a page, unless something else is asked for.
const USUAL: u32 = 100;

/// Events of a page at most.
const MOST: u32 = 1000;

/// Bytes of a name: what the trail keeps of one.
const LONGEST_NAME: usize = 256;

/// As they come.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Parameters {
    /// Only what this account or client did: its id.
    actor: Option<String>,
    /// Only this action, such as `token.issue`.
    action: Option<String>,
    /// Only what was done to this: an id. Lists of tokens that share an event are not looked into.
    target: Option<String>,
    /// Only what was done through this client: its id.
    client: Option<String>,
    /// Only what was done in this dialect, such as `oauth2`, `meet`, `rdv`, `cli`.
    dialect: Option<String>,
    /// Only what ended so: `success`, `failure` or `received`.
    outcome: Option<String>,
    /// Only from this instant on (RFC 3339).
    since: Option<String>,
    /// Only before this instant (RFC 3339).
    until: Option<String>,
    /// Events of the page, 1 to 1000. Default: 100.
    limit: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Understood.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) filter: AuditFilter,
    pub(super) after: Option<Place>,
}

impl Request {
    /// # Errors
    /// [`BearerError::Request`].
    pub(super) fn of(query: &str, secrets: &Secrets) -> Result<Self, BearerError> {
        let Parameters { actor, action, target, client, dialect, outcome, since, until, limit, cursor } =
            actix_web::web::Query::<Parameters>::from_query(query)
                .map_err(|_| BearerError::Request("a parameter is unknown, or there twice"))?
                .into_inner();
        let filter = AuditFilter {
            actor: name(actor)?,
            action: name(action)?,
            target: name(target)?,
            client_id: name(client)?,
            dialect: name(dialect)?,
            outcome: outcome
                .map(|text| text.parse::<Outcome>())
                .transpose()
                .map_err(|_| BearerError::Request("outcome is success, failure or received"))?,
            since: instant(since.as_deref())?,
            until: instant(until.as_deref())?,
            limit: size(limit.as_deref())?,
        };
        let after = cursor.map(|text| cursor::read(secrets, &filter, &text)).map(|place| {
            place.ok_or(BearerError::Request("the cursor is none, or belongs to other filters"))
        });
        Ok(Self { after: after.transpose()?, filter })
    }

    /// For the event that says that somebody read.
    pub(super) fn told(&self) -> Value {
        let AuditFilter { actor, action, target, client_id, dialect, outcome, since, until, limit } =
            &self.filter;
        let mut told = json!({ "limit": limit, "further": self.after.is_some() });
        let names = [
            ("actor", actor),
            ("action", action),
            ("target", target),
            ("client", client_id),
            ("dialect", dialect),
        ];
        for (name, value) in names.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
            told[name] = value.as_str().into();
        }
        if let Some(outcome) = outcome {
            told["outcome"] = outcome.as_str().into();
        }
        for (name, at) in [("since", since), ("until", until)] {
            if let Some(at) = at {
                told[name] = at.to_rfc3339().into();
            }
        }
        told
    }
}

fn name(text: Option<String>) -> Result<Option<String>, BearerError> {
    match text {
        Some(text) if text.is_empty() || text.len() > LONGEST_NAME => {
            Err(BearerError::Request("a name is 1 to 256 bytes long"))
        }
        text => Ok(text),
    }
}

fn instant(text: Option<&str>) -> Result<Option<DateTime<Utc>>, BearerError> {
    let malformed = BearerError::Request("since and until are instants such as 2027-01-15T08:00:00Z");
    let instant = text.map(DateTime::parse_from_rfc3339).transpose().map_err(|_| malformed)?;
    Ok(instant.map(|instant| instant.to_utc()))
}

fn size(text: Option<&str>) -> Result<u32, BearerError> {
    let Some(text) = text else { return Ok(USUAL) };
    let size = text.parse().ok().filter(|size| (1..=MOST).contains(size));
    size.ok_or(BearerError::Request("limit is a number from 1 to 1000"))
}

#[cfg(test)]
mod tests {
    use identity::master::MasterKey;
    use proptest::prelude::*;

    use super::*;

    fn request(query: &str) -> Result<Request, BearerError> {
        Request::of(query, &Secrets::new(&MasterKey::generate().expect("random bytes")))
    }

    #[test]
    fn filters_are_read() {
        let all = request("").expect("no filter");
        assert_eq!(all.filter, AuditFilter { limit: 100, ..AuditFilter::default() });
        let query = "actor=a%20b&action=x.y&target=t&client=c&dialect=meet&outcome=failure\
            &since=2027-01-15T09:00:00%2B01:00&until=2027-01-15T08:00:01Z&limit=7";
        let filter = request(query).expect("every filter").filter;
        let text = |text: &str| Some(text.to_owned());
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0);
        let expected = AuditFilter {
            actor: text("a b"),
            action: text("x.y"),
            target: text("t"),
            client_id: text("c"),
            dialect: text("meet"),
            outcome: Some(Outcome::Failure),
            since: at(0),
            until: at(1),
            limit: 7,
        };
        assert_eq!(filter, expected);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let long = format!("target={}", "x".repeat(257));
        for query in [
            "actors=a",
            "actor=a&actor=b",
            "actor=",
            &long,
            "outcome=ok",
            "outcome=SUCCESS",
            "since=yesterday",
            "since=2027-01-15",
            "until=1800000000",
            "since=2027-01-15T08:00:00+01:00",
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=",
            "limit=1e2",
            "cursor=",
            "cursor=abc",
        ] {
            assert!(matches!(request(query), Err(BearerError::Request(_))), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_query_panics(query in any::<String>()) {
            let _ = request(&query);
        }
    }
}
