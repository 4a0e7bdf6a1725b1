//! Addresses that clients are told. `contracts/seatable-tokens.md` §8.4, §10.

use actix_web::HttpRequest;
use service_kit::origin::PublicOrigin;

use crate::settings::{BaseUrl, BasesSettings};

/// Where the parts of a SeaTable installation are, each with a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urls {
    /// This server, which external links lead to.
    pub server: String,
    /// `dtable-server`.
    pub dtable_server: String,
    /// Its socket.
    pub dtable_socket: String,
    /// `dtable-db`.
    pub dtable_db: String,
}

impl Urls {
    /// What this request is told. Whatever the settings leave open begins with the public origin, never with the `Host`
    /// that a client sends.
    #[must_use]
    pub fn for_request(settings: &BasesSettings, origin: &PublicOrigin, request: &HttpRequest) -> Self {
        let server = settings.server_url.as_ref().map(BaseUrl::to_string);
        Self::below(settings, server.unwrap_or_else(|| format!("{}/", origin.for_request(request))))
    }

    fn below(settings: &BasesSettings, server: String) -> Self {
        let at = |set: &Option<BaseUrl>, path: &str| {
            set.as_ref().map_or_else(|| format!("{server}{path}"), BaseUrl::to_string)
        };
        Self {
            dtable_server: at(&settings.dtable_server, "dtable-server/"),
            dtable_socket: at(&settings.dtable_socket, ""),
            dtable_db: at(&settings.dtable_db, "dtable-db/"),
            server,
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use service_kit::origin::PublicOrigin;
    use service_kit::settings::ServerSettings;

    use super::Urls;
    use crate::settings::BasesSettings;

    fn told(settings: &BasesSettings) -> [String; 4] {
        let public_url = Some("https://tables.example.org".parse().unwrap());
        let origin = PublicOrigin::new(&ServerSettings { public_url, ..ServerSettings::default() });
        let request = TestRequest::default().insert_header(("host", "evil.example")).to_http_request();
        let Urls { server, dtable_server, dtable_socket, dtable_db } =
            Urls::for_request(settings, &origin, &request);
        [server, dtable_server, dtable_socket, dtable_db]
    }

    #[test]
    fn what_is_not_set_is_below_the_server() {
        let server = "https://tables.example.org/";
        let expected = ["", "dtable-server/", "", "dtable-db/"].map(|path| format!("{server}{path}"));
        assert_eq!(told(&BasesSettings::default()), expected);
        let moved = BasesSettings {
            server_url: Some("https://data.example.org/tables".parse().unwrap()),
            dtable_db: Some("https://db.example.org".parse().unwrap()),
            ..BasesSettings::default()
        };
        let [server, dtable_server, dtable_socket, dtable_db] = told(&moved);
        assert_eq!(server, "https://data.example.org/tables/");
        assert_eq!(dtable_server, "https://data.example.org/tables/dtable-server/");
        assert_eq!((dtable_socket, dtable_db.as_str()), (server, "https://db.example.org/"));
    }
}
