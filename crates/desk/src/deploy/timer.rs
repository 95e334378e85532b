//! Waiting, injected: the program waits, a test moves its clock.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

type Waited = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Waits for a time.
#[derive(Clone)]
pub struct Timer(Arc<dyn Fn(Duration) -> Waited + Send + Sync>);

impl Timer {
    /// Waits as long as it says.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one timer of deployments; a test gives its own")]
    pub fn system() -> Self {
        Self::new(|time| Box::pin(tokio::time::sleep(time)))
    }

    /// A timer that a test gives.
    pub fn new(wait: impl Fn(Duration) -> Waited + Send + Sync + 'static) -> Self {
        Self(Arc::new(wait))
    }

    /// Waits so many milliseconds.
    pub fn wait(&self, ms: i64) -> Waited {
        (self.0)(Duration::from_millis(u64::try_from(ms).unwrap_or_default()))
    }
}
