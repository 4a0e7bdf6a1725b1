//! Frames of a stack: whose function it is, and how it is called in short.

/// Whose functions say little by themselves: they count for who calls them.
const STANDARD: [&str; 5] = ["alloc", "core", "std", "__rustc", "hashbrown"];
/// How functions begin in libraries that are not written in Rust.
const BEGINNINGS: [(&str, &str); 5] = [
    ("sqlite3", "SQLite"),
    ("aws_lc_", "aws-lc"),
    ("PQ", "libpq"),
    ("SSL_", "OpenSSL"),
    ("_int_", "allocator"),
];
/// The C library's functions around memory, without the version that may follow.
const ALLOCATOR: [&str; 8] = [
    "malloc",
    "free",
    "cfree",
    "calloc",
    "realloc",
    "malloc_consolidate",
    "posix_memalign",
    "unlink_chunk.isra.0",
];

/// One frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The crate or C library; `None` where the caller's counts: the standard library, and C without a telling name.
    pub(super) library: Option<String>,
    /// The path of the function, without types that it is generic over, and closures as their functions.
    pub(super) function: String,
}

impl Frame {
    /// As `perf` and `inferno-collapse-perf` write it.
    pub(super) fn parse(frame: &str) -> Self {
        if frame.ends_with("_[k]") {
            return Self { library: Some("kernel".to_owned()), function: frame.to_owned() };
        }
        if !frame.contains("::") {
            return Self { library: foreign(frame).map(str::to_owned), function: frame.to_owned() };
        }
        let function = candidates(frame)
            .into_iter()
            .map(|path| without_generics(&path))
            .reduce(|first, next| if is_telling(&first) { first } else { next })
            .unwrap_or_default();
        let library = is_telling(&function).then(|| name_of(crate_of(&function)));
        Self { library, function }
    }
}

fn foreign(function: &str) -> Option<&'static str> {
    let plain = function.split('@').next().unwrap_or(function).trim_start_matches("__libc_");
    if ALLOCATOR.contains(&plain) {
        return Some("allocator");
    }
    BEGINNINGS.iter().find(|(beginning, _)| plain.starts_with(beginning)).map(|(_, library)| *library)
}

fn crate_of(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

/// Libraries of the HTTP framework are known by the names of their packages; our own by those of their crates.
fn name_of(name: &str) -> String {
    if name.starts_with("actix_") { name.replace('_', "-") } else { name.to_owned() }
}

/// Whether a path says whose it is: a type that something is generic over does not.
fn is_telling(path: &str) -> bool {
    path.contains("::")
        && !STANDARD.contains(&crate_of(path))
        && path.starts_with(|c: char| c.is_ascii_lowercase())
}

/// The paths that a function may be called by: of a method, first by its type, then by the trait.
fn candidates(frame: &str) -> Vec<String> {
    let frame = frame.replace("::{{closure}}", "").replace("{{vtable.shim}}", "");
    let begin = if frame.starts_with('<') { Some(0) } else { frame.find("<impl ") };
    let Some((begin, end)) = begin.and_then(|begin| Some((begin, closing(&frame, begin)?))) else {
        return vec![frame];
    };
    let (inner, method) = (&frame[begin + 1..end], &frame[end + 1..]);
    let names = match inner.strip_prefix("impl ") {
        Some(of) => of.split_once(" for ").map_or([of, of], |(of_trait, of_type)| [of_type, of_trait]),
        None => inner.split_once(" as ").map_or([inner, inner], |(of_type, of_trait)| [of_type, of_trait]),
    };
    // Behind the ways in which a method may be implemented for a reference.
    let plain =
        |name: &str| format!("{}{method}", name.trim_start_matches(['&', '*']).trim_start_matches("mut "));
    names.map(plain).into()
}

/// Where the angle bracket is closed that is opened at `begin`.
fn closing(text: &str, begin: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < begin) {
        match c {
            '<' => depth += 1,
            // Not that of an arrow.
            '>' if before != '-' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
        before = c;
    }
    None
}

fn without_generics(path: &str) -> String {
    let mut rest = path;
    let mut plain = String::new();
    while let Some((begin, end)) = rest.find('<').and_then(|begin| Some((begin, closing(rest, begin)?))) {
        plain.push_str(rest[..begin].trim_end_matches("::"));
        rest = &rest[end + 1..];
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("rooms::api::query::limited::{{closure}}", "rooms", "rooms::api::query::limited")]
    #[case(
        "<rooms::api::Permitted<A> as actix_web::extract::FromRequest>::from_request::{{closure}}",
        "rooms",
        "rooms::api::Permitted::from_request"
    )]
    #[case(
        "<actix_http::h1::dispatcher::Dispatcher<T,S> as core::future::future::Future>::poll",
        "actix-http",
        "actix_http::h1::dispatcher::Dispatcher::poll"
    )]
    #[case(
        "<core::result::Result<R,E> as actix_web::response::Responder>::respond_to",
        "actix-web",
        "actix_web::response::Responder::respond_to"
    )]
    #[case("<&mio::net::TcpStream as std::io::Write>::write", "mio", "mio::net::TcpStream::write")]
    #[case(
        "<T as diesel::deserialize::FromStaticSqlRow<ST,DB>>::build_from_row",
        "diesel",
        "diesel::deserialize::FromStaticSqlRow::build_from_row"
    )]
    #[case(
        "rooms::api::_::<impl serde_core::ser::Serialize for rooms::api::RoomBody>::serialize",
        "rooms",
        "rooms::api::RoomBody::serialize"
    )]
    #[case(
        "diesel::tuples::<impl diesel::QueryFragment<DB> for (T,T1)>::walk_ast",
        "diesel",
        "diesel::QueryFragment::walk_ast"
    )]
    #[case("store::db::Db::read::<rooms::Row, fn(&str) -> bool>", "store", "store::db::Db::read")]
    fn functions_of_crates_are_known(#[case] frame: &str, #[case] library: &str, #[case] function: &str) {
        assert_eq!(
            Frame::parse(frame),
            Frame { library: Some(library.to_owned()), function: function.to_owned() }
        );
    }

    #[rstest]
    #[case("sqlite3VdbeExec", Some("SQLite"))]
    #[case("aws_lc_0_39_1_ECDSA_do_sign", Some("aws-lc"))]
    #[case("PQexecPrepared", Some("libpq"))]
    #[case("cfree@GLIBC_2.2.5", Some("allocator"))]
    #[case("__libc_malloc", Some("allocator"))]
    #[case("do_syscall_64_[k]", Some("kernel"))]
    #[case("btreeMoveto", None)]
    #[case("[unknown]", None)]
    #[case("alloc::raw_vec::RawVecInner<A>::finish_grow", None)]
    #[case("<std::sys::thread::unix::Thread>::new::thread_start", None)]
    #[case("core::ops::function::FnOnce::call_once{{vtable.shim}}", None)]
    fn what_is_in_c_is_known_by_its_beginning_and_else_counts_for_its_caller(
        #[case] frame: &str,
        #[case] library: Option<&str>,
    ) {
        assert_eq!(Frame::parse(frame).library.as_deref(), library);
    }
}
