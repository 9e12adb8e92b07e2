//! What nodes have signed, from their logs.

use std::collections::HashMap;

use crate::Net;

/// Two messages of one node for one height, round and step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoubleSignature {
    /// The node, from 1.
    pub node: usize,
    /// Height, round and step, as the log has them.
    pub position: String,
}

impl Net {
    /// Makes every node log each signature. Call before the nodes are started.
    pub fn log_signatures(&self) {
        for node in self.nodes() {
            let path = self.node_path(node, "node.toml");
            let text = std::fs::read_to_string(&path).unwrap();
            let filter = "info,sanad_consensus_lite::signer=debug,arc_malachitebft=error,\
                          arc_malachitebft_network=off,libp2p_swarm=warn";
            std::fs::write(&path, format!("{text}\n[log]\nfilter = \"{filter}\"\n")).unwrap();
        }
    }

    /// What a node has logged.
    pub fn log(&self, node: usize) -> String {
        std::fs::read_to_string(self.node_path(node, "node.log")).unwrap()
    }

    /// What a node's key has signed, in every life of the node: the digest of each message, by height, round and step.
    ///
    /// # Errors
    /// [`DoubleSignature`], the first one.
    pub fn signatures(&self, node: usize) -> Result<HashMap<String, String>, DoubleSignature> {
        let mut signed: HashMap<String, String> = HashMap::new();
        for line in self.log(node).lines() {
            let Some((_, rest)) = line.split_once("signed position=") else { continue };
            // A node that is killed may leave a torn line.
            let Some((position, digest)) = rest.split_once(" digest=") else { continue };
            if digest.len() != DIGEST_CHARACTERS {
                continue;
            }
            let before = signed.insert(position.to_owned(), digest.to_owned());
            if before.is_some_and(|before| before != digest) {
                return Err(DoubleSignature { node, position: position.to_owned() });
            }
        }
        Ok(signed)
    }

    /// Whether a node has signed since its log had `bytes` bytes.
    pub fn has_signed_since(&self, node: usize, bytes: u64) -> bool {
        use std::io::{Read as _, Seek as _, SeekFrom};
        let mut file = std::fs::File::open(self.node_path(node, "node.log")).unwrap();
        let mut rest = Vec::new();
        file.seek(SeekFrom::Start(bytes)).and_then(|_| file.read_to_end(&mut rest)).unwrap();
        String::from_utf8_lossy(&rest).contains("signed position=")
    }
}

/// A BLAKE3 hash in hexadecimal.
const DIGEST_CHARACTERS: usize = 64;
