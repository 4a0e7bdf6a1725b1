//! Rotation over simulated time, with real keys. Threat 26: a key or token that outlives its end, or ends too early.

use std::collections::HashMap;
use std::time::Duration;

use auth_claims::keys::Algorithm;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rstest::rstest;
use token_signing::{
    GeneratedKey, KeyState, Keyring, ManualRotation, RotationPolicy, RotationStep, Sealer, StoredKey,
};

const LEAD: TimeDelta = TimeDelta::minutes(15);
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// What the policy adds for skew and leeway.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

/// The stored keys, a clock, and every token that was issued.
struct World {
    now: DateTime<Utc>,
    policy: RotationPolicy,
    rows: Vec<StoredKey>,
    /// Key and end of life of each token.
    tokens: Vec<(String, DateTime<Utc>)>,
    /// When each key was first published.
    published: HashMap<String, DateTime<Utc>>,
    /// Keys that began to sign at once, on purpose.
    hurried: Vec<String>,
    sealer: Sealer,
}

impl World {
    fn new() -> Self {
        Self {
            now: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            policy: RotationPolicy { algorithm: Algorithm::EdDsa, ..RotationPolicy::default() },
            rows: Vec::new(),
            tokens: Vec::new(),
            published: HashMap::new(),
            hurried: Vec::new(),
            sealer: Sealer::new(&[1; 32]),
        }
    }

    fn started() -> Self {
        let mut world = Self::new();
        world.run(&world.policy.plan(&world.rows, world.now));
        world
    }

    /// Carries steps out, as the owner of the rows does.
    fn run(&mut self, steps: &[RotationStep]) {
        for step in steps {
            match step {
                RotationStep::Create { algorithm, activates_at } => {
                    let key = GeneratedKey::generate(*algorithm).unwrap();
                    if *activates_at <= self.now {
                        self.hurried.push(key.kid.clone());
                    }
                    self.published.insert(key.kid.clone(), self.now);
                    self.rows.push(StoredKey::seal(&key, &self.sealer, self.now, *activates_at).unwrap());
                }
                RotationStep::Retire { kid, retires_at, expires_at } => {
                    let row = self.rows.iter_mut().find(|row| row.kid == *kid).unwrap();
                    (row.retires_at, row.expires_at) = (Some(*retires_at), Some(*expires_at));
                }
                RotationStep::Delete { kid } => self.rows.retain(|row| row.kid != *kid),
            }
        }
    }

    fn plan(&mut self) {
        self.run(&self.policy.plan(&self.rows, self.now));
    }

    /// Several replicas read the same rows, then each carries out what it planned.
    fn plan_at_once(&mut self, replicas: usize) {
        let plan = self.policy.plan(&self.rows, self.now);
        for _ in 0..replicas {
            self.run(&plan);
        }
    }

    fn rotate(&mut self, manual: ManualRotation) {
        self.run(&self.policy.rotate_now(&self.rows, self.now, manual));
        if manual == ManualRotation::Withdraw {
            self.tokens.clear();
        }
    }

    fn keyring(&self) -> Keyring {
        Keyring::from_stored(&self.rows, &self.sealer, self.now).unwrap()
    }

    fn signer(&self) -> String {
        self.keyring().active(self.now).expect("some key signs at any time").kid.clone()
    }

    /// Moves on, stopping at every instant at which anything changes, and checks what must hold there.
    fn advance(&mut self, by: TimeDelta) {
        let end = self.now + by;
        let mut stops: Vec<_> = self
            .rows
            .iter()
            .flat_map(|row| [Some(row.activates_at), row.retires_at, row.expires_at])
            .flatten()
            .filter(|at| (self.now..end).contains(at))
            .chain([end])
            .collect();
        stops.sort();
        for stop in stops {
            self.now = stop;
            self.check();
        }
    }

    fn check(&mut self) {
        let keyring = self.keyring();
        let signer = keyring.active(self.now).expect("some key signs at any time").kid.clone();
        let jwks: Vec<_> = keyring.jwks(self.now).keys.into_iter().map(|key| key.kid).collect();
        if !self.hurried.contains(&signer) {
            assert!(self.now - self.published[&signer] >= LEAD, "it was published in time");
        }
        self.tokens.retain(|(_, exp)| *exp > self.now);
        for (kid, _) in &self.tokens {
            assert!(jwks.contains(kid), "a living token's key is published");
        }
        let longest = TimeDelta::from_std(self.policy.longest_token).unwrap();
        self.tokens.push((signer, self.now + longest));
    }

    fn states(&self) -> Vec<KeyState> {
        self.rows.iter().map(|row| row.state(self.now)).collect()
    }
}

#[test]
fn the_first_key_signs_at_once() {
    let world = World::started();
    assert_eq!(world.states(), [KeyState::Active]);
    assert_eq!(world.policy.plan(&world.rows, world.now), []);
}

/// One whole turn, at each instant that matters.
/// Two replicas start at the same time: the second one has looked at its clock before the first one made the key.
#[rstest]
#[case(TimeDelta::milliseconds(3), 0)]
#[case(TimeDelta::seconds(5), 0)]
// A clock that was set back: nothing would sign until it is there again.
#[case(TimeDelta::hours(1), 1)]
fn a_replica_that_is_late_makes_no_second_first_key(#[case] behind: TimeDelta, #[case] expected: usize) {
    let world = World::started();
    let steps = world.policy.plan(&world.rows, world.now - behind);
    let made = steps.iter().filter(|step| matches!(step, RotationStep::Create { .. }));
    assert_eq!(made.count(), expected, "{steps:?}");
}

#[test]
fn a_key_goes_through_its_states() {
    use KeyState::{Active, Dead, Published, Retired};
    let mut world = World::started();
    let interval = TimeDelta::from_std(world.policy.interval).unwrap();
    let first = world.signer();
    let second = TimeDelta::seconds(1);
    world.advance(interval - LEAD - second);
    world.plan();
    assert_eq!(world.states(), [Active], "too early for the next one");
    world.advance(second);
    world.plan();
    assert_eq!(world.states(), [Active, Published]);
    world.advance(LEAD - second);
    assert_eq!((world.states(), world.signer()), (vec![Active, Published], first.clone()));
    world.advance(second);
    assert_eq!(world.states(), [Retired, Active]);
    assert_ne!(world.signer(), first);
    world.advance(LONGEST + MARGIN - second);
    world.plan();
    assert_eq!(world.states(), [Retired, Active]);
    world.advance(second);
    assert_eq!(world.states(), [Dead, Active]);
    world.plan();
    assert_eq!(world.states(), [Active], "the dead one is deleted");
}

#[test]
fn after_a_long_sleep_the_next_key_is_still_published_before_it_signs() {
    let mut world = World::started();
    world.advance(TimeDelta::days(400));
    let first = world.signer();
    world.plan();
    assert_eq!(world.signer(), first);
    world.advance(LEAD);
    assert_ne!(world.signer(), first);
}

#[test]
fn another_algorithm_takes_over_after_the_lead() {
    let mut world = World::started();
    let first = world.signer();
    world.policy.algorithm = Algorithm::Es256;
    world.plan();
    assert_eq!(world.policy.plan(&world.rows, world.now), []);
    world.advance(LEAD - TimeDelta::seconds(1));
    assert_eq!(world.signer(), first);
    world.advance(TimeDelta::seconds(1));
    let keyring = world.keyring();
    assert_eq!(keyring.active(world.now).unwrap().algorithm(), Algorithm::Es256);
}

/// A key of the old algorithm that waits for its turn gets a second of it.
#[test]
fn another_algorithm_overtakes_a_waiting_key() {
    let mut world = World::started();
    world.advance(TimeDelta::from_std(world.policy.interval).unwrap() - LEAD);
    world.plan();
    world.policy.algorithm = Algorithm::Es256;
    world.plan();
    assert_eq!(world.policy.plan(&world.rows, world.now), []);
    world.advance(LEAD + TimeDelta::seconds(1));
    assert_eq!(world.keyring().active(world.now).unwrap().algorithm(), Algorithm::Es256);
}

#[rstest]
fn replicas_that_plan_at_once_do_no_harm(#[values(2, 5)] replicas: usize) {
    let mut world = World::new();
    world.plan_at_once(replicas);
    for _ in 0..3 {
        world.plan();
        world.advance(TimeDelta::from_std(world.policy.interval).unwrap() - LEAD);
        world.plan_at_once(replicas);
        world.plan();
        assert_eq!(world.policy.plan(&world.rows, world.now), []);
        world.advance(LEAD + LONGEST + MARGIN);
    }
    world.plan();
    assert_eq!(world.rows.len(), 1, "the surplus is gone");
}

#[test]
fn a_normal_rotation_is_published_first_and_done_once() {
    let mut world = World::started();
    world.advance(TimeDelta::days(1));
    let first = world.signer();
    world.rotate(ManualRotation::Normal);
    assert_eq!(world.signer(), first);
    let again = world.policy.rotate_now(&world.rows, world.now, ManualRotation::Normal);
    assert_eq!(again, [], "one is under way");
    world.advance(LEAD);
    assert_ne!(world.signer(), first);
}

#[test]
fn an_immediate_rotation_signs_at_once_and_old_tokens_live_on() {
    let mut world = World::started();
    world.advance(TimeDelta::days(1));
    let first = world.signer();
    world.rotate(ManualRotation::Immediate);
    assert_ne!(world.signer(), first);
    assert_eq!(world.policy.plan(&world.rows, world.now), []);
    world.advance(LONGEST);
    assert!(world.keyring().jwks(world.now).keys.iter().any(|key| key.kid == first));
    world.advance(MARGIN);
    assert!(!world.keyring().jwks(world.now).keys.iter().any(|key| key.kid == first));
}

#[test]
fn a_retired_key_is_not_called_back_when_its_successor_is_gone() {
    let mut world = World::started();
    for _ in 0..2 {
        world.advance(TimeDelta::hours(1));
        world.rotate(ManualRotation::Immediate);
    }
    world.rows.remove(1);
    assert_eq!(world.states(), [KeyState::Retired, KeyState::Active]);
    assert_eq!(world.policy.plan(&world.rows, world.now), []);
}

/// Threat 26: withdrawn means withdrawn, waiting and retired keys included; no later plan brings one back, not even
/// one of a replica whose clock is behind.
#[test]
fn threat_26_a_withdrawn_key_stays_withdrawn() {
    let mut world = World::started();
    world.rotate(ManualRotation::Immediate);
    world.rotate(ManualRotation::Normal);
    let old: Vec<_> = world.rows.iter().map(|row| row.kid.clone()).collect();
    assert_eq!(old.len(), 3);
    world.advance(TimeDelta::minutes(1));
    world.rotate(ManualRotation::Withdraw);
    let behind = world.now - TimeDelta::seconds(10);
    let late = world.policy.plan(&world.rows, behind);
    assert!(!late.iter().any(|step| matches!(step, RotationStep::Retire { kid, .. } if old.contains(kid))));
    let published = world.keyring().jwks(world.now).keys;
    assert_eq!(published.len(), 1);
    assert!(!old.contains(&world.signer()));
    world.plan();
    assert_eq!(world.rows.len(), 1);
}

#[test]
fn a_longer_token_life_keeps_waiting_and_retired_keys_longer_and_a_shorter_one_does_not_cut_them() {
    let mut world = World::started();
    world.rotate(ManualRotation::Normal);
    world.policy.longest_token = Duration::from_hours(48);
    world.plan();
    world.advance(LEAD * 2);
    world.policy.longest_token = Duration::from_hours(1);
    world.plan();
    world.advance(TimeDelta::hours(48) - LEAD);
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Sleep(i64),
    Plan(usize),
    Rotate(ManualRotation),
    Algorithm(Algorithm),
    LongestToken(u64),
}

fn events() -> impl Strategy<Value = Event> {
    use ManualRotation::{Immediate, Normal, Withdraw};
    prop_oneof![
        4 => (0..90_i64 * 24 * 60).prop_map(Event::Sleep),
        4 => (0..60_i64).prop_map(Event::Sleep),
        4 => (1..4_usize).prop_map(Event::Plan),
        1 => prop_oneof![Just(Normal), Just(Immediate), Just(Withdraw)].prop_map(Event::Rotate),
        1 => prop_oneof![Just(Algorithm::EdDsa), Just(Algorithm::Es256)].prop_map(Event::Algorithm),
        1 => (1..200_u64).prop_map(Event::LongestToken),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Threat 26: in any history there is a key to sign with at every instant, it was published in time, and no token
    /// outlives its key's publication.
    #[test]
    fn threat_26_any_history_keeps_the_promises(history in proptest::collection::vec(events(), 1..40)) {
        let mut world = World::started();
        for event in history {
            match event {
                Event::Sleep(minutes) => world.advance(TimeDelta::minutes(minutes)),
                Event::Plan(replicas) => {
                    world.plan_at_once(replicas);
                    world.plan();
                    prop_assert_eq!(world.policy.plan(&world.rows, world.now), []);
                }
                Event::Rotate(manual) => world.rotate(manual),
                Event::Algorithm(algorithm) => world.policy.algorithm = algorithm,
                Event::LongestToken(hours) => {
                    // A changed setting is a restart, and a server plans before it signs. Lowered, it may cut older
                    // tokens short, as its documentation says.
                    world.policy.longest_token = Duration::from_hours(hours);
                    let longest = world.now + TimeDelta::hours(i64::try_from(hours).unwrap());
                    world.tokens.retain(|(_, exp)| *exp <= longest);
                    world.plan();
                }
            }
            world.check();
        }
        world.plan();
        world.advance(TimeDelta::days(10));
        world.plan();
        prop_assert!(world.rows.len() <= 3, "{:?}", world.states());
    }
}
