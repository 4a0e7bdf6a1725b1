//! Agents as the RDV dialect's clients speak for them.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Person, Stack, settled};

/// What precedes every path of the RDV dialect.
pub(crate) const AGENDA: &str = "/api/v1";

/// What a sign-in hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Triple {
    pub(crate) access_token: String,
    pub(crate) client: String,
    pub(crate) uid: String,
}

impl Triple {
    /// The triple in the headers of an answer, if there is one.
    pub(crate) fn of(answer: &Answer) -> Option<Self> {
        let header = |name: &str| Some(answer.headers.get(name)?.to_str().ok()?.to_owned());
        Some(Self { access_token: header("access-token")?, client: header("client")?, uid: header("uid")? })
    }

    /// Its names and values, as headers and as parameters.
    pub(crate) fn pairs(&self) -> [(&'static str, &str); 3] {
        [("access-token", &self.access_token), ("client", &self.client), ("uid", &self.uid)]
    }

    /// A request with the three headers.
    pub(crate) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        self.pairs().into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// As the value of an `Authorization` header.
    pub(crate) fn authorization(&self) -> String {
        let [token, client, uid] = self.pairs().map(|(_, value)| value);
        let object = json!({ "access-token": token, "client": client, "uid": uid });
        format!("Bearer {}", STANDARD.encode(object.to_string()))
    }
}

impl Stack {
    /// An address below the prefix of the dialect: its sign-in is the auth server's, all else the agenda's.
    pub(crate) fn agents_url(&self, path: &str) -> String {
        let unit = match path.strip_prefix("/auth/") {
            Some(_) => &self.auth,
            None => self.agenda.as_ref().unwrap_or(&self.auth),
        };
        format!("{}{AGENDA}{path}", self.origin_of(unit))
    }

    /// A request as this agent, to be completed.
    pub(crate) fn agent_request(&self, triple: &Triple, method: Method, path: &str) -> RequestBuilder {
        triple.on(self.http.request(method, self.agents_url(path)))
    }

    /// A call as this agent.
    pub(crate) async fn as_agent(&self, triple: &Triple, method: Method, path: &str) -> Answer {
        self.send(self.agent_request(triple, method, path)).await
    }

    /// Lists the rooms as this agent.
    pub(crate) async fn rooms_as_agent(&self, triple: &Triple) -> Answer {
        self.send(triple.on(self.http.get(self.rooms_url("/rooms")))).await
    }

    /// Tries to sign in.
    pub(crate) async fn try_agent_sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.send(self.http.post(self.agents_url("/auth/sign_in")).json(&body)).await
    }

    /// Signs a person in.
    pub(crate) async fn agent_sign_in(&self, person: &Person) -> Triple {
        let answer = self.try_agent_sign_in(&person.email, &person.password).await.expect(200);
        Triple::of(&answer).unwrap_or_else(|| panic!("no triple: {answer:?}"))
    }

    /// A new absence of this person, made by an agent.
    pub(crate) fn new_absence(&self, triple: &Triple, person: &Person, title: &str) -> RequestBuilder {
        self.agent_request(triple, Method::POST, "/absences").json(&absence(person, title))
    }

    /// Asserts that each running service but the auth server refuses this triple as [`settled`] says, in its dialect's
    /// words.
    pub(crate) async fn refused_everywhere(&self, triple: &Triple, since: Instant, why: &str) {
        let agenda = || self.as_agent(triple, Method::GET, "/absences");
        let rooms = || self.rooms_as_agent(triple);
        let agenda = settled(&format!("{why}, agenda"), since, 401, agenda).await;
        let rooms = settled(&format!("{why}, rooms"), since, 401, rooms).await;
        for answer in [agenda, rooms] {
            assert_eq!(Triple::of(&answer), None, "a refusal hands out a triple: {answer:?}");
        }
    }

    /// Remembers the token of a triple that an answer hands out, in each dress that it travels in.
    pub(super) fn learn_triple(&self, answer: &Answer) {
        let Some(triple) = Triple::of(answer) else { return };
        self.watch.note(&triple.access_token);
        let handed_out = answer.headers.get("authorization").and_then(|value| value.to_str().ok());
        for header in [handed_out.map(str::to_owned), Some(triple.authorization())].into_iter().flatten() {
            let encoded = header.trim_start_matches("Bearer ").trim_end_matches('=');
            self.watch.note(encoded);
            self.watch.note(&encoded.replace('+', "-").replace('/', "_"));
        }
    }
}

/// A day off next year.
pub(crate) fn absence(person: &Person, title: &str) -> Value {
    json!({
        "agent_email": person.email, "title": title,
        "first_day": "2027-02-09", "start_time": "08:30", "end_day": "2027-02-10", "end_time": "17:00",
    })
}
