//! Pieces of the interface that speak of workflows, executions and approvals.

mod about_state;
mod approval_detail;
mod checked_input;
mod decisions;
mod definition;
mod diff;
mod events;
mod execution_list;
mod frame;
mod graph;
mod iterations;
mod outcomes;
mod state_panel;
pub mod status;
mod switcher;
mod timeline;
mod workbench;

pub use about_state::StateDefinition;
pub use approval_detail::ApprovalDetail;
pub use checked_input::CheckedInput;
pub use decisions::{DecisionList, DeliveryLine, decision_item};
pub use definition::Definition;
pub use diff::Diff;
pub use events::{EventList, wanted};
pub use execution_list::ExecutionList;
pub use frame::{Crumb, PageFrame, PageHead};
pub use graph::{Drawn, GraphView, MiniGraph};
pub use iterations::IterationList;
pub use outcomes::Outcomes;
pub use state_panel::{StatePanel, failure_line};
pub use status::{Mark, StatusWord};
pub use switcher::kind_word;
pub use timeline::Timeline;
pub use workbench::{DRAWING, LowerTab, Workbench};
