//! §1: both entry points, formats, fallbacks.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, CONFIG, FORMATS, Service, VERSIONS, answer};

const UNKNOWN: &str = "Invalid query, please check the syntax. API specifications are here: \
    http://www.freedesktop.org/wiki/Specifications/open-collaboration-services.\n";

/// §1.1, §1.4, §1.5: byte by byte.
#[actix_web::test]
async fn a_success_on_both_entry_points_in_both_formats() {
    let service = Service::on(Backend::Sqlite).await;
    let shown = async |version, format| {
        let path = format!("/cloud/users/mira/groups?format={format}");
        let found = answer(service.request(version, "root", "GET", &path)).await;
        (found.status, found.header("content-type").to_owned(), found.body)
    };
    let json = "application/json; charset=utf-8".to_owned();
    let body = r#"{"ocs":{"meta":{"status":"ok","statuscode":100,"message":"OK","totalitems":"","itemsperpage":""},"data":{"groups":["atelier","staff"]}}}"#;
    assert_eq!(shown("v1", "json").await, (200, json.clone(), body.to_owned()));
    let body = r#"{"ocs":{"meta":{"status":"ok","statuscode":200,"message":"OK"},"data":{"groups":["atelier","staff"]}}}"#;
    assert_eq!(shown("v2", "json").await, (200, json, body.to_owned()));
    let xml = "application/xml; charset=utf-8".to_owned();
    let rest = " <data>\n  <groups>\n   <element>atelier</element>\n   <element>staff</element>\n  </groups>\n </data>\n</ocs>\n";
    let more = "  <totalitems></totalitems>\n  <itemsperpage></itemsperpage>\n";
    for (version, code, more) in [("v1", 100, more), ("v2", 200, "")] {
        let body = format!(
            "<?xml version=\"1.0\"?>\n<ocs>\n <meta>\n  <status>ok</status>\n  <statuscode>{code}</statuscode>\n  \
             <message>OK</message>\n{more} </meta>\n{rest}"
        );
        assert_eq!(shown(version, "xml").await, (200, xml.clone(), body));
    }
}

/// §1.3: the parameter, wherever it stands, then the header, then XML.
#[actix_web::test]
async fn the_format_is_chosen() {
    let service = Service::on(Backend::Sqlite).await;
    let path = "/ocs/v1.php/cloud/user/fields";
    let request = |path: &str| service.bare("GET", path).header("OCS-APIRequest", "true").bearer_auth("x");
    for (path, accept, kind) in [
        (path.to_owned(), "", "xml"),
        (path.to_owned(), "text/html, application/json", "json"),
        (path.to_owned(), "application/json;q=0.9", "xml"),
        (path.to_owned(), "*/*", "xml"),
        (format!("{path}?format=json"), "application/xml", "json"),
        (format!("{path}?format=xml"), "application/json", "xml"),
        (format!("{path}?format=yaml"), "application/json", "xml"),
    ] {
        let mut request = request(&path);
        if !accept.is_empty() {
            request = request.header("accept", accept);
        }
        let found = answer(request).await;
        assert_eq!(
            found.header("content-type"),
            format!("application/{kind}; charset=utf-8"),
            "{path} {accept}"
        );
        assert_eq!((found.status, found.code()), (401, 997));
    }
    let in_body = request(path).json(&json!({"format": "json"}));
    assert_eq!(answer(in_body).await.header("content-type"), "application/json; charset=utf-8");
}

/// §1.3: a success in an unknown format is a server error, and nothing is changed for it; a failure is told in XML.
#[actix_web::test]
async fn an_unknown_format_is_a_server_error() {
    let service = Service::on(Backend::Sqlite).await;
    for (version, status) in [("v1", 200), ("v2", 500)] {
        for (method, path) in [("GET", "/cloud/users"), ("POST", "/cloud/groups?groupid=new")] {
            let separator = if path.contains('?') { '&' } else { '?' };
            let request = service.request(version, "root", method, &format!("{path}{separator}format=yaml"));
            let found = answer(request).await;
            assert_eq!((found.status, found.code()), (status, 996), "{found:?}");
            assert_eq!(found.header("content-type"), "text/xml; charset=UTF-8");
        }
        let missing = answer(service.request(version, "root", "GET", "/cloud/users/ghost?format=yaml")).await;
        assert_eq!(missing.code(), 404);
    }
    assert_eq!(service.get("root", "/cloud/groups?search=new").await, json!({"groups": []}));
}

/// §1.6: the reference's own check of the default.
#[actix_web::test]
async fn an_unknown_route_is_told_in_a_short_envelope() {
    let service = Service::on(Backend::Sqlite).await;
    for (version, status) in [("v1", 200), ("v2", 404)] {
        for path in ["/cloud/config", "", "/", "/cloud", "/cloud/users/", "/cloud/users/a/b/c", "/apps/other"]
        {
            for (query, content_type) in [
                ("", "text/xml; charset=UTF-8"),
                ("?format=xml", "text/xml; charset=UTF-8"),
                ("?format=json", "application/json; charset=utf-8"),
            ] {
                let found = answer(service.bare("GET", &format!("/ocs/{version}.php{path}{query}"))).await;
                assert_eq!((found.status, found.code()), (status, 998), "{path}{query} {found:?}");
                assert_eq!((found.message().as_str(), found.header("content-type")), (UNKNOWN, content_type));
                assert!(!found.body.contains("totalitems"), "{found:?}");
            }
        }
    }
}

/// §1.6: known path, wrong method: an empty body, and what is allowed.
#[rstest]
#[case("PATCH", "/cloud/users", "GET, HEAD, POST")]
#[case("PUT", "/cloud/groups", "GET, HEAD, POST")]
#[case("POST", "/cloud/users/recent", "GET, HEAD, PUT, DELETE")]
#[case("GET", "/cloud/users/mira/enable", "PUT")]
#[case("PUT", "/cloud/apps/rooms", "GET, HEAD, POST, DELETE")]
#[case("OPTIONS", "/cloud/capabilities", "GET, HEAD")]
#[actix_web::test]
async fn a_wrong_method_has_no_envelope(#[case] method: &str, #[case] path: &str, #[case] allowed: &str) {
    let service = Service::on(Backend::Sqlite).await;
    for version in VERSIONS {
        for who in ["", "root"] {
            let found = answer(service.request(version, who, method, path)).await;
            assert_eq!((found.status, found.body.as_str()), (405, ""), "{found:?}");
            assert_eq!(found.header("allow"), allowed);
        }
    }
}

/// §1.5: ids that are no names of XML, and texts that XML cannot hold.
#[rstest]
#[actix_web::test]
async fn every_answer_in_xml_can_be_read(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for id in ["a b", "9lives", "a@b.example", "42", "o'neill", "-x", "plain"] {
        let body = json!({"userid": id, "password": "a long password", "groups": ["atelier"]});
        service.send_json("root", "POST", "/cloud/users", &body).await.data();
    }
    let body = json!({"key": "biography", "value": "<b>&\"\r\n\tend</b>"});
    service.done("root", "PUT", "/cloud/users/plain", &body).await;
    let path = "/cloud/groups/atelier/users/details?format=xml";
    let found = answer(service.request("v2", "root", "GET", path)).await;
    assert_eq!(found.status, 200);
    assert_eq!(found.body.matches("\n   <element>\n").count(), 6, "{}", found.body);
    assert!(found.body.contains("\n   <plain>\n    <enabled>1</enabled>\n"), "{}", found.body);
    let biography = "<biography>&lt;b&gt;&amp;&quot;&#13;\n\tend&lt;/b&gt;</biography>";
    assert!(found.body.contains(biography), "{}", found.body);
    assert!(
        found.body.contains("<id>9lives</id>") && found.body.contains("<notify_email/>"),
        "{}",
        found.body
    );
    let listed = answer(service.request("v1", "root", "GET", "/cloud/users?search=a%20b&format=xml")).await;
    assert!(listed.body.contains("  <users>\n   <element>a b</element>\n  </users>\n"), "{}", listed.body);
    // §1.4: no entries.
    for (format, empty) in [("json", r#""data":{"users":[]}"#), ("xml", "  <users/>\n")] {
        let path = format!("/cloud/users/recent?search=nobody&format={format}");
        let found = answer(service.request("v2", "root", "GET", &path)).await;
        assert!(found.body.contains(empty), "{}", found.body);
    }
}

/// §5.14: the text that is in `data`, in XML too.
#[actix_web::test]
async fn a_text_in_data_is_told_in_both_formats() {
    let service = Service::on(Backend::Sqlite).await;
    for (version, status) in [("v1", 200), ("v2", 403)] {
        for format in FORMATS {
            let path = format!("{CONFIG}/apps/a..b?format={format}");
            let found = answer(service.request(version, "root", "GET", &path)).await;
            assert_eq!((found.status, found.code(), found.message()), (status, 403, String::new()));
            let text = if format == "json" {
                r#""data":{"data":{"message":"Invalid app id given"}}"#
            } else {
                " <data>\n  <data>\n   <message>Invalid app id given</message>\n  </data>\n </data>\n"
            };
            assert!(found.body.contains(text), "{found:?}");
        }
    }
}
