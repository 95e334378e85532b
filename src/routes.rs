//! Typed paths for every link: the one place that knows how a URL is built.
//!
//! The first segment of a page's path is its connection, so every link is made for one ([`of`]).
//!
//! ```
//! use countersign::routes;
//! assert_eq!(routes::of("default").workflow("order"), "/default/workflows/order");
//! ```

pub mod guest;
pub mod view;

use std::sync::{Arc, OnceLock};

pub use self::view::View;
use crate::wire::executions::{self, StatusFilter};

/// The path that the whole site is below.
static BASE: OnceLock<String> = OnceLock::new();

/// Puts the whole site below a path such as `/approvals`, or at the root with an empty one: once, before anything is drawn.
/// What [`base`] is then stays so.
pub fn set_base(path: &str) {
    _ = BASE.set(path.to_owned());
}

/// The path that the whole site is below, without a slash at its end; empty at the root.
#[must_use]
pub fn base() -> &'static str {
    BASE.get().map_or("", String::as_str)
}

/// One of the paths below as an address of this site: behind the path that the site is below.
#[must_use]
pub fn at(path: &str) -> String {
    format!("{}{path}", base())
}

/// The path of an address of this site: what stands behind the path that the site is below.
#[must_use]
pub fn within(address: &str) -> &str {
    let path = address.strip_prefix(base()).unwrap_or(address);
    if path.is_empty() || path.starts_with('/') { path } else { address }
}

/// Whether an address of this site is the page of one request: `/NAME/inbox/ARN/EVENT`.
#[must_use]
pub fn is_request(address: &str) -> bool {
    let parts: Vec<&str> = within(address).split('/').collect();
    matches!(parts[..], ["", connection, INBOX, arn, event] if ![connection, arn, event].contains(&""))
}

/// The overview of the default connection.
pub const ROOT: &str = "/";
/// The server-sent event stream that wakes pages up. `public/live.js` opens it.
pub const LIVE: &str = "/live";
/// Where server functions are.
pub const API: &str = "/api/";
/// Where other programs ask whether the server is up.
pub const HEALTHZ: &str = "/healthz";
/// Where SNS pushes messages.
pub const HOOK_SNS: &str = "/hooks/sns";

/// Where people sign in.
pub const SIGN_IN: &str = "/sign-in";
/// Where the way to a provider of OpenID Connect begins, and where it ends.
pub const SIGN_IN_WITH: &str = "/sign-in/with";
pub const SIGN_IN_BACK: &str = "/sign-in/back";
/// Where they sign out.
pub const SIGN_OUT: &str = "/sign-out";
/// Where a one-time link leads.
pub const WELCOME: &str = "/welcome";
/// Somebody's own sessions, password and API tokens.
pub const ACCOUNT: &str = "/account";
/// Everybody who may sign in.
pub const USERS: &str = "/users";

// The segment behind the connection.
/// All workflows.
pub const WORKFLOWS: &str = "workflows";
/// All executions.
pub const EXECUTIONS: &str = "executions";
/// Everything that waits for a person.
pub const INBOX: &str = "inbox";
/// The plan of `statemachine/` against the connection.
pub const DEPLOY: &str = "deploy";
/// Every decision that was taken.
pub const AUDIT: &str = "audit";
/// Where the audit is as a file, by its ending.
pub const AUDIT_FILE: &str = "record";
/// What fits a few letters.
pub const SEARCH: &str = "search";
/// A list of executions that is acted on at once.
pub const BULK: &str = "bulk";
/// What there is to know about the connection itself.
pub const CONNECTION: &str = "connection";

// The segment behind an execution.
/// Its history as a file.
pub const HISTORY: &str = "history.json";
/// One of its payloads, whole.
pub const VALUE: &str = "value";

// The segment behind a request.
/// What may be done about it past its rule.
pub const HANDS: &str = "hands";

/// The pages that every connection has, by the segment behind it.
pub const PAGES: [&str; 7] = [WORKFLOWS, EXECUTIONS, INBOX, DEPLOY, AUDIT, SEARCH, CONNECTION];

/// The pages whose paths had no connection before there were several: their old links lead to the default connection.
pub const WITHOUT_CONNECTION: [&str; 5] = [WORKFLOWS, EXECUTIONS, INBOX, DEPLOY, AUDIT];

/// The first segments of the site's other paths, and those of pages that may come: no connection has such a name.
const RESERVED: [&str; 22] = [
    "account",
    "api",
    "assets",
    "connection",
    "connections",
    "favicon",
    "fonts",
    "healthz",
    "hooks",
    "live",
    "login",
    "logout",
    "metrics",
    "people",
    "pkg",
    "search",
    "settings",
    "sign-in",
    "sign-out",
    "static",
    "users",
    "welcome",
];

/// Whether a connection may have this name, as far as the site's paths are concerned.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || WITHOUT_CONNECTION.contains(&name)
}

/// The paths of the pages of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    connection: Arc<str>,
}

/// The pages of the connection with this name.
#[must_use]
pub fn of(connection: &str) -> Routes {
    Routes { connection: connection.into() }
}

/// The connection that a path names: its first segment.
#[must_use]
pub fn connection_of(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path).split(['/', '?', '#']).next().unwrap_or_default()
}

/// The page where people sign in, which leads to a path of this site.
#[must_use]
pub fn sign_in(to: Option<&str>) -> String {
    with_query(at(SIGN_IN), [("to", to)])
}

/// The way to the provider, and to a page of this site in the end.
#[must_use]
pub fn sign_in_with(to: &str) -> String {
    with_query(at(SIGN_IN_WITH), [("to", Some(to))])
}

/// The page that a one-time link leads to.
#[must_use]
pub fn welcome(code: &str) -> String {
    with_query(at(WELCOME), [("code", Some(code))])
}

impl Routes {
    /// The connection's name.
    #[must_use]
    pub fn connection(&self) -> &str {
        &self.connection
    }

    /// The overview.
    #[must_use]
    pub fn overview(&self) -> String {
        format!("{}/{}", base(), segment(&self.connection))
    }

    /// A page by the segment behind the connection, such as [`WORKFLOWS`].
    #[must_use]
    pub fn page(&self, name: &str) -> String {
        format!("{}/{name}", self.overview())
    }

    /// All workflows.
    #[must_use]
    pub fn workflows(&self) -> String {
        self.page(WORKFLOWS)
    }

    /// Everything that waits for a person.
    #[must_use]
    pub fn inbox(&self) -> String {
        self.page(INBOX)
    }

    /// The plan of `statemachine/` against the connection.
    #[must_use]
    pub fn deploy(&self) -> String {
        self.page(DEPLOY)
    }

    /// The search for a few letters.
    #[must_use]
    pub fn search(&self, typed: Option<&str>) -> String {
        with_query(self.page(SEARCH), [("q", typed)])
    }

    /// What people did.
    #[must_use]
    pub fn audit(&self) -> String {
        self.page(AUDIT)
    }

    /// The entries of the audit of one kind and with a text, before one of them by its number.
    #[must_use]
    pub fn audit_of(&self, kind: Option<&str>, text: Option<&str>, before: Option<i64>) -> String {
        let before = before.map(|entry| entry.to_string());
        with_query(self.audit(), [("kind", kind), ("q", text), ("before", before.as_deref())])
    }

    /// The same entries, all of them, as a file.
    #[must_use]
    pub fn audit_file(&self, ending: &str, kind: Option<&str>, text: Option<&str>) -> String {
        with_query(format!("{}/{AUDIT_FILE}/{ending}", self.audit()), [("kind", kind), ("q", text)])
    }

    /// The page of one workflow.
    #[must_use]
    pub fn workflow(&self, name: &str) -> String {
        format!("{}/{}", self.workflows(), segment(name))
    }

    /// The page of a workflow, with the input of an execution in its form.
    #[must_use]
    pub fn start_again(&self, workflow_name: &str, execution_arn: &str) -> String {
        format!("{}?again={}#start", self.workflow(workflow_name), encode(execution_arn))
    }

    /// The page of one execution.
    #[must_use]
    pub fn execution(&self, arn: &str) -> String {
        format!("{}/{}", self.page(EXECUTIONS), segment(arn))
    }

    /// The form of a workflow with one of its samples.
    #[must_use]
    pub fn workflow_sample(&self, name: &str, index: usize) -> String {
        format!("{}?sample={index}#start", self.workflow(name))
    }

    /// The page of one execution with a state chosen.
    #[must_use]
    pub fn execution_state(&self, arn: &str, state: &str) -> String {
        self.execution_view(arn, &View::default().with(view::STATE, Some(state)))
    }

    /// The executions of one workflow, or those with one status, or both.
    #[must_use]
    pub fn executions_of(&self, workflow: Option<&str>, status: Option<StatusFilter>) -> String {
        let (workflow, status) = (workflow.map(str::to_owned), status.map(|status| status.word().to_owned()));
        self.executions_view(&executions::View { workflow, status, ..executions::View::default() })
    }

    /// The children of an execution's Map Runs.
    #[must_use]
    pub fn children(&self, parent: &str) -> String {
        self.executions_view(&executions::View { parent: Some(parent.to_owned()), ..executions::View::default() })
    }

    /// A list of executions.
    #[must_use]
    pub fn executions_view(&self, view: &executions::View) -> String {
        let mut parts = executions::View::NAMES.into_iter().zip(view.parts());
        with_query(self.page(EXECUTIONS), std::array::from_fn::<_, 7, _>(|_| parts.next().unwrap_or_default()))
    }

    /// The page of a list of executions that is acted on at once.
    #[must_use]
    pub fn bulk(&self, id: &str) -> String {
        format!("{}/{}", self.page(BULK), segment(id))
    }

    /// A part of the inbox, or all of it, with a text, from a cursor on.
    #[must_use]
    pub fn inbox_part(&self, part: Option<&str>, text: Option<&str>, after: Option<&str>) -> String {
        with_query(self.inbox(), [("part", part), ("q", text), ("after", after)])
    }

    /// The page of one approval beside a page of the inbox.
    #[must_use]
    pub fn approval_beside(&self, execution_arn: &str, event: u64, [part, text, after]: [Option<&str>; 3]) -> String {
        with_query(self.approval(execution_arn, event), [("part", part), ("q", text), ("after", after)])
    }

    /// The page of one workflow, with what its address says of what it shows.
    #[must_use]
    pub fn workflow_view(&self, name: &str, view: &View) -> String {
        view.on(self.workflow(name))
    }

    /// The page of one execution, with all that its address says of what it shows.
    #[must_use]
    pub fn execution_view(&self, arn: &str, view: &View) -> String {
        view.on(self.execution(arn))
    }

    /// The history of an execution as a file.
    #[must_use]
    pub fn history(&self, arn: &str) -> String {
        format!("{}/{HISTORY}", self.execution(arn))
    }

    /// A payload of an execution, whole; `of` names it.
    #[must_use]
    pub fn value(&self, arn: &str, of: &str) -> String {
        with_query(format!("{}/{VALUE}", self.execution(arn)), [("of", Some(of))])
    }

    /// What may be done about a request past its rule.
    #[must_use]
    pub fn hands(&self, execution_arn: &str, event: u64) -> String {
        format!("{}/{HANDS}", self.approval(execution_arn, event))
    }

    /// The page of one approval: the execution, and the id of its TaskScheduled event.
    #[must_use]
    pub fn approval(&self, execution_arn: &str, event: u64) -> String {
        format!("{}/{}/{event}", self.inbox(), segment(execution_arn))
    }
}

/// `path` with those of the parameters that have a value.
fn with_query<'a>(mut path: String, parameters: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut mark = '?';
    for (key, value) in parameters {
        if let Some(value) = value {
            path.extend([mark]);
            path.extend([key, "=", &encode(value)]);
            mark = '&';
        }
    }
    path
}

/// A name as one segment of a path. Browsers resolve `.` and `..`, however they are encoded, so these get a mark in front,
/// and so do names that begin with the mark.
#[must_use]
pub fn segment(name: &str) -> String {
    let mark = if name.is_empty() || matches!(name, "." | "..") || name.starts_with(MARK) { "~" } else { "" };
    format!("{mark}{}", encode(name))
}

/// The name that [`segment`] wrote, after its percent-encoding was read.
#[must_use]
pub fn name_of(segment: &str) -> &str {
    segment.strip_prefix(MARK).unwrap_or(segment)
}

/// Precedes a name that would otherwise not be a segment.
const MARK: char = '~';

/// Percent-encodes everything but RFC 3986's unreserved characters and `:`, which a path may hold and ARNs are full of.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::executions::ALL;

    #[test]
    fn arns_stay_legible_and_the_rest_is_escaped() {
        let routes = of("prod");
        assert_eq!(
            routes.execution_state("arn:aws:states:us-east-1:000000000000:execution:order:1", "Grüße & co"),
            "/prod/executions/arn:aws:states:us-east-1:000000000000:execution:order:1?state=Gr%C3%BC%C3%9Fe%20%26%20co"
        );
        assert_eq!(routes.executions_of(Some("a/b"), None), "/prod/executions?workflow=a%2Fb");
        assert_eq!(routes.executions_of(None, None), "/prod/executions");
    }

    #[test]
    fn the_page_of_a_request_is_told_from_others() {
        for (address, is_it) in [
            ("/prod/inbox/arn:aws:states:us-east-1:000000000000:execution:order:1/5", true),
            ("/prod/inbox/arn/5/more", false),
            ("/prod/inbox/arn", false),
            ("/prod/inbox/arn/", false),
            ("/prod/inbox//5", false),
            ("/prod/inbox", false),
            ("/prod/executions/arn/5", false),
            ("//inbox/arn/5", false),
            ("/", false),
        ] {
            assert_eq!(is_request(address), is_it, "{address}");
        }
    }

    #[test]
    fn every_name_is_one_segment() {
        let routes = of("prod");
        for (name, expected) in [
            ("..", "/prod/workflows/~.."),
            (".", "/prod/workflows/~."),
            ("", "/prod/workflows/~"),
            ("~..", "/prod/workflows/~~.."),
            ("...", "/prod/workflows/..."),
            ("a/..", "/prod/workflows/a%2F.."),
            ("?#%", "/prod/workflows/%3F%23%25"),
        ] {
            assert_eq!(routes.workflow(name), expected);
            let read = expected.strip_prefix("/prod/workflows/").unwrap_or_default();
            let read = read.replace("%2F", "/").replace("%3F", "?").replace("%23", "#").replace("%25", "%");
            assert_eq!(name_of(&read), name);
        }
        assert_eq!(routes.approval("..", 1), "/prod/inbox/~../1");
        assert_eq!(routes.execution("~"), "/prod/executions/~~");
    }

    #[test]
    fn the_first_segment_is_the_connection() {
        for (path, expected) in [
            ("/prod", "prod"),
            ("/prod/", "prod"),
            ("/prod?a=/b", "prod"),
            ("/prod#a/b", "prod"),
            ("/prod/inbox/a/1", "prod"),
            ("/", ""),
            ("//prod", ""),
            ("/%70rod", "%70rod"),
            ("", ""),
        ] {
            assert_eq!(connection_of(path), expected, "{path}");
        }
        let routes = of("prod");
        for path in [routes.overview(), routes.inbox(), routes.execution("a"), routes.audit_of(None, None, Some(1))] {
            assert_eq!(connection_of(&path), "prod", "{path}");
        }
    }

    #[test]
    fn no_connection_has_the_name_of_another_path() {
        for path in [LIVE, API, HEALTHZ, SIGN_IN, SIGN_OUT, WELCOME, ACCOUNT, USERS]
            .into_iter()
            .chain(["/pkg/countersign.js", "/fonts/inter.woff2"])
        {
            assert!(is_reserved(connection_of(path)), "{path}");
        }
        // Every folder and file of the site; a name with a dot cannot be that of a connection.
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/public")).expect("the site's files");
        for name in files.flatten().filter_map(|file| file.file_name().into_string().ok()) {
            assert!(is_reserved(&name) || name.contains('.'), "{name}");
        }
        assert!(!is_reserved("default") && !is_reserved("prod"));
    }

    /// Every path and query of the site. Links that people kept lead here: what changes below breaks them.
    #[test]
    fn every_path_and_query_is_as_it_was() {
        let arn = "arn:aws:states:eu-central-1:000000000000:execution:order:a1";
        let routes = of("prod");
        let events = View::default().with(view::TAB, Some("events"));
        let definition = View::default().with(view::TAB, Some("definition"));
        let mut seen: Vec<String> = [ROOT, LIVE, API, HEALTHZ, SIGN_OUT, ACCOUNT, USERS].map(str::to_owned).to_vec();
        seen.extend([
            sign_in(None),
            sign_in(Some("/prod/inbox?after=1")),
            welcome("c0de"),
            routes.overview(),
            routes.workflows(),
            routes.page(EXECUTIONS),
            routes.inbox(),
            routes.deploy(),
            routes.audit(),
            routes.page(CONNECTION),
            routes.search(None),
            routes.search(Some("start order")),
            routes.workflow("order"),
            routes.workflow_sample("order", 2),
            routes.workflow_view("order", &View::default().with(view::STATE, Some("Ask, then pay"))),
            routes.workflow_view("order", &definition),
            routes.workflow_view("order", &definition.with(view::STATE, Some("Ask, then pay"))),
            routes.workflow_view("order", &View::default().with(view::FOLDED, Some("Each\nBoth"))),
            routes.start_again("order", arn),
            routes.execution(arn),
            routes.execution_state(arn, "Ask, then pay"),
            routes.execution_view(arn, &events),
            routes.execution_view(arn, &events.with(view::STATE, Some("Ask, then pay"))),
            routes.execution_view(arn, &events.with(view::TYPE, Some("failures")).with(view::FIND, Some("4711 & co"))),
            routes.execution_view(
                arn,
                &View::default().with(view::SPAN, Some("1500-2000")).with(view::ITERATION, Some("17")),
            ),
            routes.execution_view(
                arn,
                &View::default().with(view::TAB, Some("drawing")).with(view::DRAWER, Some("closed")),
            ),
            routes.execution_view(
                arn,
                &View::default()
                    .with(view::STATE, Some("Ask"))
                    .with(view::VISIT, Some("3"))
                    .with(view::PART, Some("stages")),
            ),
            routes
                .execution_view(arn, &View::default().with(view::PART, Some("difference")).with(view::WITH, Some("2"))),
            routes.history(arn),
            routes.value(arn, "event.17.input"),
            routes.approval(arn, 17),
            routes.hands(arn, 17),
            routes.guest(None),
            routes.guest(Some((arn, 17))),
            routes.audit_of(None, None, Some(4711)),
            routes.audit_of(Some("decisions"), Some("a b"), None),
            routes.audit_file("csv", None, Some("x")),
            routes.executions_of(None, None),
            routes.executions_of(Some("order"), None),
            routes.executions_view(&executions::View {
                parent: Some(arn.to_owned()),
                before: Some("1764160000000.17".to_owned()),
                ..executions::View::default()
            }),
            routes.bulk("bulk-0a1b2c3d4e5f"),
            routes.executions_view(&executions::View {
                q: Some("orderId:4711 total>1000".to_owned()),
                time: Some("24h".to_owned()),
                scope: Some(ALL.to_owned()),
                ..executions::View::default()
            }),
            routes.inbox_part(Some("mine"), Some("4711"), Some("1764160000000.1764150000000.4.17")),
            routes.approval_beside(arn, 17, [Some("mine"), None, Some("1764160000000.1764150000000.4.17")]),
        ]);
        seen.extend(StatusFilter::ALL.map(|filter| routes.executions_of(None, Some(filter))));
        seen.push(routes.executions_of(Some("Grüße"), Some(StatusFilter::TimedOut)));
        assert_eq!(format!("{}\n", seen.join("\n")), include_str!("routes.txt"));
    }
}
