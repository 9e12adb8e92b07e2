//! What commands about members and votes share: what a node proves of them, what events say in plain words, and how a
//! batch of governance is signed.

mod dry_run;
pub(crate) mod look_alikes;
mod member_keys;
mod session;
mod signing;
mod when;
mod words;

pub(crate) use member_keys::{KeyInFolder, read_offer};
pub(crate) use session::Session;
pub(crate) use signing::{Acted, SignerArgs, ask, show_request, submit};
pub(crate) use when::When;
pub(crate) use words::{Known, change_in_words, in_words, ranges, role};
