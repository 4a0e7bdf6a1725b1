//! The rules of `contracts/rdv-sign-in.md`, §11, as plain functions over sets: what the queries are compared with.

use std::collections::{BTreeMap, BTreeSet};

use auth_claims::roles::Role;
use identity::agents::Level;

/// The services of every directory. The secretariat is the one of exactly that name; two others come close.
pub(crate) const SERVICES: [&str; 5] = ["Secrétariat", "SOC", "PMI", "secrétariat", "Secretariat"];

/// Everything by index: agents in `agents`, organisations in `organizations`, services in [`SERVICES`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) territories: usize,
    /// The territory of each.
    pub(crate) organizations: Vec<Option<usize>>,
    pub(crate) agents: Vec<Person>,
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) enabled: bool,
    /// Seconds; agents of one age come in the order of their numbers.
    pub(crate) made_at: i64,
    pub(crate) services: BTreeSet<usize>,
    pub(crate) roles: BTreeMap<usize, Role>,
    pub(crate) territories: BTreeSet<usize>,
    /// Day and hour at which each absence begins.
    pub(crate) absences: Vec<(u8, u8)>,
}

impl Person {
    pub(crate) fn level(&self, organization: usize) -> Option<Level> {
        match self.roles.get(&organization)? {
            _ if !self.enabled => None,
            Role::Admin | Role::GlobalAdmin => Some(Level::Admin),
            Role::Agent | Role::Supervisor => Some(Level::Basic),
            Role::Intervenant => Some(Level::Intervenant),
            _ => None,
        }
    }
}

impl Directory {
    /// §11.2: whether any of the rules holds.
    pub(crate) fn sees(&self, viewer: usize, target: usize) -> bool {
        !self.rules(viewer, target).is_empty()
    }

    /// §11.2: the rules that hold, by their letters.
    pub(crate) fn rules(&self, viewer: usize, target: usize) -> BTreeSet<char> {
        let (v, a) = (&self.agents[viewer], &self.agents[target]);
        let secretariat = v.services.iter().any(|service| SERVICES[*service] == "Secrétariat");
        let mut rules = BTreeSet::new();
        for o in self.organizations_of(target) {
            let level = v.level(o);
            let territory = self.organizations[o].is_some_and(|t| v.territories.contains(&t));
            for (rule, holds) in [
                ('S', secretariat && level.is_some()),
                ('T', v.enabled && territory),
                ('A', level == Some(Level::Admin)),
                ('B', level == Some(Level::Basic) && !v.services.is_disjoint(&a.services)),
            ] {
                if holds {
                    rules.insert(rule);
                }
            }
        }
        rules
    }

    /// The organisations where somebody is an agent, in order (§11.3).
    pub(crate) fn organizations_of(&self, agent: usize) -> Vec<usize> {
        let agent = &self.agents[agent];
        agent.roles.keys().copied().filter(|o| agent.level(*o).is_some()).collect()
    }

    /// §12.3: the agents of the list, in its order.
    pub(crate) fn listed(&self, viewer: usize, organization: Option<usize>) -> Vec<usize> {
        let narrowing = organization.filter(|o| self.agents[viewer].level(*o).is_some());
        let mut agents: Vec<usize> = (0..self.agents.len())
            .filter(|agent| self.sees(viewer, *agent))
            .filter(|agent| narrowing.is_none_or(|o| self.agents[*agent].level(o).is_some()))
            .collect();
        agents.sort_by_key(|agent| (self.agents[*agent].made_at, *agent));
        agents
    }

    /// §12.5: the absences of the list, in its order, each as its agent and its place among the agent's.
    pub(crate) fn absences(&self, viewer: usize, organization: Option<usize>) -> Vec<(usize, usize)> {
        let of = |agent: usize| (0..self.agents[agent].absences.len()).map(move |index| (agent, index));
        let mut absences: Vec<_> = self.listed(viewer, organization).into_iter().flat_map(of).collect();
        absences.sort_by_key(|&(agent, index)| (self.agents[agent].absences[index], agent, index));
        absences.reverse();
        absences
    }

    /// The directory of the worked example, §11.4: `a` to `i` are 0 to 8.
    pub(crate) fn worked_example() -> Self {
        let person = |services: &[usize], roles: &[(usize, Role)], territories: &[usize]| Person {
            enabled: true,
            made_at: 0,
            services: services.iter().copied().collect(),
            roles: roles.iter().copied().collect(),
            territories: territories.iter().copied().collect(),
            absences: vec![(1, 8)],
        };
        let (secretariat, soc, pmi) = (0, 1, 2);
        let (o1, o2, o3) = (0, 1, 2);
        let (basic, admin) = (Role::Agent, Role::Admin);
        Self {
            territories: 2,
            organizations: vec![Some(0), Some(0), Some(1)],
            agents: vec![
                person(&[soc], &[(o1, basic)], &[]),
                person(&[soc], &[(o1, basic), (o2, basic)], &[]),
                person(&[pmi], &[(o1, basic)], &[]),
                person(&[pmi], &[(o1, admin), (o2, basic)], &[]),
                person(&[secretariat], &[(o1, basic)], &[]),
                person(&[pmi], &[(o2, basic)], &[]),
                person(&[soc], &[(o3, basic)], &[]),
                person(&[soc], &[(o3, basic)], &[0]),
                person(&[soc], &[], &[]),
            ],
        }
    }
}

/// §11.4 as it is printed: viewer, whom it sees, its organisations from 1 on.
pub(crate) const WORKED_EXAMPLE: [(char, &str, &[usize]); 9] = [
    ('a', "ab", &[1]),
    ('b', "ab", &[1, 2]),
    ('c', "cd", &[1]),
    ('d', "abcdef", &[1, 2]),
    ('e', "abcde", &[1]),
    ('f', "df", &[2]),
    ('g', "gh", &[3]),
    ('h', "abcdefgh", &[3]),
    ('i', "", &[]),
];

pub(crate) fn index(letter: char) -> usize {
    ('a'..='i').position(|other| other == letter).unwrap()
}

#[test]
fn the_model_agrees_with_the_worked_example() {
    let directory = Directory::worked_example();
    for (viewer, sees, organizations) in WORKED_EXAMPLE {
        let seen: Vec<usize> = sees.chars().map(index).collect();
        assert_eq!(directory.listed(index(viewer), None), seen, "{viewer}");
        let own: Vec<usize> = organizations.iter().map(|number| number - 1).collect();
        assert_eq!(directory.organizations_of(index(viewer)), own, "{viewer}");
    }
}
