//! Following `functions.toml` and the code that it names while the engine runs.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Looked;
use crate::host::Host;
use crate::integrations::on_files;
use crate::text::escaped;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(700);

/// Takes over what changes, until `end`. What cannot be used is reported, and what was declared before stays.
#[expect(clippy::disallowed_methods, reason = "the timer between two looks; a test looks without the loop")]
pub async fn follow(host: Arc<Host>, end: CancellationToken) {
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        let looking = Arc::clone(&host);
        match on_files(move || looking.renew_functions()).await {
            Looked::Same => {}
            Looked::Changed(news) => tracing::info!(target: "countersign::functions", "{}", escaped(&news)),
            Looked::Refused(why) => {
                tracing::warn!(target: "countersign::functions", "what was declared before stays: {}", escaped(&why));
            }
        }
    }
}

impl Host {
    /// Looks at the functions' file and code, and takes over what has changed. From then on the secrets of its
    /// connections are hidden; those of earlier ones stay hidden.
    pub fn renew_functions(&self) -> Looked {
        self.functions.renew(|connections| self.masks.also(connections.iter().map(AsRef::as_ref)))
    }
}
