//! Pieces of the interface that speak of workflows, executions and approvals.

mod about_state;
mod approval_detail;
mod approval_words;
mod checked_input;
mod decision_forms;
mod decisions;
mod definition;
mod diff;
mod events;
mod execution_list;
mod frame;
pub mod graph;
#[cfg(feature = "ssr")]
mod handed_over;
mod iterations;
mod outcome_fields;
mod outcomes;
mod state_panel;
pub mod status;
mod switcher;
mod timeline;
mod workbench;

pub use about_state::StateDefinition;
pub use approval_detail::{ApprovalDetail, too_late};
pub use checked_input::CheckedInput;
pub use decisions::{DecisionList, DeliveryLine, decision_item, mark_of};
pub use definition::Definition;
pub use diff::Diff;
pub use events::{EventList, wanted};
pub use execution_list::ExecutionList;
pub use frame::{Crumb, PageFrame, PageHead};
pub use graph::{Drawn, GraphView, MiniGraph};
#[cfg(feature = "ssr")]
pub use handed_over::handed_over;
pub use iterations::IterationList;
pub use outcomes::Outcomes;
pub use state_panel::{failure_line, link_fact, state_panel, thousands};
pub use status::{Mark, StatusWord};
pub use switcher::kind_word;
pub use timeline::Timeline;
pub use workbench::{DRAWING, LowerTab, Workbench};
