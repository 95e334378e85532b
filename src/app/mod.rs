//! The pages.

pub mod server_fns;
