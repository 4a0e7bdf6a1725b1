//! Methods, paths, queries and headers.

use proptest::prelude::*;
use proptest::sample::select;

use super::Text;
use crate::hostile::targets::{Route, Target};
use crate::stack::Triple;

/// The route's own method, another one, or none.
fn method(own: &'static str) -> impl Strategy<Value = String> {
    let strange = ["", "get", "BREW", "PRI", "TRACE", "CONNECT", "G\0T", "POST POST", "\u{e9}"];
    prop_oneof![
        16 => Just(own.to_owned()),
        4 => select(vec!["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"]).prop_map(str::to_owned),
        1 => select(strange.to_vec()).prop_map(str::to_owned),
    ]
}

/// A method and the path it belongs to.
pub(super) fn line(routes: Vec<Route>, ids: Vec<String>) -> impl Strategy<Value = (String, Vec<u8>)> {
    select(routes).prop_flat_map(move |(own, route)| (method(own), path(route, ids.clone())))
}

/// A route, with ids that exist, could exist, or cannot; now and then bent further.
fn path(route: &'static str, ids: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    (id(ids.clone()), id(ids), bend()).prop_map(move |(first, second, bend)| {
        let path = route.replacen("{id}", &first, 1).replacen("{id}", &second, 1);
        match bend {
            Bend::Straight => path.into_bytes(),
            Bend::Appended(more) => [path.as_bytes(), more].concat(),
            Bend::Prefixed(more) => [more, path.as_bytes()].concat(),
            Bend::Slashes => path.replace('/', "//").into_bytes(),
            Bend::Upper => path.to_uppercase().into_bytes(),
            Bend::Encoded => path.bytes().flat_map(|byte| format!("%{byte:02x}").into_bytes()).collect(),
            Bend::Whole(other) => other.to_vec(),
        }
    })
}

fn id(ids: Vec<String>) -> impl Strategy<Value = String> {
    let wrong = [
        "%",
        "%zz",
        "%00",
        "%ff%fe",
        "%c0%af",
        "..%2f..",
        "%2e%2e",
        "'",
        "%F0%9F%92%A3",
        "-1",
        "0",
        "last",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "%7B%7D",
        "a;b=c",
        "*",
        "{00000000-0000-0000-0000-000000000000}",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
    ];
    prop_oneof![
        12 => select(ids),
        2 => any::<u128>().prop_map(|n| uuid::Uuid::from_u128(n).to_string()),
        4 => select(wrong.to_vec()).prop_map(str::to_owned),
        1 => (1..3000_usize).prop_map(|n| "x".repeat(n)),
    ]
}

#[derive(Clone, Debug)]
enum Bend {
    Straight,
    Appended(&'static [u8]),
    Prefixed(&'static [u8]),
    Slashes,
    Upper,
    Encoded,
    Whole(&'static [u8]),
}

fn bend() -> impl Strategy<Value = Bend> {
    let appended: &[&[u8]] =
        &[b"/", b"//", b"/.", b"/..", b"%2f", b";x", b"%00", b"#x", b"\0", b"\xff", b" x", b"%"];
    let prefixed: &[&[u8]] =
        &[b"/", b"//evil.example", b"http://evil.example", b".", b"\\", b"/%2e%2e", b"?"];
    let whole: &[&[u8]] = &[b"*", b"", b"evil.example:80", b"http://", b"http://[::1", b"//", b"/%", b"\x7f"];
    prop_oneof![
        40 => Just(Bend::Straight),
        2 => select(appended.to_vec()).prop_map(Bend::Appended),
        1 => select(prefixed.to_vec()).prop_map(Bend::Prefixed),
        1 => select(vec![Bend::Slashes, Bend::Upper, Bend::Encoded]),
        1 => select(whole.to_vec()).prop_map(Bend::Whole),
    ]
}

/// A query with parameters that are known somewhere. Long polls would wait, so none is asked for.
pub(super) fn query() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "?page=1",
        "?page=0",
        "?page=-1",
        "?page=99999999999999999999",
        "?page=last",
        "?page=%00",
        "?page=1&page=2",
        "?page_size=0",
        "?page=2147483648&size=2147483647",
        "?size=0&sort=config,asc",
        "?sort=type,desc,ignorecase&sort=id",
        "?pageable=page,1,size,5,sort,createdAt",
        "?pageable=%7B%22page%22:1%7D",
        "?page_size=-1",
        "?page_size=100000000000",
        "?page_size=1&page=2",
        "?format=json",
        "?format=xml",
        "?format=%ff",
        "?after=0&wait=0",
        "?after=-1",
        "?after=9223372036854775807&wait=0",
        "?after=9223372036854775808",
        "?after=x",
        "?wait=-1",
        "?wait=x",
        "?wait=99999999999999999999",
        "?client_id=booking&client_secret=x",
        "?access_token=x",
        "?access-token=x&client=y&uid=z",
        "?email=ada%40agency.example&password=x",
        "?search=%00&limit=-1&offset=99999999999999999999",
        "?search=%25_&limit=2&offset=1",
        "?limit[]=1&search[a]=b",
        "?key=email&value[]=x",
        "?format=json&filter=none",
        "?group_id=1&permission=rw",
        "?organisation_id=1",
        "?organisation_id=99999999999999999999",
        "?agent_id=1&title=x&first_day=2027-02-09&start_time=8:30&end_time=9:00",
        "?",
        "?&&&=&=",
        "?%",
        "?%zz=%zz",
        "?a[]=1",
        "?\u{e9}",
    ];
    prop_oneof![
        20 => Just(Vec::new()),
        5 => select(known.to_vec()).prop_map(|query| query.as_bytes().to_vec()),
        1 => (1..9000_usize).prop_map(|n| format!("?{}", "p=1&".repeat(n / 4)).into_bytes()),
    ]
}

/// What a request presents of itself.
pub(super) fn credentials(target: &Target) -> impl Strategy<Value = Vec<(&'static str, Text)>> + use<> {
    let authorization = authorization(target.tokens.clone(), target.basic.clone());
    prop_oneof![3 => authorization, 1 => triple(target.triples.clone())]
}

/// A device session in its headers or in `Authorization`, in order, cut, or mixed with another one.
fn triple(triples: Vec<Triple>) -> impl Strategy<Value = Vec<(&'static str, Text)>> {
    let headers = |triple: &Triple| triple.pairs().map(|(name, value)| (name, Text::from(value))).to_vec();
    prop_oneof![
        6 => select(triples.clone()).prop_map(move |triple| headers(&triple)),
        2 => select(triples.clone())
            .prop_map(|triple| vec![("Authorization", Text::from(triple.authorization()))]),
        1 => (select(triples.clone()), 0..3_usize, select(vec!["", "x", "\u{e9}", "default"])).prop_map(
            move |(triple, at, wrong)| {
                let mut headers = headers(&triple);
                headers[at].1 = wrong.into();
                headers
            }
        ),
        1 => (select(triples.clone()), select(triples), 1..3_usize)
            .prop_map(move |(one, other, at)| [&headers(&one)[..at], &headers(&other)[at..]].concat()),
    ]
}

/// Nobody, somebody in order, or somebody else.
fn authorization(
    tokens: Vec<String>,
    basic: Vec<String>,
) -> impl Strategy<Value = Vec<(&'static str, Text)>> {
    let header = |value: Text| vec![("Authorization", value)];
    let wrong: &[&[u8]] = &[
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer x",
        b"Bearer a b",
        b"Bearer \xff\xfe",
        b"bearer x.y.z",
        b"Basic",
        b"Basic !",
        b"Basic \xff",
        b"Basic OjoK",
        b"Basic OnNlY3JldA==",
        b"Basic Ym9va2luZw==",
        b"Digest username=\"x\"",
        b"Token x",
        b"Token",
        b"token b7d04c1fe92a5580c3d6714ea0f9b82d5c16e3a4",
        b"Token eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
        b"Bearer eyJhbGciOiJub25lIn0.e30.",
        b"Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.e30.AAAA",
        b"Negotiate \0",
    ];
    let cut = |token: String, at: usize| token[..at.min(token.len())].to_owned();
    prop_oneof![
        1 => Just(Vec::new()),
        16 => select(tokens.clone()).prop_map(move |token| header(format!("Bearer {token}").into())),
        10 => select(basic.clone()).prop_map(move |pair| header(format!("Basic {pair}").into())),
        4 => select(tokens.clone()).prop_map(move |token| header(format!("Token {token}").into())),
        2 => select(wrong.to_vec()).prop_map(move |value| header(value.into())),
        1 => (select(tokens.clone()), 0..900_usize)
            .prop_map(move |(token, at)| header(format!("Bearer {}", cut(token, at)).into())),
        1 => (1000..20_000_usize).prop_map(move |n| header(format!("Bearer {}", "a.".repeat(n)).into())),
        1 => (select(tokens), select(basic)).prop_map(|(token, pair)| {
            vec![
                ("Authorization", format!("Bearer {token}").into()),
                ("Authorization", format!("Basic {pair}").into()),
            ]
        }),
    ]
}

/// Any other header, with a value that somebody may trip over.
pub(super) fn header() -> impl Strategy<Value = (&'static str, Text)> {
    const NAMES: [&str; 31] = [
        "OCS-APIRequest",
        "X-Requested-With",
        "X-Seafile-OTP",
        "X-Seafile-2FA-Trust-Device",
        "X-Seafile-S2FA",
        "access-token",
        "client",
        "uid",
        "X-Agent-Auth-Signature",
        "Accept",
        "Accept-Language",
        "Accept-Encoding",
        "Content-Encoding",
        "Content-Type",
        "Cookie",
        "Expect",
        "Forwarded",
        "Host",
        "If-None-Match",
        "If-Modified-Since",
        "Origin",
        "Range",
        "Referer",
        "Traceparent",
        "Upgrade",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-HTTP-Method-Override",
        "X-Request-Id",
        "Access-Control-Request-Method",
    ];
    let values: &[&[u8]] = &[
        b"",
        b"\xff\xfe",
        b"x",
        b"*/*;q=NaN",
        b"text/html",
        b";;;,,,",
        b"application/json;charset=\xff",
        b"\"",
        b"W/\"x",
        b"gzip, deflate, br",
        b"100-continue",
        b"for=\"[::1\";proto=",
        b"evil.example",
        b"evil.example:99999",
        b"http://[",
        b"00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff",
        b"-1",
        b"bytes=0-,1-,2-",
        b"h2c, websocket",
        b"a=b; c",
        b"203.0.113.1, 999.999.999.999, \xf0",
        b"${jndi:ldap://x}",
        b"DELETE",
        b"null",
        b"a\tb",
    ];
    let value = prop_oneof![
        8 => select(values.to_vec()).prop_map(Text::from),
        1 => (1..12_000_usize).prop_map(|n| Text::from("v".repeat(n))),
        1 => proptest::collection::vec(any::<u8>().prop_filter("no line end", |byte| ![b'\r', b'\n'].contains(byte)), 0..40)
            .prop_map(Text),
    ];
    (select(NAMES.to_vec()), value)
}
