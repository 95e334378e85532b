//! What the browser may ask of the server: thin functions that find the context, call the server and map the error.
//!
//! **Adding one**: a verb a file. `read` answers every page; acting ones are posted by a `ui::PostForm`, which works
//! without JavaScript too, and end with a redirect to the page that shows the outcome.

mod act;
mod decide;
mod deploy;
mod read;
mod start;
mod stop;

pub use act::ActAs;
pub use act::act_as;
pub use decide::{Decide, decide};
pub use deploy::{Deploy, deploy};
pub use read::read;
pub use start::{StartExecution, start_execution};
pub use stop::{StopExecution, stop_execution};
