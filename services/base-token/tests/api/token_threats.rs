//! Threats 4, 9, 15, 18 and 25, as far as tokens and links go.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Service, base_path};
use crate::tokens_support::{APP_ACCESS_TOKEN, encode, of, of_token, with_keys};

/// A method, a path below a base, and a form.
type Request = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What each endpoint of §6, §7, §8.2 and §10 is asked for, of a base with the token `app` and the link `spring-fair`.
const OPERATIONS: [Request; 9] = [
    ("GET", "api-tokens/", &[]),
    ("POST", "api-tokens/", &[("app_name", "new"), ("permission", "r")]),
    ("PUT", "api-tokens/app/", &[("permission", "r")]),
    ("DELETE", "api-tokens/app/", &[]),
    ("GET", "temp-api-token/", &[]),
    ("GET", "access-token/", &[]),
    ("GET", "external-links/", &[]),
    ("POST", "external-links/", &[("token", "summer-fair")]),
    ("DELETE", "external-links/spring-fair/", &[]),
];

/// A base of a group that mira owns, with a token and a link.
async fn furnished(service: &Service) -> (i64, Value) {
    let group = service.group("Logistics", "mira", &["ada", "noa"]).await;
    service.promote(group, "ada").await;
    let base = service.group_base("mira", group, "Stock Room").await;
    service.api_token("mira", &base, "app", "rw").await;
    service.link("mira", &base, &[("token", "spring-fair")]).await;
    (group, base)
}

/// Threat 4: each kind of token opens what it is for, and nothing else.
#[rstest]
#[actix_web::test]
async fn threat_04_every_token_has_one_use(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::with(backend, with_keys()).await;
    let base = service.base("mira", "Stock Room").await;
    let uuid = base["uuid"].as_str().unwrap();
    service.share("mira", &base, "rita", "r").await;
    let base_token = async |who: &str| {
        let got = service.get(who, &of(&base, "access-token/")).await.expect(200).json();
        got["access_token"].as_str().unwrap().to_owned()
    };
    let account = service.person("mira").await.account_token;
    let api = service.api_token("mira", &base, "app", "rw").await;
    let temporary = service.temporary_token("mira", &base).await;
    let link = service.link("mira", &base, &[]).await;
    let (writes, reads) = (base_token("mira").await, base_token("rita").await);
    let account_path = of(&base, "api-tokens/");
    let people_path = format!("/api/v2.1/dtables/{uuid}/related-users/");
    for (token, [as_account, as_app, as_base]) in [
        (&account, [200, 403, 403]),
        (&api, [401, 200, 403]),
        (&temporary, [401, 200, 403]),
        (&writes, [401, 403, 200]),
        // An `r` Base-Token offered as a temporary API-Token would come back as `rw`.
        (&reads, [401, 403, 200]),
        (&link, [401, 403, 403]),
    ] {
        let header = format!("Token {token}");
        assert_eq!(service.get_with(&header, &account_path).await.status, as_account, "{token}");
        assert_eq!(service.get_with(&header, APP_ACCESS_TOKEN).await.status, as_app, "{token}");
        assert_eq!(service.get_with(&header, &people_path).await.status, as_base, "{token}");
        if token != &link {
            service.exchange_link(token).await.expect_msg(404, "External link not found.");
        }
    }
    service.get_with(&format!("Bearer {api}"), &account_path).await.expect_detail(401, "Invalid token");
    service.get_with(&format!("Bearer {account}"), APP_ACCESS_TOKEN).await.expect_forbidden();
}

/// Threat 9: whoever may not any more may nothing of it any more, at every endpoint.
#[rstest]
#[case::disabled("disabled")]
#[case::left_the_group("left")]
#[case::trashed("trashed")]
#[actix_web::test]
async fn threat_09_a_policy_holds_at_every_endpoint(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] change: &str,
) {
    let service = Service::on(backend).await;
    let (group, base) = furnished(&service).await;
    service.get("ada", &of(&base, "api-tokens/")).await.expect(200);
    let status = match change {
        "disabled" => {
            service.enable("ada", false).await;
            service.until(async || service.get("ada", &of(&base, "api-tokens/")).await.status == 403).await;
            403
        }
        "left" => {
            service.leave(group, "ada").await;
            403
        }
        _ => {
            service.trash("mira", &base).await;
            404
        }
    };
    for (method, rest, form) in OPERATIONS {
        let answer = service.form("ada", method, &of(&base, rest), form).await;
        assert_eq!(answer.status, status, "{method} {rest}: {answer:?}");
    }
    if change == "trashed" {
        service.exchange_link("spring-fair").await.expect(404);
    } else {
        // Nothing has happened to what there was.
        assert_eq!(service.api_tokens("mira", &base).await.len(), 1);
        service.exchange_link("spring-fair").await.expect(200);
    }
}

/// Threat 9: a share that was taken back gives nothing at the next request, not even what it gave before.
#[rstest]
#[actix_web::test]
async fn threat_09_a_share_ends_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (group, base) = furnished(&service).await;
    let readers = service.group("Readers", "rex", &["mira", "ivo"]).await;
    service.share("mira", &base, "wim", "rw").await;
    service.share_with_group("mira", &base, readers, "rw").await;
    let status = async |who: &str, what: &str| service.get(who, &of(&base, what)).await.status;
    for who in ["wim", "ivo", "rex", "noa"] {
        assert_eq!((status(who, "temp-api-token/").await, status(who, "access-token/").await), (200, 200));
    }
    service.leave(readers, "ivo").await;
    service.leave(group, "noa").await;
    let email = service.person("wim").await.internal_id;
    let path = of(&base, "share/");
    service.form("mira", "DELETE", &path, &[("email", &email)]).await.expect_success(200);
    for who in ["wim", "ivo", "noa"] {
        assert_eq!(
            (status(who, "temp-api-token/").await, status(who, "access-token/").await),
            (403, 403),
            "{who}"
        );
    }
    assert_eq!(status("rex", "access-token/").await, 200);
}

/// Threat 15, §9: role by endpoint. A system administrator is a stranger here.
#[rstest]
#[case::group_owner("mira", "AAAAAAAAA")]
#[case::group_admin("ada", "AAAAAAAAA")]
#[case::member("noa", "FFFFAAFFF")]
#[case::rw_share("wim", "FFFFAAFFF")]
#[case::r_share("rita", "FFFFFAFFF")]
#[case::rw_share_of_a_group("ivo", "FFFFAAFFF")]
#[case::stranger("otto", "FFFFFFFFF")]
#[case::system_administrator("root", "FFFFFFFFF")]
#[actix_web::test]
async fn threat_15_who_may_what(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] who: &str,
    #[case] expected: &str,
) {
    let service = Service::on(backend).await;
    let (_, base) = furnished(&service).await;
    service.share("mira", &base, "wim", "rw").await;
    service.share("mira", &base, "rita", "r").await;
    let writers = service.group("Writers", "rex", &["mira", "ivo"]).await;
    service.share_with_group("mira", &base, writers, "rw").await;
    if who == "root" {
        service.make_global_admin("root").await;
    }
    let mut outcome = String::new();
    for (method, rest, form) in OPERATIONS {
        let answer = service.form(who, method, &of(&base, rest), form).await;
        match answer.status {
            200 | 201 => outcome.push('A'),
            _ => {
                answer.expect_forbidden();
                outcome.push('F');
            }
        }
    }
    assert_eq!(outcome, expected);
}

/// Threat 15: what belongs to one base is not reached by way of another.
#[rstest]
#[actix_web::test]
async fn threat_15_objects_of_other_bases(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (mine, theirs) = (service.base("mira", "Mine").await, service.base("noa", "Theirs").await);
    let token = service.api_token("noa", &theirs, "app", "rw").await;
    service.link("noa", &theirs, &[("token", "their-link")]).await;
    // By the own base.
    service.send("mira", "DELETE", &of_token(&mine, "app")).await.expect_msg(404, "api token not found.");
    let change = service.form("mira", "PUT", &of_token(&mine, "app"), &[("permission", "r")]).await;
    change.expect_msg(404, "api token not found.");
    let path = of(&mine, "external-links/their-link/");
    service.send("mira", "DELETE", &path).await.expect_msg(404, "External link not found.");
    // By the other one, under the number of the own workspace and of theirs.
    let own = mine["workspace_id"].as_i64().unwrap();
    for (method, rest, form) in OPERATIONS {
        let wrong = base_path(own, "Theirs", rest);
        service.form("mira", method, &wrong, form).await.expect_msg(404, "dtable Theirs not found.");
        service.form("mira", method, &of(&theirs, rest), form).await.expect_forbidden();
    }
    assert_eq!(service.exchange(&token).await.expect(200).json()["dtable_uuid"], theirs["uuid"]);
    service.exchange_link("their-link").await.expect(200);
    assert_eq!(service.api_tokens("noa", &theirs).await[0]["permission"], "rw");
}

/// Threat 25: whatever stands in names and tokens, it is a value.
#[rstest]
#[actix_web::test]
async fn threat_25_names_are_values(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        "' OR '1'='1",
        "'; DELETE FROM api_tokens; --",
        "\" OR 1=1 --",
        "%",
        "_",
        "\\'; --",
        "$1",
        "?",
        "app' --",
        "') UNION SELECT sealed FROM api_tokens --",
        "${7*7}",
        "app%"
    )]
    text: &str,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "app", "rw").await;
    service.link("mira", &base, &[("token", "spring-fair")]).await;
    let workspace = base["workspace_id"].as_i64().unwrap();
    let not_found = format!("dtable {text} not found.");
    service.get("mira", &base_path(workspace, text, "access-token/")).await.expect_msg(404, &not_found);
    service.send("mira", "DELETE", &of_token(&base, text)).await.expect_msg(404, "api token not found.");
    let link = of(&base, &format!("external-links/{}/", encode(text)));
    service.send("mira", "DELETE", &link).await.expect_msg(404, "External link not found.");
    service.exchange_link(text).await.expect_msg(404, "External link not found.");
    service.exchange(text).await.expect_forbidden();
    service.api_token("mira", &base, text, "r").await;
    service.send("mira", "DELETE", &of_token(&base, text)).await.expect_success(200);
    assert_eq!(service.api_tokens("mira", &base).await.len(), 1);
    service.exchange(&token).await.expect(200);
    service.exchange_link("spring-fair").await.expect(200);
}

/// A small generator, so that a failure comes back with its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Threat 18: whatever is sent, nothing panics, and every refusal is a JSON object.
#[rstest]
#[actix_web::test]
async fn threat_18_nothing_that_is_sent_is_a_failure(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const SEGMENTS: [&str; 16] = [
        "app",
        "%00",
        "%ff%fe",
        "%2F",
        "%2e%2e",
        "..",
        "%",
        "%zz",
        "%F0%9F%93%A6",
        "+",
        "'",
        "%0A",
        "a%2Fb%2F",
        "%23",
        "%EF%BF%BD",
        "spring-fair",
    ];
    const VALUES: [&str; 12] = [
        "null",
        "true",
        "-1",
        "0",
        "9223372036854775808",
        "1e999",
        "\"\"",
        "\"r\"",
        "\"rw\"",
        "\"\\u0000\"",
        "[[]]",
        "{\"a\":{}}",
    ];
    const NAMES: [&str; 6] = ["app_name", "permission", "token", "password", "expire_days", "x"];
    let service = Service::with(backend, json!({"rates": {"app": 0, "user": 0}})).await;
    let base = service.base("mira", "Stock Room").await;
    service.api_token("mira", &base, "app", "rw").await;
    let workspace = base["workspace_id"].as_i64().unwrap().to_string();
    let long = "x".repeat(2000);
    let mut random = Random(0x7E55_E4A0);
    for round in 0..400 {
        let mut segment =
            || if random.below(40) == 0 { long.clone() } else { random.pick(&SEGMENTS).to_owned() };
        let (name, last) = (segment(), segment());
        let number = random.pick(&[workspace.as_str(), "0", "99999999999999999999", "-1", "x"]);
        let name = if random.below(2) == 0 { "Stock%20Room".to_owned() } else { name };
        let rest = random.pick(&[
            "api-tokens/",
            "api-tokens/{}/",
            "temp-api-token/",
            "access-token/",
            "external-links/",
            "external-links/{}/",
        ]);
        let path = match random.below(4) {
            0 => format!("/api/v2.1/external-link-tokens/{last}/access-token/"),
            _ => format!("/api/v2.1/workspace/{number}/dtable/{name}/{}", rest.replace("{}", &last)),
        };
        let method = random.pick(&["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]);
        let members: Vec<String> = (0..random.below(4))
            .map(|_| format!("\"{}\":{}", random.pick(&NAMES), random.pick(&VALUES)))
            .collect();
        let body = match random.below(4) {
            0 => "[1]".to_owned(),
            1 => "{".to_owned(),
            _ => format!("{{{}}}", members.join(",")),
        };
        let kind = random.pick(&[
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
        ]);
        let request = service.request_as("mira", method, &path).await.header("content-type", kind).body(body);
        let answer = Answer::of(request).await;
        let what = format!("round {round}: {method} {path}");
        assert!(answer.status < 500, "{what}: {answer:?}");
        if answer.status >= 400 && method != "HEAD" {
            assert!(answer.json().is_object(), "{what}: {answer:?}");
        }
    }
    service.get("mira", &of(&base, "api-tokens/")).await.expect(200);
}
