//! The desk as the site's pages show it, and what a test does to its connection beside it.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign::error::AppError;
use countersign::server::{acting, pages};
use countersign::wire::audit::Audit;
use countersign::wire::drawing::{Drawing, Extent, Of};
use countersign::wire::execution::Execution;
use countersign::wire::executions::{Executions, View};
use countersign::wire::inbox::{Approval, Inbox};
use countersign::wire::state::{State, Wanted};
use countersign::wire::workflow::Workflow;
use countersign_desk::approvals::{Choice, Decided};
use countersign_desk::connection::{Connection, ConnectionId, SdkOptions, Target};
use countersign_desk::index::SqliteIndex;
use countersign_desk::policy::Authority;
use countersign_desk::redact::RedactionKey;
use countersign_desk::store::{Sqlite, Store};
use countersign_desk::watch::{RequestKey, Snapshot, Waiting};
use countersign_desk::{Actor, Clock, Desk, Parts, Person, people};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A desk over an endpoint.
pub struct Board {
    pub desk: Arc<Desk>,
    pub store: Arc<dyn Store>,
    connection: Connection,
    /// The test's own client of the same endpoint.
    pub sfn: aws_sdk_sfn::Client,
}

impl Deref for Board {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

/// The first persona.
pub fn somebody() -> Actor {
    Actor::Person(people::first())
}

impl Board {
    /// A desk over `target`, with its store in the folder `data`.
    pub async fn open(target: Target, data: &std::path::Path, definitions: PathBuf, clock: Clock) -> Self {
        let (Target::Embedded(url) | Target::Endpoint(url)) = &target else { panic!("no test calls AWS") };
        let sfn = client(url);
        let connection = Connection::open(ConnectionId::default_one(), SdkOptions::of(target)).await;
        std::fs::create_dir_all(data).unwrap();
        let store = Arc::new(Sqlite::open(&data.join("countersign.db")).await.unwrap());
        let authority = Authority::shipped();
        Self::over(connection, store, sfn, definitions, clock, authority)
    }

    /// The same with other policies.
    pub fn ruled(&self, definitions: PathBuf, policies: &str) -> Self {
        let authority = Authority::of(Some((Path::new("policy.cedar"), policies))).unwrap().0;
        let (connection, store, sfn) = (self.connection.clone(), Arc::clone(&self.store), self.sfn.clone());
        Self::over(connection, store, sfn, definitions, Clock::system(), authority)
    }

    /// Another desk over the same connection and store, as after a restart.
    pub fn again(&self, definitions: PathBuf) -> Self {
        let (connection, store, sfn) = (self.connection.clone(), Arc::clone(&self.store), self.sfn.clone());
        Self::over(connection, store, sfn, definitions, Clock::system(), Authority::shipped())
    }

    fn over(
        connection: Connection,
        store: Arc<dyn Store>,
        sfn: aws_sdk_sfn::Client,
        definitions: PathBuf,
        clock: Clock,
        authority: Authority,
    ) -> Self {
        let definitions = definitions.into();
        let parts = Parts {
            connection: connection.clone(),
            store: Arc::clone(&store),
            index: Arc::new(SqliteIndex::in_memory()),
            definitions,
            clock,
            sandbox: None,
            redaction_key: RedactionKey::new([0; 16]),
            authority: Arc::new(authority),
            undo_ms: 0,
        };
        Self { desk: Arc::new(Desk::new(parts)), store, connection, sfn }
    }

    /// Watches until `end`.
    pub fn run(&self, end: &CancellationToken) -> JoinHandle<()> {
        tokio::spawn(Arc::clone(&self.desk).run(end.clone()))
    }

    pub async fn known(&self) -> Arc<Snapshot> {
        self.snapshot(&somebody()).await.unwrap()
    }

    /// What waits for people, all of it.
    pub async fn waiting(&self) -> Vec<Waiting> {
        self.desk.waiting(&somebody(), None, 10_000).await.unwrap().rows
    }

    pub async fn inbox(&self, open: Option<RequestKey>) -> Result<Inbox, AppError> {
        pages::inbox::inbox(&self.desk, &somebody(), open, None, None, None).await
    }

    pub async fn approval(&self, arn: &str, event: u64) -> Result<Approval, AppError> {
        pages::inbox::approval(&self.desk, &somebody(), arn, event).await
    }

    pub async fn execution(&self, arn: &str) -> Result<Execution, AppError> {
        pages::execution::execution(&self.desk, &somebody(), arn.to_owned(), None).await
    }

    pub async fn state(&self, arn: &str, state: &str) -> Result<State, AppError> {
        let (arn, state) = (arn.to_owned(), Some(state.to_owned()));
        pages::state::state(&self.desk, &somebody(), arn, state, Wanted::default(), None).await
    }

    pub async fn drawing(&self, of: Of, folded: Option<&str>, extent: Extent) -> Result<Drawing, AppError> {
        pages::drawing::drawing(&self.desk, &somebody(), of, folded.map(str::to_owned), extent).await
    }

    pub async fn executions(&self, workflow: Option<String>, status: Option<String>) -> Result<Executions, AppError> {
        let view = View { workflow, status, ..View::default() };
        self.list(view).await
    }

    pub async fn list(&self, view: View) -> Result<Executions, AppError> {
        pages::executions::executions(&self.desk, &somebody(), view).await
    }

    pub async fn workflow(&self, name: &str, again: Option<&str>) -> Result<Workflow, AppError> {
        pages::workflow::workflow(&self.desk, &somebody(), name.to_owned(), again.map(str::to_owned), None).await
    }

    pub async fn audit(&self) -> Result<Audit, AppError> {
        pages::audit::audit(&self.desk, &somebody(), None, None, None).await
    }

    pub async fn decide(
        &self,
        person: &Person,
        arn: &str,
        event: u64,
        choice: &str,
        comment: &str,
    ) -> Result<Decided, AppError> {
        acting::decide(&self.desk, &Actor::Person(person.clone()), (arn, event), &Choice::of(choice, comment)).await
    }
}

fn client(url: &str) -> aws_sdk_sfn::Client {
    let credentials = aws_sdk_sfn::config::Credentials::new("test", "test", None, None, "test");
    let config = aws_sdk_sfn::Config::builder()
        .behavior_version(aws_sdk_sfn::config::BehaviorVersion::latest())
        .region(aws_sdk_sfn::config::Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(url);
    aws_sdk_sfn::Client::from_conf(config.build())
}
