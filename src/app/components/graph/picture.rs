//! The pictures of a drawing: one for each kind of state and of service, one for each badge, and the sign of folding.
//!
//! Each is drawn on 16 by 16 pixels in lines of the text's colour, as the shapes of statuses are.

use crate::wire::graph::{BadgeKind, Node, NodeKind, Service};

/// What a state is: for a Task the service that it calls, for others their kind.
pub fn of_state(node: &Node) -> &'static str {
    match (node.service, node.kind) {
        (Some(service), _) => of_service(service),
        (None, NodeKind::Task) => of_service(Service::Other),
        (None, NodeKind::Start | NodeKind::End) => "",
        (None, NodeKind::Pass) => r#"<path d="M2.5 8h10M9 4.5L12.5 8 9 11.5"/>"#,
        (None, NodeKind::Choice) => r#"<path d="M8 2l6 6-6 6-6-6z"/>"#,
        (None, NodeKind::Wait) => r#"<circle cx="8" cy="8" r="5.8"/><path d="M8 4.6V8l2.4 1.5"/>"#,
        (None, NodeKind::Succeed) => r#"<circle cx="8" cy="8" r="5.8"/><path d="M5.4 8.2l1.9 1.9 3.4-3.9"/>"#,
        (None, NodeKind::Fail) => r#"<circle cx="8" cy="8" r="5.8"/><path d="M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4"/>"#,
        (None, NodeKind::Parallel) => r#"<path d="M8 2v11.5M3 13.5v-4A4.5 4.5 0 0 1 7.5 5h1A4.5 4.5 0 0 1 13 9.5v4"/>"#,
        (None, NodeKind::Map) => {
            r#"<rect x="2.5" y="5.5" width="8" height="8" rx="1"/><path d="M5.5 5.5v-2a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2"/>"#
        }
    }
}

const fn of_service(service: Service) -> &'static str {
    match service {
        Service::Function => r#"<path d="M4 2.8h2.2l5 10.4h1.6M7.8 6.2L3.8 13.2"/>"#,
        Service::Activity => {
            r#"<circle cx="8" cy="5" r="2.6"/><path d="M2.8 13.6c.4-3 2.5-4.4 5.2-4.4s4.8 1.4 5.2 4.4"/>"#
        }
        Service::Workflow => {
            r#"<rect x="2" y="2.5" width="5.5" height="4" rx="1"/><rect x="8.5" y="9.5" width="5.5" height="4" rx="1"/><path d="M4.5 6.5v3a2 2 0 0 0 2 2h2"/>"#
        }
        Service::Database => {
            r#"<ellipse cx="8" cy="4" rx="5" ry="2"/><path d="M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2"/>"#
        }
        Service::Storage => {
            r#"<ellipse cx="8" cy="4" rx="5.5" ry="1.8"/><path d="M2.5 4l1.6 8.8c.2.8 1.8 1.2 3.9 1.2s3.7-.4 3.9-1.2L13.5 4"/>"#
        }
        Service::Queue => {
            r#"<rect x="1.5" y="5" width="3.2" height="6" rx=".8"/><rect x="6.4" y="5" width="3.2" height="6" rx=".8"/><rect x="11.3" y="5" width="3.2" height="6" rx=".8"/>"#
        }
        Service::Message => r#"<rect x="2" y="3.5" width="12" height="9" rx="1.2"/><path d="M2.4 4.6L8 9l5.6-4.4"/>"#,
        Service::Event => r#"<path d="M9.2 1.8L3.5 9H8l-1.2 5.2L12.5 7H8z"/>"#,
        Service::Machine => {
            r#"<rect x="2.5" y="2.5" width="11" height="4.5" rx="1"/><rect x="2.5" y="9" width="11" height="4.5" rx="1"/><path d="M5 4.8h1M5 11.2h1"/>"#
        }
        Service::Analytics => r#"<path d="M2.5 13.5h11M4.5 11V8M8 11V3M11.5 11V6"/>"#,
        Service::Model => r#"<path d="M8 2l1.5 4.5L14 8 9.5 9.5 8 14 6.5 9.5 2 8l4.5-1.5z"/>"#,
        Service::Web => {
            r#"<circle cx="8" cy="8" r="5.8"/><path d="M2.2 8h11.6M8 2.2c3.4 3.4 3.4 8.2 0 11.6M8 2.2c-3.4 3.4-3.4 8.2 0 11.6"/>"#
        }
        Service::Other => r#"<path d="M4.6 12.5a3 3 0 0 1-.3-6 4 4 0 0 1 7.6-.6 3.3 3.3 0 0 1-.4 6.6z"/>"#,
    }
}

/// What a badge speaks of.
pub const fn of_badge(kind: BadgeKind) -> &'static str {
    match kind {
        BadgeKind::Retry => r#"<path d="M13.2 2.8v3.6H9.6M12.9 6.2A5.4 5.4 0 1 0 13.4 9"/>"#,
        BadgeKind::Timeout => r#"<circle cx="8" cy="9" r="5"/><path d="M8 6.2V9M6.3 1.8h3.4"/>"#,
        BadgeKind::Heartbeat => r#"<path d="M1.5 8.4h3l1.7-4 3 7.6 1.7-3.6h3.6"/>"#,
    }
}

/// A minus where the inside can be folded, a plus where it can be unfolded.
pub const fn of_fold(folded: bool) -> &'static str {
    if folded {
        r#"<rect x="2.5" y="2.5" width="11" height="11" rx="2"/><path d="M5.5 8h5M8 5.5v5"/>"#
    } else {
        r#"<rect x="2.5" y="2.5" width="11" height="11" rx="2"/><path d="M5.5 8h5"/>"#
    }
}
