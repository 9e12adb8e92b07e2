//! Connections: how many, how busy, and how they are cut.

mod activity;
mod admission;
mod answer;
mod callers;
mod connection;
mod incoming;
mod observe;
mod origin;
mod proxies;
mod proxy_header;
mod rate;
mod seats;
mod secured;
mod web;

pub(super) use admission::AdmissionLayer;
pub(super) use answer::{AnswerLayer, hold};
pub(super) use callers::Callers;
pub(super) use connection::{ConnectionInfo, connection_info, connection_of};
pub use incoming::CONNECTIONS_CLOSING_MAX;
pub(super) use incoming::Incoming;
pub(super) use observe::{ObserveLayer, Outcome};
pub(super) use proxies::Proxies;
pub(super) use seats::{Crowded, Seats};
pub(super) use secured::{Secured, Tls};
pub(super) use web::WebLayer;
