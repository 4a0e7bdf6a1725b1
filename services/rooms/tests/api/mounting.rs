//! Beside other services in one process: shared prefix, own authenticator.

use std::sync::Arc;

use actix_web::{App, HttpResponse, test, web};
use auth_claims::SourceError;
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::keys::{JwkSet, KeySource};
use auth_claims::verify::{Verifier, VerifierSettings};
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use rooms::{Rooms, RoomsSettings};
use service_kit::origin::PublicOrigin;
use service_kit::settings::ServerSettings;
use store::{DatabaseSettings, Db};
use test_kit::TestDatabase;
use token_signing::TokenType;

use crate::support::{ALL, ISSUER, ROOMS, application_token, keyring};

/// Published keys, or none.
struct Published(Option<JwkSet>);

impl KeySource for Published {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        ready(self.0.clone().ok_or_else(|| SourceError::new("nobody answers"))).boxed()
    }
}

fn authenticator(keys: Option<JwkSet>, audience: &str) -> Authenticator {
    let expected = VerifierSettings::new(ISSUER, audience);
    Authenticator::new(Verifier::new(expected, Arc::new(Published(keys)), Clock::system()), None)
}

/// A resource of another service below the prefix keeps answering, and the other's authenticator in the app's data is
/// not the one that rooms are guarded by.
#[actix_web::test]
async fn rooms_leave_the_rest_of_the_prefix_to_services_mounted_before() {
    let database = TestDatabase::sqlite();
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    let origin = PublicOrigin::new(&ServerSettings::default());
    let now = Clock::system().now();
    let keys = keyring(now);
    let own = authenticator(Some(keys.jwks(now)), "rooms");
    let rooms = Rooms::start(RoomsSettings::default(), db, own, origin, Clock::system()).await.unwrap();
    let token_route = "/external-api/v1.0/application/token";
    let app = test::init_service(
        App::new()
            .app_data(web::Data::new(authenticator(None, "auth-server")))
            .service(
                web::resource(token_route)
                    .route(web::post().to(|| async { HttpResponse::Ok().body("token") })),
            )
            .configure(rooms.configure()),
    )
    .await;
    let token = keys.sign_as(TokenType::AccessToken, &application_token("ada", ALL, now), now).unwrap();
    let call = |method: &str, path: &str| {
        let request = test::TestRequest::with_uri(path).method(method.parse().unwrap());
        let credential = ("authorization", format!("Bearer {token}"));
        test::call_service(&app, request.insert_header(credential).to_request())
    };
    assert_eq!(call("POST", token_route).await.status(), 200);
    assert_eq!(call("POST", "/external-api/v1.0/application/other").await.status(), 404);
    // From the own authenticator, whose keys are known; the other one would have said 503.
    assert_eq!(call("GET", ROOMS).await.status(), 200);
    assert_eq!(call("GET", "/external-api/v2.0/rooms").await.status(), 404);
}
