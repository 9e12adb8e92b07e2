//! Faults that tests ask for.

use malachitebft_app_channel::app::engine::network::NetworkMsg;
use malachitebft_app_channel::app::types::{PeerId, SignedConsensusMsg};
use malachitebft_core_types::{Round, SignedProposal};

use super::driver::Driver;
use crate::application::Application;
use crate::context::{Address, EngineHeight, Proposal, ProposalHeader, Value};
use crate::stopped::Stopped;
use crate::testing::{Lie, Point};

impl<A: Application> Driver<A> {
    pub(super) fn crash_at(&self, point: Point) -> Result<(), Stopped> {
        if self.setup().config.testing.crashes(point) { Err(Stopped::Engine) } else { Ok(()) }
    }

    /// Whether a part gets lost.
    pub(super) fn misses(&self, header: &ProposalHeader, publisher: PeerId) -> bool {
        let peers = self.shared().peers();
        let peer = peers.iter().find(|peer| peer.is(&publisher));
        let (Some(lost), Some(peer)) = (&self.setup().config.testing.losses, peer) else { return false };
        lost(header.round, header.block, peer.network_key)
    }

    /// Sends what this node is told to send in the current round, with its own key and past its guard.
    pub(super) async fn lie(&mut self) {
        let (height, round) = (self.next().height, self.round);
        self.silent = false;
        let Some(lies) = self.setup().config.testing.lies.clone() else { return };
        let Some(key) = self.key().cloned() else { return };
        for lie in lies(height, round) {
            match lie {
                Lie::Silence => self.silent = true,
                Lie::Delay(time) => tokio::time::sleep(time).await,
                Lie::Parts { round, valid_round, block, payload } => {
                    self.send_payload(block, round, valid_round, &payload).await;
                }
                Lie::Proposal { round, valid_round, block } => {
                    let proposal = Proposal {
                        height: EngineHeight(height),
                        round: Round::new(round),
                        value: Value(block),
                        pol_round: valid_round.map_or(Round::Nil, Round::new),
                        address: Address(key.public()),
                    };
                    let Some(message) = proposal.message(&self.setup().chain_id) else { continue };
                    let signed = SignedProposal::new(proposal, key.sign(&message));
                    if let Some(link) = self.link() {
                        let message = SignedConsensusMsg::Proposal(signed);
                        let _ = link.gossip.cast(NetworkMsg::PublishConsensusMsg(message));
                    }
                }
            }
        }
    }
}
