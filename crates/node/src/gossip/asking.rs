//! Asking peers for blocks, and answering them.

use std::sync::Arc;
use std::time::Instant;

use libp2p::PeerId;
use libp2p::request_response::{self, Message, ResponseChannel};
use sanad_core::ids::MemberId;
use tokio::sync::oneshot;

use super::NoAnswer;
use super::blocks::{Told, Wanted};
use super::network::Network;

/// A question to a peer.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) peer: MemberId,
    pub(super) wanted: Wanted,
    /// Dropped if there is no answer.
    pub(super) reply: oneshot::Sender<Told>,
}

/// A block that was read for a peer.
pub(super) struct Read {
    peer: PeerId,
    told: Told,
    channel: ResponseChannel<Told>,
}

impl Network {
    pub(super) fn ask(&mut self, question: Question) {
        let Question { peer, wanted, reply } = question;
        let connected = self.peers.iter().find(|(_, known)| known.member == peer && known.progress.is_some());
        // Without a connection, the reply is dropped.
        if let Some((id, _)) = connected {
            let request = self.swarm.behaviour_mut().blocks.send_request(id, wanted);
            self.questions.insert(request, reply);
        }
    }

    pub(super) fn on_blocks(&mut self, event: request_response::Event<Wanted, Told>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                Message::Request { request, channel, .. } => self.read_for(peer, request, channel),
                Message::Response { request_id, response } => {
                    if let Some(reply) = self.questions.remove(&request_id) {
                        // Whoever asked may have given up.
                        let _ = reply.send(response);
                    }
                }
            },
            request_response::Event::OutboundFailure { request_id, .. } => {
                self.questions.remove(&request_id);
            }
            _ => {}
        }
    }

    /// Reads a block on a thread for blocking work. There are at most [`QUESTIONS_MAX`] at once on each connection.
    fn read_for(&mut self, peer: PeerId, wanted: Wanted, channel: ResponseChannel<Told>) {
        let (exchange, read) = (Arc::clone(&self.exchange), self.read.0.clone());
        tokio::task::spawn_blocking(move || {
            let told = exchange.block(wanted);
            // An error means that the node stops.
            let _ = read.send(Read { peer, told, channel });
        });
    }

    pub(super) fn on_read(&mut self, read: Read) {
        let Read { peer, mut told, channel } = read;
        let Some(known) = self.peers.get_mut(&peer) else { return };
        if let Ok(Some(found)) = &told
            && known.given.take(found.payload.len(), Instant::now()).is_none()
        {
            told = Err(NoAnswer);
        }
        // The peer may be gone; it will ask again.
        let _ = self.swarm.behaviour_mut().blocks.send_response(channel, told);
    }
}

/// Questions of one peer that are answered at once.
pub(super) const QUESTIONS_MAX: usize = 2;
