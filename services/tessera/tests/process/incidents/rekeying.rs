//! Another master key for a platform that is in use.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::stack::{Base, Plan, Stack, Topology, Triple};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list offline_access";

/// Where the keys are, and where the new ones are made.
struct Keys {
    identity: PathBuf,
    bases: PathBuf,
    new: [PathBuf; 2],
}

impl Keys {
    fn of(stack: &Stack, topology: Topology) -> Self {
        let bases = match topology {
            Topology::Single => "data/bases-master.key",
            Topology::Separate => "bases/bases-master.key",
        };
        let at = |name: &str| stack.home().join(name);
        Self {
            identity: at("data/master.key"),
            bases: at(bases),
            new: ["new/master.key", "new/bases-master.key"].map(at),
        }
    }

    /// Replaces both, as the handbook says.
    fn replace(&self, stack: &Stack, status: i32) -> Vec<Value> {
        let text = |path: &Path| path.display().to_string();
        let folder = text(self.bases.parent().unwrap());
        let [identity, bases] = &self.new;
        let identity = ["--new-master-key-file", &text(identity)].map(str::to_owned);
        let bases = ["--data-dir", &folder, "--new-bases-master-key-file", &text(bases)].map(str::to_owned);
        let rekey = |flags: &[String]| {
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            let ran = stack.tessera(&[&["keys", "rekey", "--json"], &flags[..]].concat()).expect(status);
            if status == 0 { ran.json()[0].clone() } else { json!(ran.stderr) }
        };
        vec![rekey(&identity), rekey(&bases)]
    }
}

/// What people and programs hold.
struct Held {
    access: String,
    refresh: String,
    device: Triple,
    account_token: String,
    base: Base,
    api_token: String,
    temporary: String,
    totp: Totp,
}

/// Seconds of a step of codes.
const STEP: u64 = 30;

/// What the app shows so many seconds from now.
fn code(totp: &Totp, later: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    totp.generate(now.as_secs() + later).to_string()
}

impl Held {
    async fn by(stack: &Stack) -> Self {
        let (ada, bob) = (&stack.declared.ada, &stack.declared.bob);
        let session = stack.sign_in(ada, SCOPE).await.expect(200);
        let account_token = stack.account_token(ada).await;
        let base = stack.make_base(&account_token, "stock").await;
        let api_token = stack.api_token(&account_token, &base, "app", "rw").await;
        let temporary = stack.bases_get(&account_token, &base.path("temp-api-token/")).await.expect(200);
        let device = stack.agent_sign_in(ada).await;
        let enrolled = stack.tessera(&["user", "otp", "enrol", bob.login, "--json"]).expect(0).json();
        let totp = Totp::from_url(enrolled["uri"].as_str().unwrap()).unwrap();
        stack.watch.note(enrolled["secret"].as_str().unwrap());
        stack.tessera(&["user", "otp", "confirm", bob.login, &code(&totp, 0)]).expect(0);
        let temporary = temporary.text_of("api_token");
        Self {
            access: session.access_token(),
            refresh: session.refresh_token(),
            device,
            account_token,
            base,
            api_token,
            temporary,
            totp,
        }
    }

    /// Everything is as good as before, the tokens that services check on their own included.
    async fn is_good(&mut self, stack: &Stack) {
        stack.call(&self.access, Method::GET, "/rooms").await.expect(200);
        self.refresh = stack.refresh(&self.refresh).await.expect(200).refresh_token();
        stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
        stack.as_agent(&self.device, Method::GET, "/absences").await.expect(200);
        assert_eq!(
            stack.account_token(&stack.declared.ada).await,
            self.account_token,
            "given again, in clear"
        );
        let kept = stack.api_tokens(&self.account_token, &self.base).await;
        assert_eq!(kept[0]["api_token"], json!(self.api_token), "shown in clear");
        for token in [&self.api_token, &self.temporary] {
            stack.exchange_api_token(token).await.expect(200);
        }
    }
}

/// Nothing that was handed out is lost; the old keys are refused at start, and the new ones only where servers have stopped.
#[rstest]
#[tokio::test]
async fn everything_goes_on_under_another_master_key(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let keys = Keys::of(&stack, topology);
    let mut held = Held::by(&stack).await;
    let (_, program) = stack.app_password("ada", "sync");
    for refused in keys.replace(&stack, 4) {
        assert!(refused.to_string().contains("in use"), "{refused}");
    }
    held.is_good(&stack).await;

    for unit in stack.units() {
        assert!(unit.terminate().success());
    }
    let done = keys.replace(&stack, 0);
    assert_eq!((&done[0]["master_key"], &done[0]["resealed"]), (&json!("replaced"), &json!(3)), "{done:?}");
    assert_eq!((&done[1]["master_key"], &done[1]["resealed"]), (&json!("replaced"), &json!(2)), "{done:?}");
    // Whoever does not know whether it was done says it again.
    assert!(keys.replace(&stack, 0).iter().all(|done| done["master_key"] == "already"));
    stack.tessera(&["keys", "list"]).expect_sentence(4, &["the master key is not the one"]);
    stack.auth().begin();
    assert!(!stack.auth().ended().await.success(), "no server starts with the old key");

    fs::rename(&keys.new[0], &keys.identity).unwrap();
    fs::rename(&keys.new[1], &keys.bases).unwrap();
    stack.auth().start().await;
    for unit in stack.units().skip(1) {
        unit.start().await;
    }
    held.is_good(&stack).await;
    stack.sign_in(&program, SCOPE).await.expect(200);
    with_a_code(&stack, &held.totp).await;
    let trail = stack.tessera(&["audit", "verify", "--json"]).expect(0).json();
    assert_eq!(trail["faults"], json!([]), "{trail}");
    let told = stack.tessera(&["audit", "list", "--json", "--action", "master_key.replace"]).expect(0).json();
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    // What the handbook says to do next.
    stack.tessera(&["keys", "rotate", "--withdraw"]).expect(0);
}

/// A code of bob's app opens his account. The one of the step in which it was confirmed may be used up, so it is the next.
async fn with_a_code(stack: &Stack, totp: &Totp) {
    let bob = &stack.declared.bob;
    let form = [("username", bob.email.as_str()), ("password", &bob.password)];
    let request = stack.http.post(stack.auth_url("/api2/auth-token/")).form(&form);
    stack.send(request.header("X-SEAFILE-OTP", code(totp, STEP))).await.expect(200);
}

/// Killed at any moment, a database has its old key or its new one, and saying it again does what is missing.
#[rstest]
#[tokio::test]
async fn threat_02_whoever_is_killed_leaves_the_old_key_or_the_new_one(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    stack.tessera(&["keys", "rotate"]).expect(0);
    let keys = Keys::of(&stack, topology);
    let new = keys.new[0].display().to_string();
    let mut ends = [0, 0];
    for round in 0..10_u64 {
        let _ = fs::remove_file(&new);
        let mut command = stack.interruptible(&["keys", "rekey", "--new-master-key-file", &new]).start();
        tokio::time::sleep(Duration::from_millis(round * 25)).await;
        if command.is_running() {
            command.kill_hard();
        }
        let is_new = stack.tessera(&["keys", "list"]).status != 0;
        ends[usize::from(is_new)] += 1;
        if !is_new {
            stack.tessera(&["keys", "rekey", "--new-master-key-file", &new]).expect(0);
        }
        fs::rename(&new, &keys.identity).unwrap();
        stack.tessera(&["keys", "list"]).expect(0);
    }
    println!("killed ten times: {} with the old key, {} with the new one", ends[0], ends[1]);
}
