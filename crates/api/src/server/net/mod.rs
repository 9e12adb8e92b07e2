//! Connections: how many, how busy, and how they are cut.

mod connection;
mod incoming;
mod rate;
mod seats;
mod web;

pub(super) use connection::connection_of;
pub(super) use incoming::Incoming;
pub(super) use rate::limit_rate;
pub(super) use web::WebLayer;
