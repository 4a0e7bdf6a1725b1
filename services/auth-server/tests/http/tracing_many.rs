//! Many tokens at a time: they share rows of the audit trail, and each is in it once.

use std::collections::HashSet;
use std::sync::mpsc;

use auth_claims::claims::AccessClaims;
use rstest::rstest;
use serde_json::{Value, json};
use store::StoreError;

use crate::harness::{Backend, Spawned};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// Some more than what one process writes singly.
const MANY: usize = 200;

impl Spawned {
    /// The only connection that writes to SQLite does something else until the answer is sent something.
    async fn hold_up_writing(&self) -> mpsc::Sender<()> {
        let (busy, is_busy) = tokio::sync::oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let (db, mut busy, released) =
            (self.identity.db().clone(), Some(busy), std::sync::Mutex::new(released));
        actix_web::rt::spawn(async move {
            db.write(move |_| {
                let _ = busy.take().expect("the first try").send(());
                let _ = released.lock().expect("nobody panicked").recv();
                Ok::<_, StoreError>(())
            })
            .await
        });
        is_busy.await.expect("a connection");
        release
    }
}

#[rstest]
#[actix_web::test]
async fn each_of_many_tokens_is_in_the_trail_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::on(backend).await;
    let (one, other) = (app.service("one").await, app.service("other").await);
    let writing = app.hold_up_writing().await;
    let (mut issued, mut requests) = (HashSet::new(), HashSet::new());
    for number in 0..MANY {
        let client = if number % 5 == 0 { &other } else { &one };
        let answer = app.token(client, &[GRANT]).await;
        let AccessClaims { jti, .. } = answer.claims();
        assert!(issued.insert(jti) && requests.insert(answer.header("x-request-id").to_owned()));
        if number % 10 == 0 {
            app.token(&one, &[GRANT, ("scope", "admin")]).await.assert_refused(400, "invalid_scope");
        }
    }
    drop(writing);
    let (mut rows, mut found, mut asked) = (0, HashSet::new(), HashSet::new());
    for event in
        app.audit("token.issue").await.into_iter().filter(|event| event.outcome.as_str() == "success")
    {
        rows += 1;
        let detail = event.detail.expect("a detail");
        let tokens = match event.target {
            Some(jti) => vec![json!([jti, event.origin.request_id, 0])],
            None => detail["tokens"].as_array().expect("a list").clone(),
        };
        assert_eq!(detail.get("count").map_or(Some(1), Value::as_u64), Some(tokens.len() as u64));
        assert_eq!(
            (event.origin.actor.as_deref(), &detail["aud"]),
            (event.origin.client_id.as_deref(), &json!("api"))
        );
        for token in tokens {
            let text = |index: usize| token[index].as_str().expect("a text").to_owned();
            assert!(found.insert(text(0)) && asked.insert(text(1)), "{token} is there twice");
        }
    }
    assert_eq!((found, asked), (issued, requests));
    if backend == Backend::Sqlite {
        assert!(rows < MANY / 2, "{rows} rows");
    }
    assert_eq!(app.identity.audit().dropped(), 0);
}
