//! Requests as clients send them.

use chrono::NaiveDate;
use identity::absences::{self, NewAbsence};
use identity::act::Act;
use identity::audit::Origin;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use test_kit::logs;

use super::{Answer, Service, Session};

impl Service {
    /// A request without a credential.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A request with the three headers of a session.
    pub(crate) fn request_with(&self, session: &Session, method: &str, path: &str) -> RequestBuilder {
        session
            .parameters()
            .into_iter()
            .fold(self.request(method, path), |request, (name, value)| request.header(name, value))
    }

    /// Sends a request with the three headers of a session.
    pub(crate) async fn send(&self, session: &Session, method: &str, path: &str) -> Answer {
        answer(self.request_with(session, method, path)).await
    }

    /// Sends JSON with the three headers of a session.
    pub(crate) async fn send_json(
        &self,
        session: &Session,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Answer {
        answer(self.request_with(session, method, path).json(body)).await
    }

    /// Sends JSON with a Bearer token of somebody.
    pub(crate) async fn send_as(&self, name: &str, method: &str, path: &str, body: &Value) -> Answer {
        let token = self.sign(&self.claims(name));
        answer(self.request(method, path).bearer_auth(token).json(body)).await
    }

    /// A new absence of somebody, from the 9th to the 10th of February 2027; its id.
    pub(crate) async fn absence_of(&self, name: &str) -> i64 {
        self.absence_on(name, "2027-02-09").await
    }

    /// A new absence of somebody from this day, 08:30, to the next, 17:00; its id.
    pub(crate) async fn absence_on(&self, name: &str, first_day: &str) -> i64 {
        let first_day: NaiveDate = first_day.parse().unwrap();
        let new = NewAbsence {
            agent: self.people.account(name).id,
            title: "Formation".to_owned(),
            first_day,
            start_time: "08:30:00".parse().unwrap(),
            end_day: first_day.succ_opt().unwrap(),
            end_time: "17:00:00".parse().unwrap(),
        };
        let act = Act::new(&self.clock, &Origin::default());
        let noted = self.identity.db().write(move |conn| absences::insert(conn, &act, &new));
        noted.await.unwrap().id
    }
}

/// Sends a request.
pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    logs::note_request(&request);
    Answer::read(request.send().await.unwrap()).await
}
