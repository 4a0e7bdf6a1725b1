//! Who may act for whom, and how long the chain gets (`contracts/oauth2.md` §4, RFC 8693 §4.1).

use auth_claims::claims::{AccessClaims, Actor, SubjectKind};

/// Why an exchange is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeRefusal {
    /// The chain of actors would be longer than allowed.
    #[error("the token has been exchanged too often")]
    TooDeep,
    /// The actor token is not the exchanging client's own.
    #[error("the actor may not act")]
    Actor,
}

/// The `act` claim of what becomes of an access token: the exchanging client outermost, around the client that held
/// the token, unless the chain names it there already, around whoever acted before. So the revocation of any client
/// the authority went through hits the result.
///
/// # Errors
/// [`ExchangeRefusal::TooDeep`] when the chain would hold more than `limit` actors, the holder included.
pub fn acting_after(
    client_id: &str,
    subject: &AccessClaims,
    limit: usize,
) -> Result<Box<Actor>, ExchangeRefusal> {
    let before = subject.act.as_deref();
    let holder = subject.client_id.as_str();
    let named = before.map(|head| head.client_id.as_deref().unwrap_or(&head.sub));
    if holder == client_id || named == Some(holder) {
        return acting(client_id, before, limit);
    }
    let holder =
        Actor { sub: holder.to_owned(), client_id: Some(holder.to_owned()), act: subject.act.clone() };
    acting(client_id, Some(&holder), limit)
}

/// The `act` claim of the result: the exchanging client outermost, around whoever acted before.
///
/// # Errors
/// [`ExchangeRefusal::TooDeep`] when the chain would hold more than `limit` actors.
pub fn acting(client_id: &str, before: Option<&Actor>, limit: usize) -> Result<Box<Actor>, ExchangeRefusal> {
    let depth = std::iter::successors(before, |actor| actor.act.as_deref()).count();
    if depth >= limit {
        return Err(ExchangeRefusal::TooDeep);
    }
    Ok(Box::new(Actor {
        sub: client_id.to_owned(),
        client_id: Some(client_id.to_owned()),
        act: before.cloned().map(Box::new),
    }))
}

/// Whether the subject of an actor token may act in this exchange: it is the exchanging client itself, by a token
/// that is its own and not itself the fruit of an exchange. A token of somebody else's would let a client blame its
/// acts on others.
///
/// # Errors
/// [`ExchangeRefusal::Actor`] otherwise.
pub fn may_act(actor: &AccessClaims, client_id: &str) -> Result<(), ExchangeRefusal> {
    let own = actor.kind == SubjectKind::Client
        && actor.sub == client_id
        && actor.client_id == client_id
        && actor.act.is_none();
    if own { Ok(()) } else { Err(ExchangeRefusal::Actor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_nest_up_to_the_limit() {
        let first = acting("a", None, 2).expect("the first");
        assert_eq!((first.sub.as_str(), first.client_id.as_deref(), &first.act), ("a", Some("a"), &None));
        let second = acting("b", Some(&first), 2).expect("the second");
        assert_eq!(second.act, Some(first));
        assert_eq!(acting("c", Some(&second), 2), Err(ExchangeRefusal::TooDeep));
    }

    #[test]
    fn no_exchange_at_all_can_be_a_setting() {
        assert_eq!(acting("a", None, 0), Err(ExchangeRefusal::TooDeep));
    }
}
