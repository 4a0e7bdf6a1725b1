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
use rstest::rstest;
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

/// The service, and a token for it.
async fn started() -> (TestDatabase, Rooms, String) {
    let database = TestDatabase::sqlite();
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    let origin = PublicOrigin::new(&ServerSettings::default());
    let now = Clock::system().now();
    let keys = keyring(now);
    let own = authenticator(Some(keys.jwks(now)), "rooms");
    let rooms = Rooms::start(RoomsSettings::default(), db, own, origin, Clock::system()).await.unwrap();
    let token = keys.sign_as(TokenType::AccessToken, &application_token("ada", ALL, now), now).unwrap();
    (database, rooms, token)
}

/// A resource of another service below the prefix keeps answering, and the other's authenticator in the app's data is
/// not the one that rooms are guarded by.
#[actix_web::test]
async fn rooms_leave_the_rest_of_the_prefix_to_services_mounted_before() {
    let (_database, rooms, token) = started().await;
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

/// Metrics name the route by its pattern, and errors are the route's, however the id is written.
#[rstest]
#[case::id("GET", "/rooms/0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913", 404, "/rooms/{id:[^/.]+}")]
#[case::slash("GET", "/rooms/0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913/", 404, "/rooms/{id:[^/.]+}/")]
#[case::no_hyphens("HEAD", "/rooms/0f4b7a523c1e4d0a9a775be2f6f0c913", 404, "/rooms/{id:[^/.]+}")]
#[case::encoded("DELETE", "/rooms/%30f4b7a523c1e4d0a9a775be2f6f0c913", 404, "/rooms/{id:[^/.]+}")]
#[case::other_method("PUT", "/rooms/0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913", 405, "/rooms/{id:[^/.]+}")]
#[case::hyphen("GET", "/rooms/-", 404, "/rooms/{id:[^/.]+}")]
#[case::hyphen_and_slash("GET", "/rooms/-/", 404, "/rooms/{id:[^/.]+}/")]
#[case::below(
    "GET",
    "/rooms/0f4b7a523c1e4d0a9a775be2f6f0c913/attendees",
    404,
    "/rooms/{id:[^/.]+}/attendees"
)]
#[case::suffix("GET", "/rooms/0f4b7a523c1e4d0a9a775be2f6f0c913.json", 404, "")]
#[case::two_slashes("GET", "/rooms/0f4b7a523c1e4d0a9a775be2f6f0c913//", 404, "")]
#[case::further_below("GET", "/rooms/0f4b7a523c1e4d0a9a775be2f6f0c913/x", 404, "")]
#[actix_web::test]
async fn a_path_has_its_route_however_the_id_is_written(
    #[case] method: &str,
    #[case] path: &str,
    #[case] status: u16,
    #[case] route: &str,
) {
    let (_database, rooms, token) = started().await;
    let app = test::init_service(App::new().configure(rooms.configure())).await;
    let request = test::TestRequest::with_uri(&format!("/external-api/v1.0{path}"));
    let request =
        request.method(method.parse().unwrap()).insert_header(("authorization", format!("Bearer {token}")));
    let answer = test::call_service(&app, request.to_request()).await;
    assert_eq!(answer.status(), status);
    assert_eq!(answer.request().match_pattern(), Some(format!("/external-api/v1.0{route}")));
}
