//! What a connection does.

use std::sync::Arc;

use super::requests::{self, Asked, List};
use crate::load::Script;
use crate::wire::Http;

/// The most connections whose beginnings in a list are spread over it.
const SPREAD: usize = 32;

/// Sends the requests of a list in turn.
pub(crate) struct Turns {
    requests: List,
    at: usize,
}

impl Turns {
    /// Each connection begins at another place.
    pub(crate) fn new(requests: &List, connection: usize) -> Self {
        let at = connection * requests.len() / SPREAD % requests.len();
        Self { requests: Arc::clone(requests), at }
    }
}

impl Script for Turns {
    fn next(&mut self, out: &mut Vec<u8>) {
        self.at = (self.at + 1) % self.requests.len();
        out.extend_from_slice(&self.requests[self.at].bytes);
    }

    fn check(&mut self, status: u16, body: &[u8]) -> Result<(), String> {
        self.requests[self.at].check(status, body)
    }
}

/// Sends one request of a list again and again.
pub(crate) struct Always(Turns);

impl Always {
    /// Each connection has another one, as long as there are enough of them.
    pub(crate) fn new(requests: &List, connection: usize) -> Self {
        Self(Turns { requests: Arc::clone(requests), at: connection % requests.len() })
    }
}

impl Script for Always {
    fn next(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.requests[self.0.at].bytes);
    }

    fn check(&mut self, status: u16, body: &[u8]) -> Result<(), String> {
        self.0.check(status, body)
    }
}

/// Begins a family of refresh tokens and uses one after the other.
pub(crate) struct Refreshes {
    http: Http,
    account_token: String,
    last: Option<String>,
}

impl Refreshes {
    /// A family of the account that this token is of.
    pub(crate) fn new(http: &Http, account_token: &str) -> Self {
        Self { http: http.clone(), account_token: account_token.to_owned(), last: None }
    }
}

impl Script for Refreshes {
    fn next(&mut self, out: &mut Vec<u8>) {
        out.extend(match &self.last {
            None => requests::new_family(&self.http, &self.account_token),
            Some(last) => requests::refresh(&self.http, last),
        });
    }

    fn check(&mut self, status: u16, body: &[u8]) -> Result<(), String> {
        let given = member(body, "refresh_token").filter(|_| status == 200);
        self.last = Some(given.ok_or("200 with a refresh_token is expected")?);
        Ok(())
    }
}

/// Several scripts on one connection, in an order that comes round again.
pub(crate) struct Mix {
    parts: Vec<Turns>,
    order: Vec<usize>,
    at: usize,
}

impl Mix {
    /// Every list is there as often as its weight says, spread over the round as evenly as that goes. Each connection
    /// begins at another place.
    pub(crate) fn new(parts: &[(&List, usize)], connection: usize) -> Self {
        let order = spread(&parts.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
        let parts = parts.iter().map(|(list, _)| Turns::new(list, connection)).collect();
        Self { parts, at: connection % order.len(), order }
    }

    fn part(&mut self) -> &mut Turns {
        &mut self.parts[self.order[self.at]]
    }
}

impl Script for Mix {
    fn next(&mut self, out: &mut Vec<u8>) {
        self.at = (self.at + 1) % self.order.len();
        self.part().next(out);
    }

    fn check(&mut self, status: u16, body: &[u8]) -> Result<(), String> {
        self.part().check(status, body)
    }
}

/// An order in which each index is there as often as its weight says, at even distances.
fn spread(weights: &[usize]) -> Vec<usize> {
    let total: usize = weights.iter().sum();
    // The turn k of what is there w times belongs at (2k + 1) / 2w of the round: here twice that, in places.
    let mut places: Vec<(usize, usize)> = Vec::with_capacity(total);
    for (index, weight) in weights.iter().enumerate() {
        places.extend((0..*weight).map(|turn| ((2 * turn + 1) * total / weight, index)));
    }
    places.sort_unstable();
    places.into_iter().map(|(_, index)| index).collect()
}

impl Asked {
    fn check(&self, status: u16, body: &[u8]) -> Result<(), String> {
        if status == self.status && find(body, self.telling.as_bytes()).is_some() {
            return Ok(());
        }
        Err(format!("{} with {} is expected", self.status, self.telling))
    }
}

/// The text that a member of a JSON document has, if there is nothing in it that is written with a backslash.
fn member(body: &[u8], name: &str) -> Option<String> {
    let before = format!(r#""{name}":""#);
    let rest = body.get(find(body, before.as_bytes())? + before.len()..)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    String::from_utf8(rest[..end].to_vec()).ok()
}

fn find(body: &[u8], text: &[u8]) -> Option<usize> {
    body.windows(text.len()).position(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str) -> Asked {
        Asked { bytes: name.as_bytes().to_vec(), status: 200, telling: format!(r#""{name}""#) }
    }

    fn sent(script: &mut dyn Script) -> String {
        let mut out = Vec::new();
        script.next(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn connections_take_turns_from_different_places() {
        let list: List = ["a", "b", "c"].map(asked).into();
        let mut first = Turns::new(&list, 0);
        assert_eq!([(); 4].map(|()| sent(&mut first)), ["b", "c", "a", "b"]);
        assert_eq!(sent(&mut Turns::new(&list, 12)), "c");
        let mut always = Always::new(&list, 5);
        assert_eq!([(); 2].map(|()| sent(&mut always)), ["c", "c"]);
    }

    #[test]
    fn an_answer_is_judged_by_the_request_it_is_to() {
        let list: List = ["a", "b"].map(asked).into();
        let mut turns = Turns::new(&list, 0);
        sent(&mut turns);
        assert_eq!(turns.check(200, br#"{"id":"b"}"#), Ok(()));
        let wrong = turns.check(200, br#"{"id":"a"}"#).unwrap_err();
        assert_eq!(wrong, r#"200 with "b" is expected"#);
        assert!(turns.check(201, br#"{"id":"b"}"#).is_err());
        assert!(turns.check(200, b"").is_err());
    }

    #[test]
    fn a_family_goes_from_token_to_token() {
        let mut family = Refreshes::new(&Http::new(([127, 0, 0, 1], 1).into()), "account");
        assert!(sent(&mut family).contains("subject_token=account"));
        let answer = |token: &str| format!(r#"{{"scope":"x","refresh_token":"{token}"}}"#);
        assert_eq!(family.check(200, answer("trt_1").as_bytes()), Ok(()));
        assert!(sent(&mut family).ends_with("grant_type=refresh_token&refresh_token=trt_1"));
        assert_eq!(family.check(200, answer("trt_2").as_bytes()), Ok(()));
        assert!(sent(&mut family).ends_with("refresh_token=trt_2"));
        assert!(family.check(400, br#"{"error":"invalid_grant"}"#).is_err());
        assert!(family.check(200, br#"{"access_token":"ey"}"#).is_err());
    }

    #[test]
    fn a_mix_has_each_part_as_often_as_it_weighs() {
        let order = spread(&[4, 2, 1, 1]);
        assert_eq!(
            [0, 1, 2, 3].map(|part| order.iter().filter(|index| **index == part).count()),
            [4, 2, 1, 1]
        );
        assert!(order.windows(3).all(|three| three != [0, 0, 0]), "{order:?}");
        let (a, b): (List, List) = ([asked("a")].into(), [asked("b")].into());
        let mut mix = Mix::new(&[(&a, 2), (&b, 1)], 0);
        let sent: Vec<String> = (0..6)
            .map(|_| {
                let name = sent(&mut mix);
                assert_eq!(mix.check(200, format!(r#""{name}""#).as_bytes()), Ok(()));
                name
            })
            .collect();
        assert_eq!(sent.concat().matches('b').count(), 2);
    }
}
