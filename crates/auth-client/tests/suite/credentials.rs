//! The service's own token.

use std::sync::atomic::Ordering;
use std::time::Duration;

use auth_claims::keys::KeySource as _;
use auth_claims::revocations::RevocationSource as _;
use auth_client::{Authority, AuthorityError, AuthoritySettings};
use chrono::TimeDelta;
use futures_util::future::join_all;
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::json;
use url::Url;

use crate::authority::{CLIENT, SECRET, State, serve};

#[actix_web::test]
async fn many_callers_share_one_token() {
    let served = serve();
    let authority = served.authority();
    let tokens = join_all((0..50).map(|_| authority.service_token())).await;
    let tokens: Vec<_> = tokens.into_iter().map(|token| token.unwrap().expose_secret().to_owned()).collect();
    assert!(tokens.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(State::count(&served.state.service_tokens), 1);
    let asked = served.state.forms.lock().unwrap()[0].scope.clone();
    assert_eq!(asked.as_deref(), Some("internal:revocations"), "whatever the client's defaults are");
}

#[actix_web::test]
async fn the_token_is_renewed_before_it_expires() {
    let served = serve();
    for (life, kept) in [(600, 569), (100, 89), (1, 0)] {
        served.state.set(|mood| mood.expires_in = life);
        let clock = served.clock();
        let authority = Authority::connect_at(served.settings(), clock.clone()).unwrap();
        authority.service_token().await.unwrap();
        let before = State::count(&served.state.service_tokens);
        clock.advance(TimeDelta::seconds(kept));
        authority.service_token().await.unwrap();
        assert_eq!(State::count(&served.state.service_tokens), before, "{life}");
        clock.advance(TimeDelta::seconds(1));
        authority.service_token().await.unwrap();
        assert_eq!(State::count(&served.state.service_tokens), before + 1, "{life}");
    }
}

#[actix_web::test]
async fn after_a_refusal_nobody_asks_again_for_a_second() {
    let served = serve();
    let clock = served.clock();
    let settings = AuthoritySettings { client_secret: "wrong".into(), ..served.settings() };
    let authority = Authority::connect_at(settings, clock.clone()).unwrap();
    let refused = AuthorityError::Refused("invalid_client".to_owned());
    for outcome in join_all((0..20).map(|_| authority.service_token())).await {
        assert_eq!(outcome.unwrap_err(), refused);
    }
    assert_eq!(State::count(&served.state.service_tokens), 1);
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(authority.service_token().await.unwrap_err(), refused);
    assert_eq!(State::count(&served.state.service_tokens), 2);
}

#[actix_web::test]
async fn a_refused_token_is_renewed_once() {
    let served = serve();
    let authority = served.authority();
    assert!(authority.after(0, Duration::ZERO).await.is_ok());
    served.state.expire_service_token();
    assert!(authority.after(0, Duration::ZERO).await.is_ok());
    assert_eq!(State::count(&served.state.service_tokens), 2);
    assert_eq!(State::count(&served.state.feed_calls), 3);
    served.state.set(|mood| mood.refuses = true);
    let error = authority.after(0, Duration::ZERO).await.unwrap_err();
    assert!(error.to_string().contains("401"), "{error}");
    assert_eq!(State::count(&served.state.feed_calls), 5, "twice, and not for ever");
}

#[actix_web::test]
async fn callers_whose_token_is_refused_at_once_renew_it_together() {
    let served = serve();
    let authority = served.authority();
    authority.service_token().await.unwrap();
    served.state.expire_service_token();
    let pages = join_all((0..20).map(|_| authority.after(0, Duration::ZERO))).await;
    assert!(pages.iter().all(Result::is_ok));
    assert_eq!(State::count(&served.state.service_tokens), 2);
}

#[actix_web::test]
async fn answers_that_are_none_show_nothing_of_their_content() {
    let served = serve();
    let secret = "sEcReT-token";
    for (status, body) in [
        (200, json!({ "access_token": secret })),
        (200, json!([secret])),
        (400, json!({ "hint": secret })),
        (500, json!(secret)),
    ] {
        served.state.set(|mood| mood.token_answer = Some((status, body)));
        let error = served.authority().service_token().await.unwrap_err();
        assert!(matches!(error, AuthorityError::Nonsense(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}

#[actix_web::test]
async fn nothing_secret_is_printed() {
    let served = serve();
    let authority = served.authority();
    let token = authority.service_token().await.unwrap();
    let printed = format!("{authority:?} {:?} {token:?}", served.settings());
    assert!(!printed.contains(token.expose_secret()));
    assert!(!printed.contains("p&s=w"));
    assert!(printed.contains(CLIENT));
}

#[actix_web::test]
async fn the_base_address_may_have_a_path_and_slashes() {
    let served = serve();
    for suffix in ["", "/", "//"] {
        let url = Url::parse(&format!("{}{suffix}", served.url)).unwrap();
        let authority = Authority::connect(AuthoritySettings { url, ..served.settings() }).unwrap();
        assert_eq!(authority.fetch().await.unwrap(), served.state.keyring.jwks(served.state.now));
    }
}

#[rstest]
#[case("ftp://id.example/")]
#[case("unix:/run/id.sock")]
#[case("http://user@id.example/")]
#[case("http://:secret@id.example/")]
#[case("http://id.example/?x=1")]
#[case("http://id.example/#x")]
fn addresses_that_cannot_be_meant_are_refused(#[case] url: &str) {
    let settings = AuthoritySettings::new(Url::parse(url).unwrap(), CLIENT, SECRET.into());
    let error = Authority::connect(settings).unwrap_err();
    assert!(error.to_string().starts_with("authority.url "), "{error}");
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn settings_name_every_key_and_refuse_others() {
    let given = json!({ "url": "http://id", "client_id": "rooms", "client_secret": "s", "timeout": "250ms" });
    let settings: AuthoritySettings = serde_json::from_value(given.clone()).unwrap();
    assert_eq!((settings.timeout, settings.audience), (Duration::from_millis(250), None));
    let mut more = given.clone();
    more["proxy"] = json!("http://proxy");
    assert!(serde_json::from_value::<AuthoritySettings>(more).is_err());
    let mut less = given;
    less.as_object_mut().unwrap().remove("timeout");
    let settings: AuthoritySettings = serde_json::from_value(less).unwrap();
    assert_eq!(settings.timeout, Duration::from_secs(5));
}

#[actix_web::test]
async fn a_caller_that_goes_away_does_not_block_the_others() {
    let served = serve();
    let authority = served.authority();
    served.state.slow.store(true, Ordering::SeqCst);
    let gone = actix_web::rt::spawn({
        let authority = authority.clone();
        async move { authority.service_token().await.map(|_| ()) }
    });
    State::reached(&served.state.service_tokens, 1).await;
    gone.abort();
    served.state.slow.store(false, Ordering::SeqCst);
    assert!(authority.service_token().await.is_ok());
}
