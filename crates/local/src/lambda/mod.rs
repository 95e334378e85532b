//! Lambda functions on this machine: child processes, kept warm, behind AWS's Lambda Runtime API. The file that
//! declares them also declares the connections of HTTP tasks.

mod config;
mod declared;
mod follow;
mod language;
mod made;
mod output;
mod pool;
mod printing;
mod runtime_api;
mod starter;
mod trouble;
mod worker;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

pub use config::{FunctionsError, Spec};
use declared::Declared;
pub use follow::follow;
pub use language::Language;
use made::Made;
pub use made::{parts, version_of};
use output::Output;
pub use output::{Origin, Record};
use pool::Pool;
pub use pool::Stay;
use runtime_api::Lines;
use starter::Starter;
pub use trouble::Trouble;
use worker::{Site, Worker};

use crate::clock::Clock;
use crate::connections::Connection;
use crate::host::{AccountRegion, lock, partition};
use crate::keeper::Keeper;
use crate::random;

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No function has this name.
    Unknown,
    /// The function failed: the error's name, and AWS's JSON text about it.
    Function { error: String, cause: String },
}

/// How functions are kept apart and warm.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// Keeps their processes apart; `None`: nothing does.
    pub keeper: Option<Keeper>,
    /// What is hidden from them, such as the data folder.
    pub hidden: Vec<PathBuf>,
    pub stay: Stay,
}

/// The functions of one file, and those that clients made.
#[derive(Clone)]
pub struct Functions(Arc<Inner>);

/// What a look at the file and the code has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    Same,
    /// This has changed, and holds from now on.
    Changed(String),
    /// The file cannot be used, for this reason; what was declared before stays, with the code as it is now.
    Refused(String),
}

struct Inner {
    file: Option<PathBuf>,
    declared: RwLock<Arc<Declared>>,
    made: Made,
    /// Why the file, as it is now, cannot be used.
    trouble: Mutex<Option<Trouble>>,
    output: Output,
    folder: PathBuf,
    region: String,
    account: String,
    address: SocketAddr,
    server: tokio::task::JoinHandle<()>,
    lines: Lines,
    starter: Starter,
    keeping: Keeping,
}

impl Functions {
    /// Reads the declarations; without a file there are no functions. Processes start with the first calls.
    ///
    /// # Errors
    /// A declaration is wrong, or there is no port for the Runtime API.
    pub async fn load(file: Option<&Path>, region: &str, account: &str) -> Result<Self, FunctionsError> {
        Self::load_kept(file, region, account, Keeping::default()).await
    }

    /// The same, with functions that are kept in another way.
    ///
    /// # Errors
    /// A declaration is wrong, or there is no port for the Runtime API.
    pub async fn load_kept(
        file: Option<&Path>,
        region: &str,
        account: &str,
        mut keeping: Keeping,
    ) -> Result<Self, FunctionsError> {
        let folder = file.and_then(Path::parent).unwrap_or(Path::new("."));
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let declared = file.map(|file| Declared::read(file, &folder)).transpose()?.unwrap_or_default();
        let lines = Lines::default();
        let (address, server) = runtime_api::serve(Arc::clone(&lines)).await?;
        // The file may hold the secrets of connections.
        keeping.hidden.extend(file.map(Path::to_owned));
        keeping.hidden = keeping.hidden.iter().filter_map(|place| std::path::absolute(place).ok()).collect();
        let functions = Self(Arc::new(Inner {
            file: file.map(Path::to_owned),
            declared: RwLock::new(Arc::new(declared)),
            made: Made::default(),
            trouble: Mutex::default(),
            output: Output::default(),
            folder,
            region: region.to_owned(),
            account: account.to_owned(),
            address,
            server,
            lines,
            starter: Starter::new().map_err(FunctionsError::Thread)?,
            keeping,
        }));
        tokio::spawn(look_after(Arc::downgrade(&functions.0)));
        Ok(functions)
    }

    /// The ARN of a function, by its key.
    #[must_use]
    pub fn arn(&self, key: &str) -> String {
        if key.starts_with("arn:") {
            return key.to_owned();
        }
        format!("arn:{}:lambda:{}:{}:function:{key}", partition(&self.0.region), self.0.region, self.0.account)
    }

    /// The key of the function that a name, a partial ARN or an ARN, each with or without a qualifier, means for a
    /// caller: the ARN of a client's function, or the name of one of the file's, which is in every account and region.
    /// `None` if there is no such function.
    #[must_use]
    pub fn key(&self, caller: &AccountRegion, function: &str) -> Option<String> {
        let (place, name, qualifier) = parts(caller, function);
        let arn = place.arn("lambda", &format!("function:{name}"));
        if self.0.made.has(&arn) {
            let qualified = match qualifier {
                None | Some("$LATEST") => arn,
                Some(version) => format!("{arn}:{version}"),
            };
            let found = self.0.made.target(&qualified).unwrap_or(qualified);
            return self.0.made.has(&found).then_some(found);
        }
        self.has(name).then(|| name.to_owned())
    }

    /// Adds a function that a client made, or puts it in the place of the one with this ARN. Calls that are under way
    /// end as they began.
    pub async fn put(&self, arn: String, spec: Spec) {
        for worker in self.0.made.put(arn, spec) {
            worker.end().await;
        }
    }

    /// Removes a function that a client made. Calls that are under way end as they began.
    pub async fn remove(&self, arn: &str) {
        for worker in self.0.made.remove(arn) {
            worker.end().await;
        }
    }

    /// Lets an alias lead to a function or a version of it; all by their ARNs.
    pub fn point(&self, alias: String, target: String) {
        self.0.made.point(alias, target);
    }

    /// Forgets an alias.
    pub fn unpoint(&self, alias: &str) {
        self.0.made.unpoint(alias);
    }

    /// The file's functions, by name.
    #[must_use]
    pub fn of_file(&self) -> Vec<(String, Spec)> {
        self.0.declared().functions.iter().map(|(name, function)| (name.clone(), function.spec.clone())).collect()
    }

    /// A connection that the file declares.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<Arc<Connection>> {
        self.0.declared().connections.get(name).cloned()
    }

    /// Every connection that the file declares.
    #[must_use]
    pub fn connections(&self) -> Vec<Arc<Connection>> {
        self.0.declared().connections.values().cloned().collect()
    }

    /// The names of the functions, of the file and of clients, each once.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.0.declared().functions.keys().cloned().chain(self.0.made.names()).collect()
    }

    /// Why the functions' file, as it is now, cannot be used: what it declared before stays. `None` if it can.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        lock(&self.0.trouble).clone()
    }

    /// Looks at the file and the code, and takes over what has changed; `before` gets the connections before any task can
    /// use them. It reads files where it is called.
    pub fn renew(&self, before: impl FnOnce(&[Arc<Connection>])) -> Looked {
        let inner = &self.0;
        let Some(file) = &inner.file else { return Looked::Same };
        let known = inner.declared();
        if !known.is_outdated(file, &inner.folder) {
            *lock(&inner.trouble) = None;
            return Looked::Same;
        }
        match known.again(file, &inner.folder) {
            Ok(now) => {
                let news = known.news(&now);
                before(&now.connections.values().cloned().collect::<Vec<_>>());
                // Processes of functions that are no more end with the last call that holds them.
                *inner.declared.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
                *lock(&inner.trouble) = None;
                news.map_or(Looked::Same, Looked::Changed)
            }
            Err(error) => {
                // A mistake in the file does not keep code that is being worked on from being run.
                let now = known.with_new_code(&inner.folder);
                let news = known.news(&now);
                *inner.declared.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
                let trouble = Trouble::of(&error, file);
                let said = lock(&inner.trouble).replace(trouble.clone());
                if said.as_ref() == Some(&trouble) {
                    news.map_or(Looked::Same, Looked::Changed)
                } else {
                    Looked::Refused(trouble.to_string())
                }
            }
        }
    }

    /// What the calls of a task printed, the oldest call first.
    #[must_use]
    pub fn printed(&self, origin: &Origin) -> Vec<Arc<Record>> {
        self.0.output.of(origin)
    }

    /// The calls of the functions with this name, in whatever account and region, whose output is kept, the oldest first.
    #[must_use]
    pub fn records(&self, name: &str) -> Vec<Arc<Record>> {
        self.0.output.of_function(name)
    }

    /// The names of the functions with such calls.
    #[must_use]
    pub fn recorded(&self) -> Vec<String> {
        self.0.output.names()
    }

    /// Forgets what such calls of a function printed.
    pub fn forget_records(&self, name: &str, which: impl Fn(&Record) -> bool) {
        self.0.output.forget(name, which);
    }

    /// Where the Lambda Runtime API listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Whether the file declares such a function.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.declared().functions.contains_key(name)
    }

    /// Calls the function with this key (see [`Self::key`]) with a JSON text. Returns its answer as it wrote it, which need not be
    /// JSON. If as many calls as the function may have processes are under way, it waits.
    ///
    /// # Errors
    /// There is no such function, or it raised an error, crashed, returned too much or reached its timeout.
    pub async fn invoke(&self, key: &str, payload: &str) -> Result<String, Failure> {
        self.call(key, payload, None, false).await.map(|(output, _)| output)
    }

    /// The same, with the end of the function's log as Lambda returns it for `LogType: Tail`: at most 4 KB.
    ///
    /// # Errors
    /// As above.
    pub async fn invoke_with_log(&self, key: &str, payload: &str) -> Result<(String, String), Failure> {
        self.call(key, payload, None, true).await
    }

    /// The same for a task, with the log where it is asked for.
    ///
    /// # Errors
    /// As above.
    pub async fn invoke_for(
        &self,
        origin: Origin,
        key: &str,
        payload: &str,
        logged: bool,
    ) -> Result<(String, String), Failure> {
        self.call(key, payload, Some(origin), logged).await
    }

    #[expect(clippy::disallowed_methods, reason = "the duration that the log of a real process reports")]
    async fn call(
        &self,
        key: &str,
        payload: &str,
        origin: Option<Origin>,
        logged: bool,
    ) -> Result<(String, String), Failure> {
        let inner = &self.0;
        // Both are held to the end of the call: what is replaced meanwhile goes on as it was.
        let (made, declared) = (inner.made.get(key), inner.declared().functions.get(key).cloned());
        let made = made.as_ref().map(|made| (&made.spec, &made.pool));
        let found = made.or_else(|| declared.as_ref().map(|declared| (&declared.spec, &declared.pool)));
        let Some((spec, pool)) = found else { return Err(Failure::Unknown) };
        let id = random::uuid().to_string();
        let Some(_place) = pool.place().await else { return Err(Failure::Unknown) };
        // A function's output is of a real process, and real time.
        let record = inner.output.begin(key, id.clone(), origin, Clock::system().now());
        let mut worker = match pool.take() {
            Some(worker) => worker,
            None => Worker::start(spec, &inner.site(), &record).await.map_err(|error| {
                worker::exit_error(&id, &format!("{} cannot be started: {error}", spec.language().program()))
            })?,
        };
        let begun = Instant::now();
        let result = worker.call(&record, payload, spec.timeout_seconds, self.arn(key)).await;
        let took = begun.elapsed();
        let log = if logged { tail(&id, &worker::printed(&record).await, took, spec) } else { String::new() };
        if worker.is_usable() {
            pool.put(worker);
        }
        result.map(|output| (output, log))
    }

    /// Ends every process.
    pub async fn shutdown(&self) {
        let declared = self.0.declared();
        let idle = declared.functions.values().flat_map(|function| function.pool.empty());
        for worker in idle.chain(self.0.made.take(Pool::empty)) {
            worker.end().await;
        }
        self.0.server.abort();
    }
}

/// The end of a call's log, in Lambda's format.
fn tail(id: &str, printed: &str, took: Duration, spec: &Spec) -> String {
    const MOST: usize = 4 * 1024;
    let line = if printed.is_empty() || printed.ends_with('\n') { "" } else { "\n" };
    let (exact, billed) = (took.as_secs_f64() * 1_000.0, took.as_millis() + 1);
    let (version, memory) = (&spec.version, spec.memory_mb);
    let whole = format!(
        "START RequestId: {id} Version: {version}\n{printed}{line}END RequestId: {id}\nREPORT RequestId: {id}\tDuration: \
         {exact:.2} ms\tBilled Duration: {billed} ms\tMemory Size: {memory} MB\n"
    );
    let from = (whole.len().saturating_sub(MOST)..).find(|at| whole.is_char_boundary(*at)).unwrap_or_default();
    whole[from..].to_owned()
}

impl Inner {
    fn declared(&self) -> Arc<Declared> {
        Arc::clone(&self.declared.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn site(&self) -> Site<'_> {
        Site {
            beside: &self.folder,
            address: self.address,
            region: &self.region,
            lines: &self.lines,
            starter: &self.starter,
            keeper: self.keeping.keeper.as_ref(),
            hidden: &self.keeping.hidden,
        }
    }
}

/// Ends processes that have been idle for too long, as long as the functions exist.
#[expect(clippy::disallowed_methods, reason = "the timer by which idle processes are ended")]
async fn look_after(functions: Weak<Inner>) {
    loop {
        let Some(round) = functions.upgrade().map(|inner| inner.keeping.stay.round()) else { return };
        tokio::time::sleep(round).await;
        let Some(inner) = functions.upgrade() else { return };
        let declared = inner.declared();
        let outdated = |pool: &Pool| pool.outdated(inner.keeping.stay);
        let of_file = declared.functions.values().flat_map(|function| outdated(&function.pool));
        for worker in of_file.chain(inner.made.take(outdated)) {
            worker.end().await;
        }
    }
}

#[cfg(test)]
mod tests;
