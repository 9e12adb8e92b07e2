//! Members, keys and a genesis that all of them signed.

use std::collections::BTreeMap;

use sanad_core::block::ProtocolVersion;
use sanad_core::commitment::{ContentHash, Secret, SummaryHash};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::genesis::{GENESIS_VERSION, Genesis, MemberSignatures, Nonce, Parameters, agreement_message};
use sanad_core::hash::{ChainId, Commitment};
use sanad_core::ids::MemberId;
use sanad_core::member::{KeyPurpose, Member, Role, possession_message};
use sanad_core::signature::SecretKey;

/// Members by name and role, of whom a genesis is made.
#[derive(Clone, Debug, Default)]
pub struct Consortium {
    members: Vec<Member>,
}

impl Consortium {
    /// A consortium without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a member whose keys follow from its name.
    #[must_use]
    pub fn with(self, name: &str, role: Role) -> Self {
        self.with_member(member(name, role))
    }

    /// Adds a member.
    #[must_use]
    pub fn with_member(mut self, member: Member) -> Self {
        self.members.push(member);
        self
    }

    /// The genesis, signed by all members.
    pub fn genesis(self) -> Genesis {
        let mut members = self.members;
        members.sort_by(|a, b| a.id.cmp(&b.id));
        let mut genesis = Genesis {
            version: GENESIS_VERSION,
            name: "Test consortium".into(),
            nonce: Nonce([7; 32]),
            log_origin: "example.org/sanad".into(),
            predecessor: None,
            parameters: Parameters { protocol: ProtocolVersion::CURRENT, ..Parameters::default() },
            members,
            signatures: BTreeMap::new(),
        };
        sign_genesis(&mut genesis);
        genesis.check().unwrap();
        genesis.check_signatures().unwrap();
        genesis
    }
}

/// Validators `v0` to `v3`, the issuer `issuer` and the observer `observer`.
pub fn genesis() -> Genesis {
    let validators = (0..4).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
    validators.with("issuer", Role::Issuer).with("observer", Role::Observer).genesis()
}

/// Signs a genesis for each of its members, whose keys follow from their names.
pub fn sign_genesis(genesis: &mut Genesis) {
    genesis.signatures =
        genesis.members.iter().map(|member| (member.id.clone(), agree(genesis, member))).collect();
}

/// What one member signs on the way to a genesis.
pub fn agree(genesis: &Genesis, member: &Member) -> MemberSignatures {
    let name = member.id.as_str();
    let file = possession_message(&genesis.invitation(), member);
    let agreement = agreement_message(&genesis.chain_id());
    let governance = governance_key(name);
    MemberSignatures {
        possession: member_keys(member).iter().map(|key| key.sign(&file)).collect(),
        agreement: BTreeMap::from([(governance.public(), governance.sign(&agreement))]),
    }
}

/// The secret keys of a member whose keys follow from its name, in the order of [`Member::keys`].
pub fn member_keys(member: &Member) -> Vec<SecretKey> {
    let name = member.id.as_str();
    let key = |purpose| match purpose {
        KeyPurpose::Governance => governance_key(name),
        KeyPurpose::Issuing => issuing_key(name),
        KeyPurpose::Consensus => consensus_key(name),
        KeyPurpose::Network => network_key(name),
    };
    member.keys().map(|(purpose, _)| key(purpose)).collect()
}

/// The id with this text.
pub fn id(name: &str) -> MemberId {
    name.parse().unwrap()
}

/// The key with which a member decides about its keys.
pub fn governance_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&blake3::derive_key("test governance", name.as_bytes()))
}

/// The key with which a member signs batches.
pub fn issuing_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&blake3::derive_key("test issuing", name.as_bytes()))
}

/// The key with which a member votes.
pub fn consensus_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&blake3::derive_key("test consensus", name.as_bytes()))
}

/// The key of a member's node.
pub fn network_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&blake3::derive_key("test network", name.as_bytes()))
}

/// A member whose keys follow from its name.
pub fn member(name: &str, role: Role) -> Member {
    Member {
        id: id(name),
        name: format!("University {name}"),
        role,
        governance_keys: vec![governance_key(name).public()],
        governance_threshold: 1,
        issuing_key: (role >= Role::Issuer).then(|| issuing_key(name).public()),
        consensus_key: (role == Role::Validator).then(|| consensus_key(name).public()),
        network_key: Some(network_key(name).public()),
        issuer_ids: Vec::new(),
        addresses: Vec::new(),
        facts: Vec::new(),
    }
}

/// The `n`th commitment to nothing in particular.
pub fn commitment(n: u64) -> Commitment {
    Commitment(blake3::derive_key("test document", &n.to_be_bytes()))
}

/// The commitment of a document that is issued without a summary.
pub fn commitment_of(
    chain: &ChainId,
    issuer: &str,
    kind: DocumentKind,
    secret: &Secret,
    document: &[u8],
) -> Commitment {
    let content = ContentHash::new(&secret.content_key(), &document::digest(kind, document).unwrap());
    Commitment::new(chain, &id(issuer), kind, &SummaryHash::NONE, &content)
}

/// The issuance of the `n`th commitment.
pub fn issue(n: u64) -> Event {
    Event::Issue { commitment: commitment(n) }
}
