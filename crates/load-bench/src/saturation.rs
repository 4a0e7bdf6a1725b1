//! `load-bench saturation`: what sign-ins that fill the core do to token requests, and what happens to more of them than
//! may wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::bench::Pace;
use crate::findings::{Bound, Findings};
use crate::limits::{self, Options, Stand};
use crate::load::{Drive, Script, Tally, Until};
use crate::response::Head;
use crate::scenario::{Connection, Scenario, names};
use crate::seed::Seed;
use crate::server::{Server, Setup};
use crate::statistics::Spread;
use crate::{rival, run, scenarios};

/// Sign-ins under way while the core is full; all of them may wait.
const SIGN_INS: usize = 16;
/// More than may wait (`identity.password.queue`, 256).
const FLOOD: usize = 400;
/// Before a client that was turned away comes back. It is told a second; here the door stays crowded.
const FLOOD_PAUSE: Duration = Duration::from_millis(100);
/// Clients that ask for tokens, and how long each waits between two requests.
const CLIENTS: usize = 2;
const PAUSE: Duration = Duration::from_millis(4);
/// The most that the p99 of token requests may grow, and the least share of the hashes that sign-ins may get.
const SLOWER: f64 = 3.0;
const SHARE: f64 = 0.9;
/// How many hashes a second the core allows, token requests alone, and both kinds together.
const STEPS: usize = 3;

/// One server, and what both kinds of clients do on it.
struct Scene<'a> {
    server: &'a Server,
    seed: &'a Seed,
    tokens: &'a Scenario,
    sign_in: &'a Scenario,
}

/// What the rounds gave: rates, and the p99 of token requests in milliseconds.
#[derive(Default)]
struct Rounds {
    hashes: Vec<f64>,
    sign_ins: Vec<f64>,
    idle: Vec<f64>,
    busy: Vec<f64>,
}

/// What became of too many sign-ins.
#[derive(Clone, Copy)]
struct Flood {
    turned_away: u64,
    lost: u64,
    let_in: u64,
}

/// Measures and prints; whether there are rounds.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<bool> {
    limits::run("saturation", STEPS, options, setup, measure).await
}

async fn measure(stand: &Stand<'_>) -> anyhow::Result<Findings> {
    let (Stand { setup, server, seed, pace }, all) = (stand, scenarios::all());
    let (tokens, sign_in) = (run::find(&all, names::CLIENT_CREDENTIALS)?, run::find(&all, names::SIGN_IN)?);
    let scene = Scene { server, seed, tokens, sign_in };
    let rounds = scene.rounds(setup, *pace).await?;
    Ok(findings(rounds, scene.flood(pace.span).await?))
}

impl Scene<'_> {
    async fn rounds(&self, setup: &Setup, pace: Pace) -> anyhow::Result<Rounds> {
        let p99 = |tally: &Tally| tally.percentile(99.0) / 1000.0;
        let mut rounds = Rounds::default();
        self.ask(pace.warm_up).await?;
        for _ in 0..pace.rounds {
            rounds.hashes.push(rival::hashes(setup, pace.span)?);
            rounds.idle.push(p99(&self.ask(pace.span).await?));
            let mut scripts = self.sign_in.scripts(self.seed, 0..SIGN_INS);
            let drive = self.drive(pace.span);
            let (sign_ins, asked) = tokio::join!(drive.run(&mut scripts), self.ask(pace.span));
            rounds.sign_ins.push(sign_ins?.rate());
            rounds.busy.push(p99(&asked?));
        }
        Ok(rounds)
    }

    fn drive(&self, span: Duration) -> Drive {
        Drive::new(self.server.address(), Connection::KeepAlive, Until::Passed(span))
    }

    /// Token requests at a modest pace.
    async fn ask(&self, span: Duration) -> anyhow::Result<Tally> {
        let mut scripts = self.tokens.scripts(self.seed, 0..CLIENTS);
        Ok(Drive { pause: PAUSE, ..self.drive(span) }.run(&mut scripts).await?)
    }

    /// More sign-ins than may wait. Whoever is turned away has to be told so, and when to come back.
    async fn flood(&self, span: Duration) -> anyhow::Result<Flood> {
        let turned_away = Arc::new(AtomicU64::new(0));
        let tolerant = |inner| -> Box<dyn Script> {
            Box::new(Tolerant { inner, turned_away: Arc::clone(&turned_away) })
        };
        let mut scripts: Vec<_> =
            self.sign_in.scripts(self.seed, 0..FLOOD).into_iter().map(tolerant).collect();
        let tally = Drive { pause: FLOOD_PAUSE, ..self.drive(span) }.run(&mut scripts).await?;
        let turned_away = turned_away.load(Ordering::Relaxed);
        Ok(Flood { turned_away, lost: tally.lost, let_in: tally.latencies.len().saturating_sub(turned_away) })
    }
}

fn findings(rounds: Rounds, flood: Flood) -> Findings {
    let [hashes, sign_ins, idle, busy] =
        [rounds.hashes, rounds.sign_ins, rounds.idle, rounds.busy].map(Spread::of);
    let mut findings = Findings::default();
    findings.figure("Argon2 alone", "1/s", hashes);
    findings.figure(format!("sign-ins of {SIGN_INS} clients"), "1/s", sign_ins);
    findings.figure("p99 of client_credentials, idle", "ms", idle);
    findings.figure("p99 of client_credentials meanwhile", "ms", busy);
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 answers")]
    let [turned_away, lost, let_in] =
        [flood.turned_away, flood.lost, flood.let_in].map(|answers| answers as f64);
    findings.figure(format!("{FLOOD} clients at once: signed in"), "", Spread::of([let_in]));
    findings.target("sign-ins / Argon2 alone", "", sign_ins.median / hashes.median, Bound::AtLeast(SHARE));
    findings.target(
        "p99 of client_credentials meanwhile / idle",
        "",
        busy.median / idle.median,
        Bound::LessThan(SLOWER),
    );
    let orderly = "sign-ins beyond the queue that got 429 or 503, each with Retry-After";
    findings.target(orderly, "", turned_away, Bound::MoreThan(0.0));
    findings.target("sign-ins beyond the queue without an answer", "", lost, Bound::AtMost(0.0));
    findings
}

/// Takes an answer that the server is too busy for what it is, as long as it says when to come back.
struct Tolerant {
    inner: Box<dyn Script>,
    turned_away: Arc<AtomicU64>,
}

impl Script for Tolerant {
    fn next(&mut self, out: &mut Vec<u8>) {
        self.inner.next(out);
    }

    fn check(&mut self, status: u16, body: &[u8]) -> Result<(), String> {
        self.inner.check(status, body)
    }

    fn check_head(&mut self, head: Head, body: &[u8]) -> Result<(), String> {
        if !matches!(head.status, 429 | 503) {
            return self.check(head.status, body);
        }
        self.turned_away.fetch_add(1, Ordering::Relaxed);
        if head.has_retry_after { Ok(()) } else { Err("without Retry-After".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Response;
    use crate::rival::Same;

    fn judged(idle: f64, busy: f64, flood: Flood) -> Vec<bool> {
        let [hashes, sign_ins] = [vec![100.0], vec![90.0]];
        let findings = findings(Rounds { hashes, sign_ins, idle: vec![idle], busy: vec![busy] }, flood);
        let json = serde_json::to_value(findings).unwrap();
        json["targets"].as_array().unwrap().iter().map(|target| target["met"] == true).collect()
    }

    #[test]
    fn token_requests_and_the_door_are_judged() {
        let flood = Flood { turned_away: 500, lost: 0, let_in: 80 };
        assert_eq!(judged(1.0, 2.9, flood), [true; 4]);
        assert_eq!(judged(1.0, 3.0, flood), [true, false, true, true]);
        let (nobody, lost) = (Flood { turned_away: 0, ..flood }, Flood { lost: 1, ..flood });
        assert_eq!(judged(1.0, 1.0, nobody), [true, true, false, true]);
        assert_eq!(judged(1.0, 1.0, lost), [true, true, true, false]);
    }

    #[test]
    fn who_is_turned_away_has_to_be_told_when_to_come_back() {
        let turned_away = Arc::new(AtomicU64::new(0));
        let mut script =
            Tolerant { inner: Same::scripts(b"", 1).remove(0), turned_away: Arc::clone(&turned_away) };
        let answer = |head: &str| {
            let mut response = Response::new();
            response.room().extend_from_slice(head.as_bytes());
            response.complete(true).unwrap().unwrap()
        };
        let busy = answer("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(script.check_head(busy, b""), Ok(()));
        let silent = answer("HTTP/1.1 429 Busy\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(script.check_head(silent, b""), Err("without Retry-After".to_owned()));
        assert_eq!(turned_away.load(Ordering::Relaxed), 2);
        let wrong = answer("HTTP/1.1 500 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
        assert!(script.check_head(wrong, b"").is_err(), "another answer is judged as ever");
        let right = answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(script.check_head(right, b""), Ok(()));
    }
}
