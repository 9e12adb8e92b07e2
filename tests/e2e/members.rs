//! Members whose keys a test holds, and what they do by governance.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sanad_api::{Attendance, BatchOutcome, BatchResult, Client, ClientError, ProofForm, Wait};
use sanad_core::batch::{Batch, BatchChain};
use sanad_core::event::Event;
use sanad_core::governance::{Admission, Change, KeyRotation, NewKey, Proposal, key_possession_message};
use sanad_core::hash::ProposalId;
use sanad_core::ids::Height;
use sanad_core::keyfile::{self, KdfParameters};
use sanad_core::member::{KeyPurpose, Member, Role, possession_message};
use sanad_core::signature::SecretKey;
use serde_json::Value;

use crate::{DEADLINE, Net, reserve_ports};

/// A member that acts by its governance key.
pub struct Governor {
    /// Its id.
    pub id: String,
    key: SecretKey,
}

/// A member that is not admitted yet, with its node's folder.
pub struct Newcomer {
    /// The number of its node.
    pub node: usize,
    /// The member, as it is admitted.
    pub member: Member,
    keys: Vec<SecretKey>,
}

impl Net {
    fn passphrase(&self) -> String {
        std::fs::read_to_string(self.path("net/passphrase")).unwrap().trim().to_owned()
    }

    /// A key of a node's folder.
    pub fn key(&self, node: usize, name: &str) -> SecretKey {
        let text = std::fs::read_to_string(self.node_path(node, &format!("keys/{name}.json"))).unwrap();
        SecretKey::from_seed(&keyfile::open(&text, self.passphrase().as_bytes()).unwrap().secret)
    }

    /// Writes a key file into a node's folder of keys.
    pub fn write_key(&self, node: usize, name: &str, purpose: &str, key: &SecretKey) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.node_path(node, &format!("keys/{name}.json"));
        let cheap = KdfParameters { memory_kib: 8, iterations: 1, lanes: 1 };
        let (passphrase, salt, nonce) = (self.passphrase(), [1; 16], [2; 24]);
        let text = keyfile::seal(&key.seed(), passphrase.as_bytes(), purpose, cheap, salt, nonce).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The member of a node, which acts by its governance key.
    pub fn governor(&self, node: usize) -> Governor {
        let text = std::fs::read(self.node_path(node, "member.json")).unwrap();
        let file: Value = serde_json::from_slice(&text).unwrap();
        Governor { id: file["member"]["id"].as_str().unwrap().to_owned(), key: self.key(node, "governance") }
    }

    /// Makes the folder of one more node, whose member is in no register yet. It knows one other node to begin with.
    pub fn newcomer(&self, node: usize, bootstrap: usize) -> Newcomer {
        let name = format!("univ-{node}.example");
        let member_key = |purpose: &str| {
            SecretKey::from_seed(&blake3::derive_key(
                "sanad e2e newcomer",
                format!("{name} {purpose}").as_bytes(),
            ))
        };
        std::fs::create_dir_all(self.node_path(node, "keys")).unwrap();
        let purposes = ["governance", "issuing", "consensus", "network"];
        let keys = purposes.map(|purpose| {
            let key = member_key(purpose);
            self.write_key(node, purpose, purpose, &key);
            key
        });
        let ports = reserve_ports(4);
        let at = |place: usize| format!("127.0.0.1:{}", ports[place]);
        let member = Member {
            id: name.parse().unwrap(),
            name: format!("Universitas {node}"),
            role: Role::Validator,
            governance_keys: vec![keys[0].public()],
            governance_threshold: 1,
            issuing_key: Some(keys[1].public()),
            consensus_key: Some(keys[2].public()),
            network_key: Some(keys[3].public()),
            issuer_ids: vec![format!("https://{name}").parse().unwrap()],
            addresses: vec![format!("consensus://{}", at(1)), format!("gossip://{}", at(2))],
            facts: Vec::new(),
        };
        let [_, consensus, gossip] = self.listen_addresses(bootstrap);
        let known = self.governor(bootstrap).id;
        let config = format!(
            "genesis = \"../genesis.json\"\ndata_dir = \"data\"\nmember = \"{name}\"\n\n\
             [keys]\nconsensus = \"keys/consensus.json\"\nnetwork = \"keys/network.json\"\n\
             passphrase_file = \"../passphrase\"\n\n[api]\nlisten = \"{}\"\n\n[consensus]\nlisten = \"{}\"\n\n\
             [gossip]\nlisten = \"{}\"\n\n[admin]\nlisten = \"{}\"\n\n\
             [[peers]]\nmember = \"{known}\"\nconsensus = \"{consensus}\"\ngossip = \"{gossip}\"\n",
            at(0),
            at(1),
            at(2),
            at(3)
        );
        std::fs::write(self.node_path(node, "node.toml"), config).unwrap();
        let file = serde_json::json!({ "member": { "id": name } });
        std::fs::write(self.node_path(node, "member.json"), file.to_string()).unwrap();
        Newcomer { node, member, keys: keys.to_vec() }
    }
}

impl Newcomer {
    /// The change that admits it.
    pub fn admission(&self, net: &Net) -> Change {
        let message = possession_message(&net.genesis().invitation(), &self.member);
        let possession = self.keys.iter().map(|key| key.sign(&message)).collect();
        Change::Admit(Box::new(Admission { member: self.member.clone(), possession }))
    }
}

impl Governor {
    /// Enters events of its governance chain; returns the batch when it is final.
    pub async fn act(&self, client: &Client, events: Vec<Event>) -> Batch {
        let (batch, result) = self.submit(client, events).await;
        let result = result.unwrap();
        assert!(matches!(result.outcome, BatchOutcome::Final(_)), "{result:?}");
        batch
    }

    /// As [`Governor::act`], with what the node answered.
    pub async fn submit(
        &self,
        client: &Client,
        events: Vec<Event>,
    ) -> (Batch, Result<BatchResult, ClientError>) {
        let issuer = self.id.parse().unwrap();
        let chain = client.member(&issuer, ProofForm::Compact).await.unwrap().rest.governance;
        let batch = Batch {
            chain_id: client.node_status().await.unwrap().chain_id,
            issuer,
            chain: BatchChain::Governance,
            sequence: chain.next_sequence,
            previous: chain.last_batch,
            events,
        };
        let result = client.submit(&batch.clone().sign(&self.key), Wait::Final).await;
        (batch, result)
    }

    /// Proposes a change, and thereby approves it.
    pub async fn propose(&self, client: &Client, change: Change) -> ProposalId {
        let expires = Height(client.head().await.unwrap().header.height.0 + 10_000);
        let proposal = Proposal { change, expires, effective: Height(0) };
        let batch = self.act(client, vec![Event::Propose(Box::new(proposal.clone()))]).await;
        proposal.id(&batch.chain_id, &batch.issuer, batch.sequence, 0)
    }

    /// Replaces its own key for a purpose.
    pub async fn rotate(&self, client: &Client, purpose: KeyPurpose, key: &SecretKey) {
        let chain_id = client.node_status().await.unwrap().chain_id;
        let message = key_possession_message(&chain_id, &self.id.parse().unwrap(), purpose, &key.public());
        let new = NewKey { key: key.public(), possession: key.sign(&message) };
        self.act(client, vec![Event::RotateKey(Box::new(KeyRotation { purpose, new }))]).await;
    }
}

/// The first of these members proposes a change, and the others approve it.
pub async fn decide(client: &Client, voters: &[&Governor], change: Change) -> ProposalId {
    let proposal = voters[0].propose(client, change).await;
    for voter in &voters[1..] {
        voter.act(client, vec![Event::Approve { proposal }]).await;
    }
    proposal
}

/// The change to these validators.
pub fn validators(members: &[&Governor]) -> Change {
    let mut validators: Vec<_> = members.iter().map(|member| member.id.parse().unwrap()).collect();
    validators.sort();
    Change::SetValidators { validators, fewer_than_four: members.len() < 4 }
}

/// Waits until a node hears so many validators vote, of as many as there are, a few blocks after now.
pub async fn wait_for_votes(net: &Net, node: usize, voting: usize, validators: usize) {
    let client = net.client(node).await;
    let from = client.head().await.unwrap().header.height.0 + BLOCKS_HEARD;
    let started = Instant::now();
    loop {
        let diagnosis = client.diagnosis().await;
        let heard = diagnosis.as_ref().map(|diagnosis| &diagnosis.validators[..]).unwrap_or_default();
        let votes = heard.iter().filter(|validator| validator.attendance == Attendance::Voting).count();
        let height = diagnosis.as_ref().map_or(0, |diagnosis| diagnosis.height.0);
        if (votes, heard.len()) == (voting, validators) && height > from {
            return;
        }
        assert!(started.elapsed() < DEADLINE, "{voting} of {validators} are to vote: {diagnosis:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Where a node keeps the signing guard of its later keys.
pub fn later_guards(net: &Net, node: usize) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(net.node_path(node, "data/consensus")).unwrap();
    let is_later = |path: &PathBuf| {
        let name = Path::file_name(path).unwrap().to_string_lossy().into_owned();
        name.starts_with("signing-") && name.ends_with(".guard")
    };
    entries.map(|entry| entry.unwrap().path()).filter(is_later).collect()
}

/// Blocks after which everyone that votes was heard.
const BLOCKS_HEARD: u64 = 5;
