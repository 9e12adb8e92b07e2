//! Connections: how many, how busy, and how they are cut.

mod activity;
mod connection;
mod incoming;
mod rate;
mod seats;
mod web;

pub(super) use activity::ActivityLayer;
pub(super) use connection::{ConnectionInfo, connection_info, connection_of};
pub use incoming::CONNECTIONS_CLOSING_MAX;
pub(super) use incoming::Incoming;
pub(super) use rate::limit_rate;
pub(super) use web::WebLayer;
