//! How a page's data travels: what is asked, what is answered, and how it is written.
//!
//! One type of question, of answer and of resource for every page: the machinery around a resource is written once, not
//! once a page, which keeps the wasm small. Postcard writes fields in their order without names, so the browser needs far
//! less code to read it than JSON.

use std::future::Future;
use std::pin::Pin;

use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::server_fns::read;
use crate::dto::{
    AuditPage, DeployPage, ExecutionPage, ExecutionsPage, Frame, InboxPage, Overview, RequestKey, WorkflowPage,
    WorkflowRow,
};
use crate::error::AppError;

/// What a page asks of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// The frame around every page.
    Frame,
    Overview,
    /// All workflows of the connection.
    Workflows,
    /// One workflow by its name; `again` is the execution whose input its form is to hold.
    Workflow {
        name: String,
        again: Option<String>,
    },
    /// Executions, newest first; `status` is one of AWS's words in lower case, or `waiting`.
    Executions {
        workflow: Option<String>,
        status: Option<String>,
    },
    /// One execution; `state` is the one that the page is to open on.
    Execution {
        arn: String,
        state: Option<String>,
    },
    /// Everything that waits for a person, with the request that is open; the most urgent where none is.
    Inbox(Option<RequestKey>),
    /// What people did, newest first, at most 500.
    Audit,
    /// `statemachine/` beside what the connection has.
    Plan,
    /// The proof that this session's forms carry.
    Proof,
}

/// What a page shows: the answer to the [`Ask`] of the same name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Page {
    Frame(Frame),
    Overview(Overview),
    Workflows(Vec<WorkflowRow>),
    Workflow(WorkflowPage),
    Executions(ExecutionsPage),
    Execution(ExecutionPage),
    Inbox(InboxPage),
    Audit(AuditPage),
    Plan(DeployPage),
    Proof(String),
}

/// The contents of one kind of [`Page`].
pub trait Part: Sized + 'static {
    /// The contents, where the page is of this kind.
    fn of(page: &Page) -> Option<&Self>;
}

macro_rules! parts {
    ($($kind:ident: $part:ty),+) => {$(
        impl Part for $part {
            fn of(page: &Page) -> Option<&Self> {
                if let Page::$kind(part) = page { Some(part) } else { None }
            }
        }
    )+};
}

parts! {
    Frame: Frame, Overview: Overview, Workflows: Vec<WorkflowRow>, Workflow: WorkflowPage, Executions: ExecutionsPage,
    Execution: ExecutionPage, Inbox: InboxPage, Audit: AuditPage, Plan: DeployPage
}

/// What a page shows, or why it cannot.
pub type Data = Resource<Result<Page, AppError>, Compact>;

/// The answer to `ask`, asked again whenever it changes or its number does: a sum of counters that only grow.
pub fn data(ask: impl Fn() -> (Ask, u32) + Send + Sync + 'static) -> Data {
    type Answer = Pin<Box<dyn Future<Output = Result<Page, AppError>> + Send>>;
    let ask: Box<dyn Fn() -> (Ask, u32) + Send + Sync> = Box::new(ask);
    Resource::new_with_options(ask, |(ask, _): (Ask, u32)| -> Answer { Box::pin(read(ask)) }, false)
}

/// The encoding of data within the page.
pub struct Compact;

impl<T: Serialize> Encoder<T> for Compact {
    type Error = postcard::Error;
    type Encoded = Vec<u8>;

    fn encode(value: &T) -> Result<Vec<u8>, Self::Error> {
        postcard::to_allocvec(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Compact {
    type Error = postcard::Error;
    type Encoded = [u8];

    fn decode(bytes: &[u8]) -> Result<T, Self::Error> {
        postcard::from_bytes(bytes)
    }
}
