//! The changes that can be proposed, as arguments.

use std::path::PathBuf;

use anyhow::bail;
use clap::Subcommand;
use sanad_core::block::ProtocolVersion;
use sanad_core::governance::{Admission, Change};
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::{Fact, IssuerId, MemberFile};
use sanad_issuer::read_member;

use super::propose::{EXAMPLES, Proposing};
use crate::commands::member::new::{RoleName, parse_fact};
use crate::governance::{Session, read_offer};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Admit an institution by its member file
    #[command(after_help = EXAMPLES)]
    Admit {
        /// What `sanad member new --genesis` wrote for it
        #[arg(value_name = "MEMBER.json")]
        file: PathBuf,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Give a member another role
    #[command(after_help = EXAMPLES)]
    SetRole {
        /// The member
        member: MemberId,
        /// Its role
        #[arg(value_enum)]
        role: RoleName,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Change a member's name or facts
    #[command(after_help = EXAMPLES)]
    Amend {
        /// The member
        member: MemberId,
        /// Its name
        #[arg(long, required_unless_present_any = ["fact", "no_facts"])]
        name: Option<String>,
        /// All its facts; repeated for several
        #[arg(long, value_name = "NAME=VALUE", value_parser = parse_fact, conflicts_with = "no_facts")]
        fact: Vec<Fact>,
        /// It has no facts any more
        #[arg(long)]
        no_facts: bool,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Keep a member from issuing for now
    #[command(after_help = EXAMPLES)]
    Suspend {
        /// The member
        member: MemberId,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Lift a suspension
    #[command(after_help = EXAMPLES)]
    Lift {
        /// The member
        member: MemberId,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// End a membership for good
    #[command(after_help = EXAMPLES)]
    Retire {
        /// The member
        member: MemberId,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Name the member that may revoke what a retired one issued
    #[command(after_help = EXAMPLES)]
    NameSuccessor {
        /// The member that has left, or will
        member: MemberId,
        /// Its successor
        successor: MemberId,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Replace a member's governance keys by those that it offers
    #[command(after_help = EXAMPLES)]
    ReplaceGovernanceKeys {
        /// What `sanad member offer-keys` wrote
        #[arg(value_name = "OFFER.json")]
        offer: PathBuf,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Let a member issue under one more name
    #[command(after_help = EXAMPLES)]
    AddIssuerId {
        /// The member
        member: MemberId,
        /// A DID or an https URL
        issuer_id: IssuerId,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Let these members decide the blocks, and no others
    #[command(after_help = EXAMPLES)]
    SetValidators {
        /// All validators of the new set
        #[arg(required = true, value_name = "MEMBER")]
        validators: Vec<MemberId>,
        /// A set of fewer than four, which bears no fault, is meant
        #[arg(long)]
        fewer_than_four: bool,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Change the limits of blocks
    #[command(after_help = EXAMPLES)]
    SetParameters {
        /// Most bytes of a block [default: as it is]
        #[arg(long, value_name = "BYTES", required_unless_present = "heartbeat_ms")]
        block_bytes_max: Option<u32>,
        /// Longest time between two blocks [default: as it is]
        #[arg(long, value_name = "MS")]
        heartbeat_ms: Option<u32>,
        #[command(flatten)]
        proposing: Proposing,
    },
    /// Bring a protocol version into force at a height
    #[command(after_help = EXAMPLES)]
    ActivateProtocol {
        /// Version of the layout
        #[arg(long)]
        layout: u8,
        /// Version of the rules
        #[arg(long)]
        rules: u8,
        /// The first height under it
        #[arg(long)]
        height: Height,
        #[command(flatten)]
        proposing: Proposing,
    },
}

impl Command {
    /// How it is proposed.
    pub(super) fn proposing(&self) -> &Proposing {
        match self {
            Self::Admit { proposing, .. }
            | Self::SetRole { proposing, .. }
            | Self::Amend { proposing, .. }
            | Self::Suspend { proposing, .. }
            | Self::Lift { proposing, .. }
            | Self::Retire { proposing, .. }
            | Self::NameSuccessor { proposing, .. }
            | Self::ReplaceGovernanceKeys { proposing, .. }
            | Self::AddIssuerId { proposing, .. }
            | Self::SetValidators { proposing, .. }
            | Self::SetParameters { proposing, .. }
            | Self::ActivateProtocol { proposing, .. } => proposing,
        }
    }

    /// The change, as things stand.
    pub(super) fn change(self, session: &Session) -> anyhow::Result<Change> {
        let parameters = &session.proof.parameters;
        Ok(match self {
            Self::Admit { file, .. } => {
                let MemberFile { consortium, member, signatures, .. } = read_member(&file)?;
                if consortium != session.trust.genesis().invitation() {
                    bail!("{} is a member file for another consortium", file.display());
                }
                Change::Admit(Box::new(Admission { member, possession: signatures }))
            }
            Self::SetRole { member, role, .. } => Change::SetRole { member, role: role.into() },
            Self::Amend { member, name, mut fact, no_facts, .. } => {
                fact.sort();
                let facts = (no_facts || !fact.is_empty()).then_some(fact);
                Change::Amend { member, name, facts }
            }
            Self::Suspend { member, .. } => Change::Suspend { member },
            Self::Lift { member, .. } => Change::Lift { member },
            Self::Retire { member, .. } => Change::Retire { member },
            Self::NameSuccessor { member, successor, .. } => Change::NameSuccessor { member, successor },
            Self::ReplaceGovernanceKeys { offer, .. } => {
                Change::ReplaceGovernanceKeys(Box::new(read_offer(&offer)?))
            }
            Self::AddIssuerId { member, issuer_id, .. } => Change::AddIssuerId { member, issuer_id },
            Self::SetValidators { mut validators, fewer_than_four, .. } => {
                validators.sort();
                if let Some(pair) = validators.windows(2).find(|pair| pair[0] == pair[1]) {
                    bail!("{} is named twice", pair[0]);
                }
                Change::SetValidators { validators, fewer_than_four }
            }
            Self::SetParameters { block_bytes_max, heartbeat_ms, .. } => Change::SetParameters {
                block_bytes_max: block_bytes_max.unwrap_or(parameters.block_bytes_max),
                heartbeat_ms: heartbeat_ms.unwrap_or(parameters.heartbeat_ms),
            },
            Self::ActivateProtocol { layout, rules, height, .. } => {
                Change::ActivateProtocol { protocol: ProtocolVersion { layout, rules }, height }
            }
        })
    }
}
