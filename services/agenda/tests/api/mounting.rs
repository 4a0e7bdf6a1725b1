//! Beside other services in one process: shared prefix, own authenticator.

use std::sync::Arc;

use actix_web::{App, HttpResponse, test, web};
use agenda::{Agenda, AgendaSettings};
use auth_claims::SourceError;
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::keys::{JwkSet, KeySource};
use auth_claims::verify::{Verifier, VerifierSettings};
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use identity::MIGRATIONS;
use identity::audit::AuditTrail;
use store::{DatabaseSettings, Db};
use test_kit::TestDatabase;

use crate::support::{AGENTS, ISSUER, keyring};

/// Published keys, or none.
struct Published(Option<JwkSet>);

impl KeySource for Published {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        ready(self.0.clone().ok_or_else(|| SourceError::new("nobody answers"))).boxed()
    }
}

fn authenticator(keys: Option<JwkSet>) -> Authenticator {
    let expected = VerifierSettings::new(ISSUER, "agenda");
    Authenticator::new(Verifier::new(expected, Arc::new(Published(keys)), Clock::system()), None)
}

/// `/api/v1/auth/*` belongs to the auth server, mounted before; what it does not have is 404 here; and its authenticator
/// in the app's data is not the one that the agenda is guarded by.
#[actix_web::test]
async fn the_agenda_leaves_the_rest_of_the_prefix_to_services_mounted_before() {
    let database = TestDatabase::sqlite();
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    let now = Clock::system().now();
    let own = authenticator(Some(keyring(now).jwks(now)));
    let audit = AuditTrail::start(db.clone());
    let agenda = Agenda::start(AgendaSettings::default(), db, audit, own, Clock::system());
    let sign_in = web::resource("/api/v1/auth/sign_in");
    let app = test::init_service(
        App::new()
            .app_data(web::Data::new(authenticator(None)))
            .service(sign_in.route(web::post().to(|| async { HttpResponse::Created().body("session") })))
            .configure(agenda.configure()),
    )
    .await;
    let call = |method: &str, path: &str| {
        let request = test::TestRequest::with_uri(path).method(method.parse().unwrap());
        // Signed by nobody: with keys 401, without 503.
        let token = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.e30.AAAA";
        test::call_service(
            &app,
            request.insert_header(("authorization", format!("Bearer {token}"))).to_request(),
        )
    };
    assert_eq!(call("POST", "/api/v1/auth/sign_in").await.status(), 201);
    assert_eq!(call("GET", "/api/v1/auth/confirmation").await.status(), 404);
    assert_eq!(call("GET", AGENTS).await.status(), 401);
    assert_eq!(call("GET", "/api/v2/agents").await.status(), 404);
}
