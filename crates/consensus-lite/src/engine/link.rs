//! The running engine's actors, for answers that it has not asked for.
//!
//! The engine's channels only reply. The rule of time needs to say more, later: that a block is valid after all,
//! and what to propose once the clock has come that far. The actors that take such messages are children of the
//! engine's first one.

use malachitebft_app_channel::app::engine::consensus::{ConsensusMsg, ConsensusRef};
use malachitebft_app_channel::app::types::{LocallyProposedValue, ProposedValue};
use malachitebft_app_channel::{EngineHandle, NetworkMsg};
use malachitebft_core_types::ValueOrigin;
use tokio::sync::{mpsc, watch};

use crate::arrivals::Arrivals;
use crate::context::SanadContext;
use sanad_core::ids::Height;

/// The running engine.
pub(super) struct Link {
    pub(super) network: mpsc::Sender<NetworkMsg<SanadContext>>,
    pub(super) arrivals: Arrivals,
    /// The last prevote signed or read from the log in this session.
    pub(super) prevoted: watch::Receiver<Option<(Height, u32)>>,
    consensus: ConsensusRef<SanadContext>,
    #[cfg(feature = "testing")]
    pub(super) gossip: malachitebft_app_channel::app::engine::network::NetworkRef<SanadContext>,
}

impl Link {
    /// `None` if the engine has no actor for consensus, which another version of it might rename or move.
    pub(super) fn new(
        handle: &EngineHandle,
        network: mpsc::Sender<NetworkMsg<SanadContext>>,
        arrivals: Arrivals,
        prevoted: watch::Receiver<Option<(Height, u32)>>,
    ) -> Option<Self> {
        let mut actors = handle.actor.get_children().into_iter();
        let consensus =
            actors.find(|actor| actor.is_message_type_of::<ConsensusMsg<SanadContext>>() == Some(true))?;
        #[cfg(feature = "testing")]
        let gossip = {
            use malachitebft_app_channel::app::engine::network::NetworkMsg;
            let mut actors = handle.actor.get_children().into_iter();
            actors.find(|actor| actor.is_message_type_of::<NetworkMsg<SanadContext>>() == Some(true))?.into()
        };
        Some(Self {
            network,
            arrivals,
            prevoted,
            consensus: consensus.into(),
            #[cfg(feature = "testing")]
            gossip,
        })
    }

    // An error of the two below means that the engine ends, which the loop learns anyway.

    /// Hands in a block.
    pub(super) fn hand_in(&self, value: ProposedValue<SanadContext>) {
        let _ = self.consensus.cast(ConsensusMsg::ReceivedProposedValue(value, ValueOrigin::Consensus));
    }

    /// Proposes a block after the engine's question was left open.
    pub(super) fn propose(&self, value: LocallyProposedValue<SanadContext>) {
        let _ = self.consensus.cast(ConsensusMsg::ProposeValue(value));
    }
}
