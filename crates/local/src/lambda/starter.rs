//! The thread that starts the processes of functions. The system can end a process together with the thread that
//! started it; the threads of the runtime come and go.

use std::io;
use std::sync::mpsc::{Sender, channel};

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

struct Order {
    command: Command,
    started: oneshot::Sender<io::Result<Child>>,
}

/// The channel to the thread, which ends with it.
pub struct Starter(Sender<Order>);

impl Starter {
    /// Starts the thread, within a runtime.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn new() -> io::Result<Self> {
        let (sender, orders) = channel::<Order>();
        let runtime = Handle::current();
        std::thread::Builder::new().name("functions".to_owned()).spawn(move || {
            for Order { mut command, started } in orders {
                let _within = runtime.enter();
                if let Err(Ok(mut child)) = started.send(command.spawn()) {
                    // Nobody waits for it any more. It may have ended by itself.
                    let _ = child.start_kill();
                }
            }
        })?;
        Ok(Self(sender))
    }

    /// Starts a process that ends with this thread.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn start(&self, command: Command) -> io::Result<Child> {
        let (started, waits) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts it has ended");
        self.0.send(Order { command, started }).map_err(|_| gone())?;
        waits.await.map_err(|_| gone())?
    }
}
