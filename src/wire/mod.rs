//! What crosses between the server and the browser: a file a subject, named as in `server/pages`, `app/pages` and `style`.
//!
//! Times are milliseconds since the Unix epoch. Texts that came from an execution are redacted before they get here: no
//! task token is ever part of a value of this module.
//!
//! [`each_page`] lists the questions and their answers; [`Ask`], [`Page`] and the server's dispatch are made of it.

pub mod audit;
pub mod bulk;
mod codec;
pub mod connection;
pub mod definition;
pub mod deploy;
pub mod difference;
pub mod drawing;
pub mod events;
pub mod execution;
pub mod executions;
pub mod find;
pub mod frame;
pub mod graph;
pub mod inbox;
pub mod iterations;
pub mod overview;
pub mod payloads;
mod problem;
pub mod proof;
pub mod refused;
pub mod state;
mod status;
pub mod timeline;
mod topic;
pub mod value;
pub mod workflow;
pub mod workflows;

use serde::{Deserialize, Serialize};

pub use self::codec::Compact;
pub use self::problem::Problem;
pub use self::status::Status;
pub use self::topic::{Topic, UnknownTopic};

/// Hands the list of everything that a browser can ask for to the macro `$then`.
///
/// An entry is the subject's module, then its name: of the question in [`Ask`], with its fields; of the answer in [`Page`];
/// and of the answer's type in the module. The server answers with `server::pages::SUBJECT::SUBJECT`.
macro_rules! each_page {
    ($then:ident) => {
        $then! {
            /// The frame around every page.
            frame: Frame;
            /// What needs a person, and how the workflows fare.
            overview: Overview;
            /// All workflows of the connection, or those that a search finds.
            workflows: Workflows { q: Option<String> };
            /// One workflow by its name; `again` is the execution whose input its form is to hold, `state` the chosen state.
            workflow: Workflow { name: String, again: Option<String>, state: Option<String> };
            /// The drawing of a definition. `folded` names the states whose insides are not drawn, one a line.
            drawing: Drawing { of: drawing::Of, folded: Option<String>, extent: drawing::Extent };
            /// Executions, newest first, one page; the address has all of it as text.
            executions: Executions { view: executions::View };
            /// A list of executions that is acted on at once.
            bulk: Bulk { id: String };
            /// One execution; `iteration` is the one whose course is drawn, by the event with which it began.
            execution: Execution { arn: String, iteration: Option<u64> };
            /// One state of an execution, at one of its visits; `iteration` is the one that it has to be in.
            state: State { arn: String, state: Option<String>, wanted: state::Wanted, iteration: Option<u64> };
            /// The text of the definition that an execution was started with.
            definition: Definition { arn: String };
            /// The input and output of an execution.
            payloads: Payloads { arn: String };
            /// The events of an execution that are wanted: a window that begins at the row `from`, or holds the row of the
            /// event `open`, whose details are there too.
            events: Events { arn: String, wanted: events::Wanted, from: Option<u64>, open: Option<u64> };
            /// A window of an execution's timeline that begins at the row `from`: of one iteration or of all, within a
            /// stretch of time such as `1500-2000`, with some groups `turned`, separated by commas.
            timeline: Timeline {
                arn: String,
                iteration: Option<u64>,
                span: Option<String>,
                turned: Option<String>,
                from: Option<u64>
            };
            /// A page of the iterations of the Map `state`: those inside the iteration `within`, and with one outcome.
            iterations: Iterations {
                arn: String,
                state: Option<String>,
                within: Option<u64>,
                outcome: Option<String>,
                from: Option<String>
            };
            /// What waits for a person, or a `part` of it, one page from the cursor `after` on, with the request that is open; the first of
            /// the page where none is.
            inbox: Inbox { open: Option<inbox::RequestKey>, after: Option<String>, part: Option<String>, q: Option<String> };
            /// What people did, newest first, one page: before an entry, by its number, or the newest.
            audit: Audit { before: Option<i64>, kind: Option<String>, q: Option<String> };
            /// `statemachine/` beside what the connection has, in an environment that leads to it, the first where none is named;
            /// `replay` names a workflow whose executions are replayed, `back` one whose way back is looked up.
            deploy: Deploy { environment: Option<String>, replay: Option<String>, back: Option<String> };
            /// What fits a few letters; `execution` is the one whose page they come from, whose actions are among it. With
            /// `typing`, more letters may follow: no payloads are searched yet.
            find: Find { typed: Option<String>, execution: Option<String>, typing: Option<String> };
            /// The connection itself: what it reaches, what is wrong, and what its calls came to.
            connection: Connection;
            /// The proof that this session's forms carry.
            proof: Proof;
        }
    };
}

macro_rules! declare {
    ($($(#[$about:meta])* $subject:ident: $name:ident $({ $($field:ident: $type:ty),+ })?;)+) => {
        /// What the browser asks of the server.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Ask {
            $($(#[$about])* $name $({ $($field: $type),+ })?,)+
        }

        /// What the server answers: to an [`Ask`], the variant of the same name.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum Page {
            $($name($subject::$name),)+
            /// Nothing was asked.
            Nothing,
        }

        $(impl Part for $subject::$name {
            fn of(page: &Page) -> Option<&Self> {
                if let Page::$name(part) = page { Some(part) } else { None }
            }
        })+
    };
}

/// The contents of one kind of [`Page`].
///
/// One type of question, of answer and of resource serves every page: the machinery around a resource is written once, not
/// once a page, which keeps the wasm small.
pub trait Part: Sized + 'static {
    /// The contents, where the page is of this kind.
    fn of(page: &Page) -> Option<&Self>;
}

each_page!(declare);

#[cfg(feature = "ssr")]
pub(crate) use each_page;
