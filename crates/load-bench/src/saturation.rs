//! `load-bench saturation`: what sign-ins that fill the core do to token requests, and what happens to more of them than
//! may wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::bench::Pace;
use crate::load::{Drive, Script, Tally, Until};
use crate::pace::PaceOptions;
use crate::response::Head;
use crate::scenario::{Connection, Scenario, names};
use crate::seed::Seed;
use crate::server::{Backend, Server, Setup};
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

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// On which kind of database
    #[arg(long, value_name = "KIND", default_value = "sqlite")]
    backend: Backend,
    #[command(flatten)]
    pace: PaceOptions,
}

/// One server, and what both kinds of clients do on it.
struct Scene<'a> {
    server: &'a Server,
    seed: &'a Seed,
    tokens: &'a Scenario,
    sign_in: &'a Scenario,
}

/// What the rounds gave.
#[derive(Default)]
struct Figures {
    hashes: Vec<f64>,
    sign_ins: Vec<f64>,
    idle: Vec<f64>,
    busy: Vec<f64>,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options, setup: &Setup) -> anyhow::Result<()> {
    let (all, pace) = (scenarios::all(), options.pace.pace());
    let (tokens, sign_in) = (run::find(&all, names::CLIENT_CREDENTIALS)?, run::find(&all, names::SIGN_IN)?);
    let (server, seed) = Server::seeded(setup, options.backend).await?;
    let scene = Scene { server: &server, seed: &seed, tokens, sign_in };
    let figures = scene.rounds(setup, pace).await?;
    println!("{}, one core for the server", options.backend.as_str());
    figures.print();
    scene.flood(pace.span).await
}

impl Scene<'_> {
    async fn rounds(&self, setup: &Setup, pace: Pace) -> anyhow::Result<Figures> {
        let mut figures = Figures::default();
        self.ask(pace.warm_up).await?;
        for _ in 0..pace.rounds {
            figures.hashes.push(rival::hashes(setup, pace.span)?);
            figures.idle.push(self.ask(pace.span).await?.percentile(99.0));
            let mut scripts = self.sign_in.scripts(self.seed, 0..SIGN_INS);
            let drive = self.drive(pace.span);
            let (sign_ins, asked) = tokio::join!(drive.run(&mut scripts), self.ask(pace.span));
            figures.sign_ins.push(sign_ins?.rate());
            figures.busy.push(asked?.percentile(99.0));
        }
        Ok(figures)
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
    async fn flood(&self, span: Duration) -> anyhow::Result<()> {
        let turned_away = Arc::new(AtomicU64::new(0));
        let tolerant = |inner| -> Box<dyn Script> {
            Box::new(Tolerant { inner, turned_away: Arc::clone(&turned_away) })
        };
        let mut scripts: Vec<_> =
            self.sign_in.scripts(self.seed, 0..FLOOD).into_iter().map(tolerant).collect();
        let tally = Drive { pause: FLOOD_PAUSE, ..self.drive(span) }.run(&mut scripts).await?;
        let turned_away = turned_away.load(Ordering::Relaxed);
        let is_orderly = turned_away > 0 && tally.lost == 0;
        println!(
            "{FLOOD} clients sign in at once: {turned_away} answers 429 or 503, each with Retry-After; {} without an \
             answer: {}",
            tally.lost,
            if is_orderly { "met" } else { "MISSED" }
        );
        Ok(())
    }
}

impl Figures {
    fn print(self) {
        let [hashes, sign_ins, idle, busy] =
            [self.hashes, self.sign_ins, self.idle, self.busy].map(Spread::of);
        println!("{:<48} median   min – max", "");
        let line = |what: &str, unit: &str, spread: Spread, scale: f64| {
            let [median, min, max] = [spread.median, spread.min, spread.max].map(|figure| figure / scale);
            println!("{what:<42} {unit:>5} {median:>7.2} {min:>7.2} – {max:.2}");
        };
        line("Argon2 alone", "1/s", hashes, 1.0);
        line(&format!("sign_in, {SIGN_INS} clients"), "1/s", sign_ins, 1.0);
        line("p99 of client_credentials, idle", "ms", idle, 1000.0);
        line("p99 of client_credentials meanwhile", "ms", busy, 1000.0);
        let (share, slower) = (sign_ins.median / hashes.median, busy.median / idle.median);
        let (is_fast, is_fair) = (share >= SHARE, slower < SLOWER);
        let word = |holds: bool| if holds { "met" } else { "MISSED" };
        println!("sign_in / Argon2 alone {share:.3}, at least {SHARE}: {}", word(is_fast));
        println!("p99 meanwhile / idle {slower:.2}, less than {SLOWER}: {}", word(is_fair));
    }
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
