//! What the log says of the chain and the peers, when it changes, and now and then while it lasts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use sanad_api::{Attendance, ChainState, Diagnosis, Peer, PeerKind};
use sanad_core::ids::MemberId;

/// Says each thing once.
pub(crate) struct Reporter {
    state: ChainState,
    /// When a stall is said next, and how long to wait after that.
    again: Instant,
    pause: Duration,
    /// Peers without a connection: since when, and whether that was said.
    lost: BTreeMap<(MemberId, PeerKind), (Instant, bool)>,
    /// Peers that were connected once.
    met: BTreeSet<(MemberId, PeerKind)>,
    warned: Vec<String>,
}

impl Reporter {
    pub(super) fn new(started: Instant) -> Self {
        Self {
            state: ChainState::Starting,
            again: started,
            pause: PAUSE_MIN,
            lost: BTreeMap::new(),
            met: BTreeSet::new(),
            warned: Vec::new(),
        }
    }

    pub(super) fn report(&mut self, diagnosis: &Diagnosis, peers: &[Peer]) {
        self.chain(diagnosis);
        for peer in peers {
            if let Some(member) = &peer.member {
                self.peer(member, peer);
            }
        }
        self.warnings(diagnosis);
    }

    fn chain(&mut self, diagnosis: &Diagnosis) {
        let now = Instant::now();
        let changed = diagnosis.state != self.state;
        if changed {
            (self.again, self.pause) = (now, PAUSE_MIN);
            match diagnosis.state {
                ChainState::Advancing => tracing::info!(height = %diagnosis.height, "the chain advances"),
                ChainState::CatchingUp => tracing::info!(
                    height = %diagnosis.height, chain_height = %diagnosis.chain_height,
                    "this node is behind, and catches up"
                ),
                ChainState::Starting | ChainState::Stalled | ChainState::Isolated => {}
            }
            self.state = diagnosis.state;
        }
        let said = match diagnosis.state {
            ChainState::Stalled => "the chain stands: no block is decided; `sanad node why` says more",
            ChainState::Isolated => "this node is connected to no other validator; look at its network first",
            _ => return,
        };
        if now >= self.again {
            let silent: Vec<String> = silent(diagnosis);
            tracing::warn!(
                height = %diagnosis.height,
                round = diagnosis.round,
                age_seconds = diagnosis.head_age.map(|age| age.as_secs()),
                power = diagnosis.power_present(),
                needed = diagnosis.power_needed,
                silent = %silent.join(", "),
                "{said}"
            );
            self.again = now + self.pause;
            self.pause = (self.pause * 2).min(PAUSE_MAX);
        }
    }

    fn peer(&mut self, member: &MemberId, peer: &Peer) {
        let key = (member.clone(), peer.kind);
        let network = network_name(peer.kind);
        if peer.connected {
            self.met.insert(key.clone());
            if let Some((since, true)) = self.lost.remove(&key) {
                let seconds = since.elapsed().as_secs();
                tracing::info!(%member, network, seconds, "the peer is connected again");
            }
            return;
        }
        let what = if self.met.contains(&key) { "is lost" } else { "cannot be reached" };
        let (since, said) = self.lost.entry(key).or_insert_with(|| (Instant::now(), false));
        if !*said && since.elapsed() >= PATIENCE {
            *said = true;
            let address = peer.addresses.first().map_or("", String::as_str);
            tracing::warn!(%member, network, address, "the node of {member} {what}; it is tried again");
        }
    }

    fn warnings(&mut self, diagnosis: &Diagnosis) {
        // The others have lines of their own above.
        let told = |code: &str| matches!(code, "not-connected" | "no-margin");
        let now: Vec<String> = diagnosis.warnings.iter().map(|warning| warning.code.clone()).collect();
        for warning in diagnosis.warnings.iter().filter(|warning| !told(&warning.code)) {
            if !self.warned.contains(&warning.code) {
                tracing::warn!(code = %warning.code, advice = %warning.advice, "{}", warning.text);
            }
        }
        self.warned = now;
    }
}

/// Validators that do not vote, with the time since they were heard.
fn silent(diagnosis: &Diagnosis) -> Vec<String> {
    let silent = diagnosis.validators.iter().filter(|validator| validator.attendance != Attendance::Voting);
    silent
        .map(|validator| match validator.silence {
            Some(silence) => format!("{} (for {} s)", validator.member, silence.as_secs()),
            None => format!("{} (since this node started)", validator.member),
        })
        .collect()
}

/// The word for a network.
pub(super) fn network_name(kind: PeerKind) -> &'static str {
    match kind {
        PeerKind::Consensus => "consensus",
        PeerKind::Gossip => "batches",
    }
}

/// Time without a connection before that is said: nodes start and restart.
const PATIENCE: Duration = Duration::from_secs(15);
/// First pause between two lines about one stall; it doubles.
const PAUSE_MIN: Duration = Duration::from_secs(30);
const PAUSE_MAX: Duration = Duration::from_secs(3_600);
