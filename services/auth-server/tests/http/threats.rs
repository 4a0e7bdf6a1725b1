//! Threats that belong to no single endpoint.

use std::time::{Duration, Instant};

use auth_claims::claims::{AccessClaims, Actor};
use auth_claims::device::DEVICE_SESSION;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::accounts::Account;
use identity::audit::Origin;
use identity::clients::{ClientKind, GrantType};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{
    ACCESS_TOKEN, Answer, BASIC, Backend, Credentials, EXCHANGE, JWT, MEET, PASSWORD, Spawned, basic, claims,
    part, scopes, send,
};
use crate::rdv::{self, Session};

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Threat 6: tokens whose header or key is not what it should be. None of them is active, exchanged or revoked.
#[rstest]
#[actix_web::test]
async fn threat_06_forged_tokens_count_for_nothing(
    #[values("none", "None", "HS256", "ES384", "RS256", "EdDSA")] algorithm: &str,
) {
    let app = Spawned::on(Backend::Sqlite).await;
    let gate = app.exchanger("gate").await;
    let token = app.own_token(&gate).await;
    let (header, payload) = (part(&token, 0), part(&token, 1));
    let key = app.get("/.well-known/jwks.json").await.json()["keys"][0].clone();
    let signature = token.rsplit('.').next().expect("a signature");
    let with = |change: Value| {
        let mut header = header.clone();
        for (name, value) in change.as_object().expect("an object") {
            header[name] = value.clone();
        }
        encode(&header)
    };
    let headers = [
        with(json!({ "alg": algorithm })),
        with(json!({ "alg": algorithm, "jwk": key })),
        with(json!({ "jku": "https://evil.example/jwks.json" })),
        with(json!({ "x5u": "https://evil.example/x" })),
        with(json!({ "crit": ["exp"] })),
        with(json!({ "typ": "JWT" })),
        with(json!({ "kid": "other" })),
    ];
    let mut admin = payload.clone();
    admin["roles"] = json!(["SERVICE"]);
    for header in headers {
        for payload in [&payload, &admin] {
            for signature in [signature, "", "AAAA"] {
                let forged = format!("{header}.{}.{signature}", encode(payload));
                assert_eq!(app.introspect(&gate, &forged).await, json!({ "active": false }), "{forged}");
                app.exchange(&gate, ACCESS_TOKEN, &forged, &[]).await.assert_refused(400, "invalid_grant");
            }
        }
    }
    assert_eq!(app.introspect(&gate, &token).await["active"], true);
}

/// How one parameter of an exchange is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sent {
    Absent,
    Empty,
    Once(usize),
    Twice(usize, usize),
}

/// Weighted so that a fair part of the requests gets far enough to be granted something.
fn sent(name: &str, values: usize) -> impl Strategy<Value = Sent> {
    let (absent, once) = if name.starts_with("subject") { (1, 20) } else { (12, 6) };
    prop_oneof![
        absent => Just(Sent::Absent),
        2 => Just(Sent::Empty),
        once => (0..values).prop_map(Sent::Once),
        1 => (0..values, 0..values).prop_map(|(one, other)| Sent::Twice(one, other)),
    ]
}

/// Threat 8: every subset, duplication and emptying of the parameters. What is issued lies within the subject's and
/// the client's own, and a missing or repeated subject is an error.
#[actix_web::test]
async fn threat_08_no_combination_of_parameters_escalates() {
    let app = Spawned::on(Backend::Sqlite).await;
    let gate = app.exchanger("gate").await;
    app.reregister("gate", |r| r.audiences = vec!["api".to_owned(), "rooms".to_owned()]).await;
    let backend = app
        .client("backend", ClientKind::Service, |r| {
            r.grants = vec![GrantType::TokenExchange, GrantType::RefreshToken, GrantType::ClientCredentials];
            (r.scopes, r.default_scopes) = (scopes("b c internal:revocations offline_access"), scopes("b c"));
            r.audiences = vec!["rooms".to_owned(), "auth-server".to_owned()];
        })
        .await;
    let account = app.account("nadia").await;
    let (user, _) = app.session(&gate, &account).await;
    let (own, foreign) = (app.own_token(&backend).await, app.own_token(&gate).await);
    let subjects = [user.as_str(), &foreign, "garbage"];
    let actors = [own.as_str(), &foreign, &user];
    let types = [ACCESS_TOKEN, JWT, BASIC, "urn:ietf:params:oauth:token-type:id_token"];
    let wanted = ["b", "a", "b c", "internal:revocations", "offline_access", "b b", "admin"];
    let targets = ["rooms", "api", "auth-server", "rooms api", "payroll"];
    let parameters: [(&str, &[&str]); 9] = [
        ("subject_token", &subjects),
        ("subject_token_type", &types),
        ("actor_token", &actors),
        ("actor_token_type", &types),
        ("requested_token_type", &types),
        ("scope", &wanted),
        ("audience", &targets),
        ("resource", &targets),
        ("application_id", &["x"]),
    ];
    let strategy: Vec<_> = parameters.iter().map(|(name, values)| sent(name, values.len())).collect();
    let mut runner = TestRunner::deterministic();
    let mut issued = 0;
    for _ in 0..1500 {
        let choice = strategy.new_tree(&mut runner).expect("a choice").current();
        let answer = ask(&app, &backend, &parameters, &choice).await;
        assert!(answer.status < 500, "{choice:?}: {answer:?}");
        if choice.iter().any(|sent| matches!(sent, Sent::Twice(..))) {
            answer.assert_refused(400, "invalid_request");
        }
        if answer.status != 200 {
            continue;
        }
        issued += 1;
        let Sent::Once(subject) = choice[0] else { panic!("issued without one subject: {choice:?}") };
        assert_within(&answer, &claims(subjects[subject]), &format!("{choice:?}"));
    }
    assert!(issued > 25, "only {issued} of the combinations gave a token: the test proves little");
}

async fn ask(app: &Spawned, client: &Credentials, parameters: &[(&str, &[&str])], choice: &[Sent]) -> Answer {
    let mut form = vec![("grant_type", EXCHANGE)];
    for ((name, values), sent) in parameters.iter().zip(choice) {
        match *sent {
            Sent::Absent => {}
            Sent::Empty => form.push((name, "")),
            Sent::Once(value) => form.push((name, values[value])),
            Sent::Twice(one, other) => form.extend([(*name, values[one]), (*name, values[other])]),
        }
    }
    app.token(client, &form).await
}

fn assert_within(answer: &Answer, subject: &AccessClaims, choice: &str) {
    let issued = answer.claims();
    let client = scopes("b c internal:revocations offline_access");
    assert!(
        issued.scope.is_subset(&subject.scope) && issued.scope.is_subset(&client),
        "{choice}: {issued:?}"
    );
    for name in issued.aud.iter() {
        assert!(
            subject.aud.contains(name) && ["rooms", "auth-server"].contains(&name),
            "{choice}: {issued:?}"
        );
    }
    assert!(issued.exp <= subject.exp, "{choice}: {issued:?}");
    assert_eq!(
        (&issued.sub, issued.kind, &issued.sid),
        (&subject.sub, subject.kind, &Some(subject.sid.as_ref().unwrap_or(&subject.jti).clone())),
        "{choice}"
    );
    assert_eq!((&issued.roles, &issued.permissions), (&subject.roles, &subject.permissions), "{choice}");
    let act = issued.act.expect("an actor");
    let holder =
        || Actor { sub: subject.client_id.clone(), client_id: Some(subject.client_id.clone()), act: None };
    let before = match &subject.act {
        None if subject.client_id != "backend" => Some(Box::new(holder())),
        act => act.clone(),
    };
    assert_eq!((act.sub.as_str(), act.act), ("backend", before), "{choice}");
    assert!(answer.json().get("refresh_token").is_none(), "{choice}");
}

/// Who has fallen from grace.
#[derive(Debug, Clone, Copy)]
enum Fallen {
    DisabledClient,
    DeletedClient,
    DisabledAccount,
    DeletedAccount,
}

impl Fallen {
    async fn fall(self, app: &Spawned, account: &Account) {
        match self {
            Self::DisabledClient => {
                app.enable_client("gate", false).await;
                app.enable_client("meet", false).await;
            }
            Self::DeletedClient => {
                app.delete_client("gate").await;
                app.delete_client("meet").await;
            }
            Self::DisabledAccount => app.enable_account(account, false).await,
            Self::DeletedAccount => {
                app.identity.delete_account(account.id, &Origin::default()).await.expect("an account");
            }
        }
    }

    const fn is_client(self) -> bool {
        matches!(self, Self::DisabledClient | Self::DeletedClient)
    }
}

/// Threat 9: {disabled, deleted} × {client, account} × {every grant, refresh, exchange, introspection, Meet, device
/// sessions}, asked of the server that was told and of another one.
#[rstest]
#[actix_web::test]
async fn threat_09_who_is_disabled_or_deleted_is_refused_everywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Fallen::DisabledClient, Fallen::DeletedClient, Fallen::DisabledAccount, Fallen::DeletedAccount)]
    fallen: Fallen,
) {
    let app = Spawned::on(backend).await;
    let replica = app.replica().await;
    let (gate, meet) = (app.exchanger("gate").await, app.application("meet").await);
    let other = app.exchanger("other").await;
    let monitor = app
        .client("monitor", ClientKind::Service, |r| r.roles = vec![auth_claims::roles::Role::Service])
        .await;
    let account = app.account("nadia").await;
    let (access, refresh) = app.session(&gate, &account).await;
    let delegated = app.meet(&meet, "nadia@agency.example").await.access_token();
    let own = app.own_token(&gate).await;
    let device = Session::of(&rdv::sign_in(&app, "nadia@agency.example", PASSWORD).await);
    let shown = device.subject_token();
    let on_device = app.exchange(&gate, DEVICE_SESSION, &shown, &[]).await.access_token();
    fallen.fall(&app, &account).await;
    // Beyond the second for which a replica may remember a client that has just proved itself.
    app.clock.advance(chrono::TimeDelta::seconds(2));
    for server in [&app, &replica] {
        let refused = if fallen.is_client() { (401, "invalid_client") } else { (400, "invalid_grant") };
        server.refresh(&gate, &refresh).await.assert_refused(refused.0, refused.1);
        server.exchange(&gate, BASIC, &basic(&account), &[]).await.assert_refused(refused.0, refused.1);
        server.exchange(&gate, ACCESS_TOKEN, &access, &[]).await.assert_refused(refused.0, refused.1);
        server.exchange(&other, ACCESS_TOKEN, &access, &[]).await.assert_refused(400, "invalid_grant");
        server.exchange(&gate, DEVICE_SESSION, &shown, &[]).await.assert_refused(refused.0, refused.1);
        server.exchange(&gate, ACCESS_TOKEN, &on_device, &[]).await.assert_refused(refused.0, refused.1);
        server.exchange(&other, ACCESS_TOKEN, &on_device, &[]).await.assert_refused(400, "invalid_grant");
        // A session is the account's, whatever becomes of the clients it was shown to.
        assert_eq!(rdv::is_valid(server, &device).await, fallen.is_client(), "{fallen:?}");
        let told = server.introspect(&monitor, &shown).await["active"] == true;
        assert_eq!(told, fallen.is_client(), "{fallen:?}");
        let for_itself = server.token(&gate, &[("grant_type", "client_credentials")]).await;
        if fallen.is_client() {
            for_itself.assert_refused(401, "invalid_client");
            assert_eq!(server.meet(&meet, "nadia@agency.example").await.status, 401);
            assert_eq!(server.introspect(&monitor, &own).await, json!({ "active": false }));
            server
                .post_as(&gate, "/oauth/introspect", &[("token", &own)])
                .await
                .assert_refused(401, "invalid_client");
            server
                .post_as(&gate, "/oauth/revoke", &[("token", &own)])
                .await
                .assert_refused(401, "invalid_client");
        } else {
            assert_eq!(for_itself.status, 200);
            server.exchange(&other, BASIC, &basic(&account), &[]).await.assert_refused(400, "invalid_grant");
            server.exchange(&other, DEVICE_SESSION, &shown, &[]).await.assert_refused(400, "invalid_grant");
            assert_eq!(rdv::sign_in(server, "nadia@agency.example", PASSWORD).await.status, 401);
            assert_eq!(rdv::sign_out(server, &device).await.status, 404);
            let again = server.meet(&meet, "nadia@agency.example").await;
            match fallen {
                Fallen::DeletedAccount => assert_eq!(again.status, 404),
                // contracts/meet.md §4.5: the token is issued and dead.
                _ => assert_eq!(
                    server.introspect(&monitor, &again.access_token()).await,
                    json!({ "active": false })
                ),
            }
        }
        for token in [&access, &refresh, &delegated, &on_device] {
            assert_eq!(server.introspect(&monitor, token).await, json!({ "active": false }), "{fallen:?}");
        }
    }
}

/// Threat 9: being enabled again brings everything back that was not ended for another reason.
#[rstest]
#[actix_web::test]
async fn threat_09_enabled_again_is_as_before(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::on(backend).await;
    let (gate, account) = (app.exchanger("gate").await, app.account("nadia").await);
    let (access, refresh) = app.session(&gate, &account).await;
    for enabled in [false, true] {
        app.enable_account(&account, enabled).await;
        app.enable_client("gate", enabled).await;
    }
    assert_eq!(app.introspect(&gate, &access).await["active"], true);
    assert_eq!(app.refresh(&gate, &refresh).await.status, 200);
}

/// Threat 17: an unknown client takes the time a known one takes, in both dialects. Medians, by a generous factor,
/// interleaved so that whatever else the machine does hits all of them.
#[rstest]
#[actix_web::test]
async fn threat_17_unknown_and_known_clients_take_the_same_time(#[values("/oauth/token", MEET)] path: &str) {
    let app = Spawned::with(Backend::Sqlite, crate::throttling::any_number_of_secrets).await;
    app.application("known").await;
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..150 {
        for (index, id) in ["known", "unknown", "no client id"].into_iter().enumerate() {
            let wrong = [("client_id", id), ("client_secret", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy")];
            let form =
                [&wrong[..], &[("grant_type", "client_credentials"), ("scope", "a@b.example")]].concat();
            let started = Instant::now();
            assert_eq!(app.post(path, &form).await.status, 401);
            if round >= 20 {
                times[index].push(started.elapsed());
            }
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    });
    for median in &medians[1..] {
        let ratio = median / medians[0];
        assert!((0.4..2.5).contains(&ratio), "{medians:?}");
    }
}

/// Threat 17: an unknown e-mail address takes the time a known one takes at sign-in, and so does every other row of the
/// table that says no more than that the credentials are bad; and a session of nobody takes the time of somebody's.
#[actix_web::test]
async fn threat_17_unknown_and_known_agents_take_the_same_time() {
    let app = Spawned::with(Backend::Sqlite, crate::rdv::unlimited).await;
    app.account("nadia").await;
    let fallen = app.account("fallen").await;
    app.enable_account(&fallen, false).await;
    let sign_ins = [
        json!({ "email": "nadia@agency.example", "password": "wrong" }),
        json!({ "email": "nobody@agency.example", "password": "wrong" }),
        json!({ "email": "fallen@agency.example", "password": "wrong" }),
        json!({ "email": "nadia@agency.example" }),
        json!({ "email": 26, "password": "wrong" }),
        json!({ "email": "no address", "password": "wrong" }),
    ];
    let ask = |index: usize| rdv::sign_in_with(&app, &sign_ins[index]);
    assert_alike::<6>(ask).await;
    let own = Session::of(&rdv::sign_in(&app, "nadia@agency.example", PASSWORD).await);
    let wrong = Session { access_token: "A".repeat(22), ..own.clone() };
    let sessions = [
        wrong.clone(),
        Session { client: "A".repeat(22), ..wrong.clone() },
        Session { uid: "nobody@agency.example".to_owned(), ..wrong },
    ];
    assert_alike::<3>(|index| rdv::validate(&app, &sessions[index])).await;
}

/// Medians, by a generous factor, interleaved as above.
async fn assert_alike<const N: usize>(ask: impl AsyncFn(usize) -> Answer) {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..150 {
        for (index, times) in times.iter_mut().enumerate() {
            let started = Instant::now();
            assert_eq!(ask(index).await.status, 401);
            if round >= 20 {
                times.push(started.elapsed());
            }
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    });
    for median in &medians[1..] {
        let ratio = median / medians[0];
        assert!((0.4..2.5).contains(&ratio), "{medians:?}");
    }
}

/// Threat 25: nothing of a request becomes a part of a statement.
#[rstest]
#[case("' OR '1'='1")]
#[case("'; DROP TABLE clients; --")]
#[case("\" OR \"\"=\"")]
#[case("booking' --")]
#[case("%")]
#[case("\\")]
#[case("$1")]
#[actix_web::test]
async fn threat_25_statements_in_parameters_are_text(
    #[case] text: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::on(backend).await;
    let client = app.exchanger("booking").await;
    let meet = app.application("meet").await;
    let grant = ("grant_type", "client_credentials");
    for id in [text.to_owned(), format!("booking{text}")] {
        let form = [grant, ("client_id", id.as_str()), ("client_secret", client.secret.as_str())];
        app.post("/oauth/token", &form).await.assert_refused(401, "invalid_client");
    }
    app.token(&client, &[grant, ("scope", text)]).await.assert_refused(400, "invalid_scope");
    app.token(&client, &[grant, ("audience", text)]).await.assert_refused(400, "invalid_target");
    app.refresh(&client, text).await.assert_refused(400, "invalid_grant");
    let subject = crate::harness::basic_of(text, text);
    app.exchange(&client, BASIC, &subject, &[]).await.assert_refused(400, "invalid_grant");
    assert_eq!(app.introspect(&client, text).await, json!({ "active": false }));
    assert_eq!(rdv::sign_in(&app, text, text).await.status, 401);
    let [access_token, client_id, uid] = [text; 3].map(str::to_owned);
    let triple = auth_claims::device::DeviceTriple { access_token, client: client_id, uid };
    app.exchange(&client, DEVICE_SESSION, &triple.to_subject_token(), &[])
        .await
        .assert_refused(400, "invalid_grant");
    for path in [rdv::VALIDATE_TOKEN, rdv::CHANGE] {
        let request = app.request(reqwest::Method::GET, path);
        let request = request.query(&[("access-token", text), ("client", text), ("uid", text)]);
        assert!([401, 404].contains(&send(request).await.status));
    }
    assert_eq!(app.post_as(&client, "/oauth/revoke", &[("token", text)]).await.status, 200);
    let quoted = format!("\"{}\"@agency.example", text.replace(['"', '\\', ' '], ""));
    assert!([400, 404].contains(&app.meet(&meet, &quoted).await.status));
    assert_eq!(app.token(&client, &[grant]).await.status, 200);
}
