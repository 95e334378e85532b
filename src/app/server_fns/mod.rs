//! What the browser may ask of the server: thin functions that find the context, call the server and map the error.
//!
//! **Adding one**: a verb a file. `read` answers every page; acting ones are posted by a `ui::PostForm`, which works
//! without JavaScript too; the form names its connection, which [`crate::server::context`] finds; they name the page that shows the outcome with `server::leads_to`, before what may fail, and
//! what that page does not show by itself with `server::tells`.

mod act;
mod bulk;
mod decide;
mod deploy;
mod hand;
mod read;
mod redrive;
mod release;
mod sample;
mod start;
mod stop;
mod views;

pub use act::ActAs;
pub use act::act_as;
pub use bulk::{PrepareBulk, PrepareDecisions, RunBulk, prepare_bulk, prepare_decisions, run_bulk};
pub use decide::{Decide, decide};
pub use deploy::{Deploy, deploy};
pub use hand::{Hand, hand};
pub use read::{Held, Read, page, read};
pub use redrive::{RedriveExecution, redrive_execution};
pub use release::{
    FinishRollout, Propose, RollBack, Vote, Withdraw, finish_rollout, propose, roll_back, vote, withdraw,
};
pub use sample::{PutSample, put_sample};
pub use start::{StartExecution, start_execution};
pub use stop::{StopExecution, stop_execution};
pub use views::{RemoveView, SaveView, remove_view, save_view};
