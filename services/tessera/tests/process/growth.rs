//! What is over goes by itself, while the platform works.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use rstest::rstest;

use crate::stack::{Plan, Stack, Topology};

/// Tables, and the column of each that has the name under which rows were filled in.
const TABLES: [(&str, &str); 10] = [
    ("revocations", "value"),
    ("refresh_families", "id"),
    ("device_sessions", "sid"),
    ("trusted_devices", "device_mac"),
    ("client_secrets", "id"),
    ("lockouts", "subject"),
    ("familiar_networks", "network_mac"),
    ("account_tokens", "account_id"),
    ("application_revisions", "id"),
    ("audit_events", "id"),
];
/// Rows in each of them: a few batches, so that every table has its turn more than once.
const ROWS: u32 = 1200;
/// The same where somebody takes the time: a million in all.
const MANY_ROWS: u32 = 100_000;
/// Rows in each of them that stay.
const LIVE: u32 = 100;
/// Sorts before every id that the program makes, for the trail is pruned from its beginning.
const OVER: &str = "0-over";
/// How long all of it may take: nobody's promise, but an end.
const PATIENCE: Duration = Duration::from_mins(3);
const LONG_PATIENCE: Duration = Duration::from_mins(30);

/// Short in CI, long in `make soak`.
fn size() -> (u32, Duration) {
    #[expect(clippy::disallowed_methods, reason = "tests have no settings")]
    let soak = std::env::var("TESSERA_SOAK_SECONDS").is_ok();
    if soak { (MANY_ROWS, LONG_PATIENCE) } else { (ROWS, PATIENCE) }
}

/// Two auth servers, where there are servers; each row goes once, and nobody who asks for anything meanwhile is refused.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_goes_while_everybody_is_served(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let (rows, patience) = size();
    let mut stack = Plan::new(topology)
        .auth("TESSERA_AUTH__PRUNING__INTERVAL", "1s")
        .auth("TESSERA_AUTH__PRUNING__BATCH", "250")
        .auth("TESSERA_AUTH__AUDIT_KEPT", "30d")
        .idle();
    stack.apply_declared();
    stack.fill(OVER, rows, -200);
    stack.fill("live", LIVE, 30);
    stack.auth().start().await;
    if topology == Topology::Separate {
        stack.another_auth_server().await;
        stack.rooms().start().await;
    }
    let done = AtomicBool::new(false);
    let requests = tokio::join!(
        async {
            stack.until_pruned(&done, rows, patience).await;
        },
        stack.asks_on(&done)
    )
    .1;
    assert!(requests > 0, "somebody has asked while it went");
    for (table, name) in TABLES {
        let left =
            |prefix: &str| stack.rows(&format!("{table} WHERE {} LIKE '{prefix}-%'", stack.text(name)));
        assert_eq!((left(OVER), left("live")), (0, LIVE.into()), "{table}");
    }
    let counted = stack.pruned().await;
    for (table, _) in TABLES {
        assert_eq!(
            counted.get(table),
            Some(&rows.into()),
            "{table}: each row once, whoever deleted it: {counted:?}"
        );
    }
}

impl Stack {
    /// A column as text, whatever it is.
    fn text(&self, column: &str) -> String {
        let binary = column.ends_with("_mac") || column == "subject";
        match (binary, self.topology()) {
            (false, _) => column.to_owned(),
            (true, Topology::Single) => format!("CAST({column} AS TEXT)"),
            (true, Topology::Separate) => format!("encode({column}, 'escape')"),
        }
    }

    /// Waits until all of it has gone.
    async fn until_pruned(&self, done: &AtomicBool, rows: u32, patience: Duration) {
        let start = Instant::now();
        let all = u64::from(rows) * TABLES.len() as u64;
        loop {
            let gone: u64 = self.pruned().await.values().sum();
            if gone >= all {
                println!("{gone} rows went in {:?}", start.elapsed());
                done.store(true, Ordering::Release);
                return;
            }
            assert!(start.elapsed() < patience, "only {gone} of {all} rows have gone");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks for tokens, asks about one, and asks for something with it, one after the other, until it is done; how often.
    async fn asks_on(&self, done: &AtomicBool) -> usize {
        let (booking, ada) = (&self.declared.booking, &self.declared.ada);
        let token = self.application_token(booking, ada).await;
        let (mut asked, mut slowest) = (0, Duration::ZERO);
        while !done.load(Ordering::Acquire) {
            let start = Instant::now();
            self.application(booking, &ada.email).await.expect(200);
            let told = self.oauth("/oauth/introspect", booking, &[("token", &token)]).await.expect(200);
            assert_eq!(told.json()["active"], true, "{told:?}");
            self.call(&token, Method::GET, "/rooms").await.expect(200);
            slowest = slowest.max(start.elapsed());
            asked += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("{asked} times all three, the slowest took {slowest:?}");
        asked
    }

    /// The rows that went, by table, as every auth server together counts them.
    async fn pruned(&self) -> BTreeMap<String, u64> {
        let mut counted = BTreeMap::new();
        for url in self.auth_metrics() {
            let page = self.http.get(url).send().await.expect("metrics").text().await.expect("metrics");
            for line in page.lines() {
                let Some(rest) = line.strip_prefix("tessera_pruned_rows_total{table=\"") else { continue };
                let (table, count) = rest.split_once("\"} ").expect(line);
                *counted.entry(table.to_owned()).or_default() += count.parse::<u64>().expect(line);
            }
        }
        // Those of bases, where one process serves everything.
        counted.retain(|table, _| TABLES.iter().any(|(known, _)| known == table));
        counted
    }
}
