//! Tokens that were issued: by far the most frequent event, so recording one takes neither JSON nor more than a few bytes.
//!
//! As long as no more of them wait than [`SINGLY`], each becomes a row of its own. When more do, those that were issued on
//! the same terms share rows: everything but the token's id, its request and its instant is the same then, and these three
//! are listed in the row's detail, for every token. So nothing that would have been said of a token is missing.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use auth_claims::claims::{AccessClaims, Actor, Audience};
use auth_claims::scopes::Scopes;
use chrono::{DateTime, TimeDelta, Utc};
use indexmap::{Equivalent, IndexMap};
use serde::Serialize;

use super::rows::{AuditRow, LONGEST_DETAIL, LONGEST_NAME, Row, bounded};
use super::{AuditEvent, Origin};

/// What the event is called, whether a row tells of one token or of many.
const ACTION: &str = "token.issue";

/// Tokens of one batch that get a row each: some hundreds in a second.
const SINGLY: usize = 64;

/// Bytes of a row's list of tokens; about a hundred tokens.
const LONGEST_LIST: usize = 8192;

/// How far apart the tokens of one row may be, so that its instant says when all of them were issued.
const SPAN: TimeDelta = TimeDelta::seconds(1);

/// A token that was issued.
#[derive(Debug, Clone, Copy)]
pub struct TokenIssue<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// Where the request came from. The actor is the token's subject.
    pub origin: &'a Origin,
    /// The grant.
    pub grant_type: &'static str,
    /// What the token says.
    pub claims: &'a AccessClaims,
}

/// What tokens that share a row have in common. The origin names no request.
#[derive(Debug, PartialEq, Eq)]
struct Terms {
    origin: Origin,
    grant_type: &'static str,
    scope: Scopes,
    aud: Audience,
    act: Option<Box<Actor>>,
    application_id: Option<String>,
    sid: Option<String>,
    exp: i64,
}

/// The part of the terms that tells nearly all of them apart.
fn digest(sub: Option<&str>, address: Option<IpAddr>, sid: Option<&str>, exp: i64, state: &mut impl Hasher) {
    (sub, address, sid, exp).hash(state);
}

impl Hash for Terms {
    fn hash<H: Hasher>(&self, state: &mut H) {
        digest(self.origin.actor.as_deref(), self.origin.address, self.sid.as_deref(), self.exp, state);
    }
}

impl Hash for TokenIssue<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let claims = self.claims;
        digest(Some(&claims.sub), self.origin.address, claims.sid.as_deref(), claims.exp, state);
    }
}

impl Equivalent<Terms> for TokenIssue<'_> {
    fn equivalent(&self, terms: &Terms) -> bool {
        let Terms { origin, grant_type, scope, aud, act, application_id, sid, exp } = terms;
        let Origin { actor, client_id, dialect, address, request_id: _ } = origin;
        let claims = self.claims;
        actor.as_deref() == Some(&claims.sub)
            && *client_id == self.origin.client_id
            && *dialect == self.origin.dialect
            && *address == self.origin.address
            && *grant_type == self.grant_type
            && *scope == claims.scope
            && *aud == claims.aud
            && *act == claims.act
            && *application_id == claims.application_id
            && *sid == claims.sid
            && *exp == claims.exp
    }
}

impl Terms {
    fn of(issue: &TokenIssue<'_>) -> Self {
        let (origin, claims) = (issue.origin, issue.claims);
        Self {
            origin: Origin {
                actor: Some(claims.sub.clone()),
                client_id: origin.client_id.clone(),
                dialect: origin.dialect.clone(),
                address: origin.address,
                request_id: None,
            },
            grant_type: issue.grant_type,
            scope: claims.scope.clone(),
            aud: claims.aud.clone(),
            act: claims.act.clone(),
            application_id: claims.application_id.clone(),
            sid: claims.sid.clone(),
            exp: claims.exp,
        }
    }

    /// The origin of one of these tokens.
    fn origin(&self, request_id: Option<&str>) -> Origin {
        Origin { request_id: request_id.map(ToOwned::to_owned), ..self.origin.clone() }
    }

    /// What a row says of its token, or of these.
    fn detail(&self, tokens: Option<&[Listed<'_>]>) -> String {
        let detail = Detail {
            act: self.act.as_deref(),
            application_id: self.application_id.as_deref(),
            aud: &self.aud,
            count: tokens.map(<[_]>::len),
            exp: self.exp,
            grant_type: self.grant_type,
            scope: &self.scope,
            sid: self.sid.as_deref(),
            tokens,
        };
        // Texts and numbers: there is nothing that could fail.
        serde_json::to_string(&detail).unwrap_or_default()
    }
}

/// A token in the list of its row: its id, its request, and the microseconds from the row's instant to its own.
type Listed<'a> = (&'a str, Option<&'a str>, i64);

/// The detail of a row. Members come in the order that every other detail has them in.
#[derive(Serialize)]
struct Detail<'a> {
    act: Option<&'a Actor>,
    application_id: Option<&'a str>,
    aud: &'a Audience,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    exp: i64,
    grant_type: &'a str,
    scope: &'a Scopes,
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<&'a [Listed<'a>]>,
}

/// Tokens that were issued on the same terms. Their names stand one behind the other in one text, because a busy second
/// has tens of thousands of them.
#[derive(Debug, Default)]
struct Tokens {
    names: String,
    marks: Vec<Mark>,
}

/// Which part of the names is this token's, and what else is known of it.
#[derive(Debug)]
struct Mark {
    number: u64,
    at: DateTime<Utc>,
    jti: usize,
    request_id: Option<usize>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    number: u64,
    at: DateTime<Utc>,
    jti: &'a str,
    request_id: Option<&'a str>,
}

impl<'a> Token<'a> {
    fn listed(self, since: DateTime<Utc>) -> Listed<'a> {
        (self.jti, self.request_id, (self.at - since).num_microseconds().unwrap_or_default())
    }

    /// How long it makes a list, quotes, commas and the number included.
    fn listed_bytes(&self) -> usize {
        self.jti.len() + self.request_id.map_or(0, str::len) + 16
    }
}

impl Tokens {
    /// Adds one, and says how many bytes that takes.
    fn push(&mut self, number: u64, issue: &TokenIssue<'_>) -> usize {
        let jti = bound(&issue.claims.jti);
        let request_id = issue.origin.request_id.as_deref().map(bound);
        self.names.push_str(jti);
        self.names.push_str(request_id.unwrap_or_default());
        self.marks.push(Mark { number, at: issue.at, jti: jti.len(), request_id: request_id.map(str::len) });
        size_of::<Mark>() + jti.len() + request_id.map_or(0, str::len)
    }

    fn iter(&self) -> impl Iterator<Item = Token<'_>> {
        let mut names = self.names.as_str();
        self.marks.iter().map(move |mark| {
            let (jti, rest) = names.split_at(mark.jti);
            let (request_id, rest) = rest.split_at(mark.request_id.unwrap_or_default());
            names = rest;
            let request_id = mark.request_id.map(|_| request_id);
            Token { number: mark.number, at: mark.at, jti, request_id }
        })
    }
}

/// As much of a name as is kept.
fn bound(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST_NAME)]
}

/// Tokens that wait to be stored, by their terms.
#[derive(Debug, Default)]
pub(super) struct Issued(IndexMap<Terms, Tokens>);

impl Issued {
    /// Adds the event of this number, and says how many bytes it takes; `place` is what the terms count for.
    pub(super) fn push(&mut self, number: u64, issue: &TokenIssue<'_>, place: usize) -> usize {
        match self.0.get_mut(issue) {
            Some(tokens) => tokens.push(number, issue),
            None => place + self.0.entry(Terms::of(issue)).or_default().push(number, issue),
        }
    }

    /// On how many different terms they were issued.
    pub(super) fn terms(&self) -> usize {
        self.0.len()
    }

    /// Whether there are so many that they share rows.
    pub(super) fn is_crowded(&self) -> bool {
        self.0.values().map(|tokens| tokens.marks.len()).sum::<usize>() > SINGLY
    }

    /// The rows that they become.
    pub(super) fn rows(&self) -> Vec<Row> {
        let crowded = self.is_crowded();
        let mut rows = Vec::new();
        for (terms, tokens) in &self.0 {
            // A detail that would be cut off could lose its list.
            let shares = crowded && tokens.marks.len() > 1 && terms.detail(None).len() <= LONGEST_DETAIL;
            if shares {
                share(terms, tokens, &mut rows);
            } else {
                rows.extend(tokens.iter().map(|token| single(terms, token)));
            }
        }
        rows
    }
}

/// Fills one row after the other.
fn share(terms: &Terms, tokens: &Tokens, rows: &mut Vec<Row>) {
    let (mut some, mut bytes) = (Vec::new(), 0);
    for token in tokens.iter() {
        let full = bytes + token.listed_bytes() > LONGEST_LIST;
        if some.first().is_some_and(|first: &Token<'_>| full || (token.at - first.at).abs() > SPAN) {
            rows.extend(row(terms, &some));
            some.clear();
            bytes = 0;
        }
        bytes += token.listed_bytes();
        some.push(token);
    }
    rows.extend(row(terms, &some));
}

/// The row of these tokens.
fn row(terms: &Terms, tokens: &[Token<'_>]) -> Option<Row> {
    let first = match tokens {
        [] => return None,
        [only] => return Some(single(terms, *only)),
        [first, ..] => first,
    };
    let listed: Vec<Listed<'_>> = tokens.iter().map(|token| token.listed(first.at)).collect();
    let event = AuditEvent::new(first.at, ACTION, &terms.origin);
    let columns = AuditRow::new(&event, Some(terms.detail(Some(&listed))));
    Some(Row { number: first.number, events: tokens.len() as u64, columns })
}

fn single(terms: &Terms, token: Token<'_>) -> Row {
    let event = AuditEvent::new(token.at, ACTION, &terms.origin(token.request_id)).target(token.jti);
    let columns = AuditRow::new(&event, Some(bounded(terms.detail(None))));
    Row { number: token.number, events: 1, columns }
}
