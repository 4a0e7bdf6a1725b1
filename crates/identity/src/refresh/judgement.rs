//! What is to become of a presented token: the table of [`super`], without a database.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Family, RefreshRefusal, RefreshSettings};
use crate::applications::ApplicationRefusal;
use crate::clients::ClientId;

/// What the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The newest token: its successor becomes the newest.
    Advance,
    /// The one before, in time: the newest once more.
    Repeat,
    /// One that was used before: the family ends.
    Reuse,
    /// Nothing happens.
    Refuse(RefreshRefusal),
}

/// Judges the token `generation` of `family` as `client` presents it (nobody in particular for `None`).
pub(super) fn judge(
    family: &Family,
    generation: u32,
    client: Option<&ClientId>,
    settings: &RefreshSettings,
    now: DateTime<Utc>,
) -> Judgement {
    // First, so that a foreign client learns nothing and changes nothing (threat 1).
    if client.is_some_and(|client| *client != family.client_id) {
        Judgement::Refuse(RefreshRefusal::WrongClient)
    } else if family.application_deleted {
        // Told to whoever holds a token that would still work.
        match judge_live(family, generation, settings, now) {
            Judgement::Advance | Judgement::Repeat => Judgement::Refuse(ApplicationRefusal::Deleted.into()),
            Judgement::Reuse | Judgement::Refuse(_) => Judgement::Refuse(RefreshRefusal::Revoked),
        }
    } else if family.revoked.is_some() {
        Judgement::Refuse(RefreshRefusal::Revoked)
    } else {
        judge_live(family, generation, settings, now)
    }
}

fn judge_live(family: &Family, generation: u32, settings: &RefreshSettings, now: DateTime<Utc>) -> Judgement {
    let within = |from: DateTime<Utc>, span| now < from + TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    if now >= family.expires_at || !within(family.rotated_at, settings.idle) {
        Judgement::Refuse(RefreshRefusal::Expired)
    } else if generation > family.generation {
        // The database was restored from a backup. The client is not to blame, but the successor is not provable.
        Judgement::Refuse(RefreshRefusal::Unknown)
    } else if generation == family.generation {
        match generation.checked_add(1) {
            Some(_) => Judgement::Advance,
            None => Judgement::Refuse(RefreshRefusal::Expired),
        }
    } else if family.generation - generation == 1 && within(family.rotated_at, settings.grace) {
        Judgement::Repeat
    } else {
        Judgement::Reuse
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use auth_claims::revocations::RevocationReason;
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;
    use crate::refresh::FamilyId;

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const SETTINGS: RefreshSettings = RefreshSettings {
        grace: Duration::from_mins(1),
        absolute: Duration::from_secs(10_000),
        idle: Duration::from_secs(1_000),
    };

    fn family(generation: u32) -> Family {
        Family {
            id: FamilyId(Uuid::nil()),
            client_id: "web".parse().unwrap(),
            account_id: Uuid::nil().to_string().parse().unwrap(),
            sid: "s".into(),
            scope: "a b".parse().unwrap(),
            audience: vec![],
            application_id: None,
            auth_time: START,
            amr: vec![],
            generation,
            rotated_at: START,
            created_at: START,
            expires_at: START + TimeDelta::seconds(10_000),
            revoked: None,
            application_deleted: false,
        }
    }

    fn judged(family: &Family, generation: u32, seconds: i64) -> Judgement {
        let client = family.client_id.clone();
        judge(family, generation, Some(&client), &SETTINGS, START + TimeDelta::seconds(seconds))
    }

    #[rstest]
    #[case(5, 0, Judgement::Advance)]
    #[case(5, 999, Judgement::Advance)]
    #[case(4, 0, Judgement::Repeat)]
    #[case(4, 59, Judgement::Repeat)]
    #[case(4, 60, Judgement::Reuse)]
    #[case(3, 0, Judgement::Reuse)]
    #[case(0, 999, Judgement::Reuse)]
    #[case(5, 1_000, Judgement::Refuse(RefreshRefusal::Expired))]
    #[case(4, 1_000, Judgement::Refuse(RefreshRefusal::Expired))]
    #[case(6, 0, Judgement::Refuse(RefreshRefusal::Unknown))]
    fn a_family_at_its_fifth_token(#[case] presented: u32, #[case] after: i64, #[case] expected: Judgement) {
        assert_eq!(judged(&family(5), presented, after), expected);
    }

    #[test]
    fn use_does_not_prolong_the_absolute_lifetime() {
        let mut family = family(5);
        family.rotated_at = START + TimeDelta::seconds(9_500);
        assert_eq!(judged(&family, 5, 9_999), Judgement::Advance);
        assert_eq!(judged(&family, 5, 10_000), Judgement::Refuse(RefreshRefusal::Expired));
    }

    #[test]
    fn a_replay_of_a_revoked_family_changes_nothing() {
        let revoked = Family { revoked: Some(RevocationReason::SignedOut), ..family(5) };
        for presented in 0..=6 {
            assert_eq!(judged(&revoked, presented, 0), Judgement::Refuse(RefreshRefusal::Revoked));
        }
    }

    #[test]
    fn only_a_token_that_would_work_tells_that_the_application_is_gone() {
        let revoked = Some(RevocationReason::Revoked);
        let ended = Family { revoked, application_deleted: true, ..family(5) };
        let gone = Judgement::Refuse(RefreshRefusal::Application(ApplicationRefusal::Deleted));
        for (presented, after) in [(5, 0), (5, 999), (4, 59)] {
            assert_eq!(judged(&ended, presented, after), gone);
        }
        for (presented, after) in [(5, 1_000), (4, 60), (3, 0), (0, 0), (6, 0)] {
            assert_eq!(judged(&ended, presented, after), Judgement::Refuse(RefreshRefusal::Revoked));
        }
    }

    /// Threat 1: whatever the state of the family, another client gets one answer and changes nothing.
    #[test]
    fn threat_01_another_client_is_refused_before_anything_else() {
        let other: ClientId = "other".parse().unwrap();
        let revoked = Family { revoked: Some(RevocationReason::Revoked), ..family(5) };
        for (family, presented, seconds) in
            [(&revoked, 5, 0), (&family(5), 5, 0), (&family(5), 1, 0), (&family(5), 5, 20_000)]
        {
            let judged =
                judge(family, presented, Some(&other), &SETTINGS, START + TimeDelta::seconds(seconds));
            assert_eq!(judged, Judgement::Refuse(RefreshRefusal::WrongClient));
        }
    }

    #[test]
    fn the_last_number_has_no_successor() {
        assert_eq!(judged(&family(u32::MAX), u32::MAX, 0), Judgement::Refuse(RefreshRefusal::Expired));
    }
}
