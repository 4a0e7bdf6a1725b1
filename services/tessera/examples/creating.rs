//! `make bench-provisioning`, second half: what creating accounts over OCS takes, beside what hashing their passwords alone
//! takes in the same run on the same pool of threads. Prints the share; judges nothing.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use identity::passwords::{PasswordHasher, PasswordSettings};
use secrecy::SecretString;

/// Accounts to create, in how many rounds, and how many requests are under way at once.
const ROUNDS: u32 = 10;
const ACCOUNTS: u32 = 1000;
const AT_ONCE: usize = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let server = Server::start().await?;
    let (mut hashing, mut creating) = (Duration::ZERO, Duration::ZERO);
    // Interleaved, so that whatever else the machine does befalls both.
    for round in 0..ROUNDS {
        hashing += hash(ACCOUNTS / ROUNDS).await?;
        creating += server.create(round, ACCOUNTS / ROUNDS).await?;
    }
    let each = |total: Duration| total.as_secs_f64() * 1000.0 / f64::from(ACCOUNTS);
    println!("creating {ACCOUNTS} accounts over OCS   {:6.2} ms each", each(creating));
    println!("hashing {ACCOUNTS} passwords alone      {:6.2} ms each", each(hashing));
    println!(
        "share of the hashing                {:6.1} %",
        100.0 * hashing.as_secs_f64() / creating.as_secs_f64()
    );
    Ok(())
}

/// The floor: as many hashes, by the pool that the server has.
async fn hash(number: u32) -> anyhow::Result<Duration> {
    let hasher = PasswordHasher::new(&PasswordSettings::default())?;
    let begin = Instant::now();
    stream::iter(0..number)
        .map(|number| {
            let hasher = hasher.clone();
            async move { hasher.hash(&SecretString::from(format!("correct-Horse-{number}"))).await }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(begin.elapsed())
}

/// The binary beside this example with the demo data, and a client.
struct Server {
    child: Child,
    url: String,
    client: reqwest::Client,
    _data: tempfile::TempDir,
}

impl Server {
    async fn start() -> anyhow::Result<Self> {
        let example = std::env::current_exe()?;
        let folder = example.parent().and_then(|examples| examples.parent()).context("no target folder")?;
        let (data, listen) = (tempfile::tempdir()?, free()?);
        let mut command = Command::new(folder.join("tessera"));
        command.args(["serve", "--demo", "--listen", &listen, "--management", &free()?]);
        command.arg("--data-dir").arg(data.path().join("data")).env("TESSERA_LOG__LEVEL", "warn");
        let child =
            command.stdout(Stdio::null()).spawn().context("cannot start tessera beside this example")?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let server = Self { child, url: format!("http://{listen}"), client, _data: data };
        for _ in 0..200 {
            if server.client.get(format!("{}/.well-known/jwks.json", server.url)).send().await.is_ok() {
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server does not answer")
    }

    async fn create(&self, round: u32, number: u32) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        stream::iter(0..number)
            .map(|number| self.create_one(format!("bench-{round}-{number}")))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(begin.elapsed())
    }

    async fn create_one(&self, login: String) -> anyhow::Result<()> {
        let body = [("userid", login.as_str()), ("password", "correct-Horse-9-staple")];
        let answer = self
            .client
            .post(format!("{}/ocs/v2.php/cloud/users?format=json", self.url))
            .basic_auth("admin", Some("demo-admin-password"))
            .header("OCS-APIRequest", "true")
            .form(&body)
            .send()
            .await?;
        if !answer.status().is_success() {
            bail!("{login}: {} {}", answer.status(), answer.text().await?);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free() -> std::io::Result<String> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}
