//! `sanad member rotate-key`: a member replaces a key of its own.

use std::path::PathBuf;

use clap::ValueEnum;
use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::governance::KeyRotation;
use sanad_core::member::KeyPurpose;

use crate::governance::{KeyInFolder, SignerArgs};
use crate::keys::Purpose;
use crate::output::{Outcome, Output};
use crate::remote;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member rotate-key issuing --member-dir merapi
  sanad member rotate-key consensus --new-key merapi/keys/consensus-2.json --member-dir merapi
  sanad member rotate-key issuing --as univ-merapi.example --new-key issuing-2.json --prepare rotation.json

The new key is made in the file where it stays, and never leaves this machine. With --member-dir alone an issuing key
takes the place of the former one in DIR/keys once it is in force; the former one is kept beside it. A consensus key
votes from two heights later on, a network key from the next one: the node is told of the file beforehand. If a run ends
early, the next one takes up the key that was made.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Which key
    #[arg(value_enum)]
    purpose: RotatedKey,
    /// The file for the new key [default: DIR/keys/PURPOSE.next.json]
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,
    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RotatedKey {
    /// Signs batches of issuances and revocations.
    Issuing,
    /// Signs the node's votes on blocks.
    Consensus,
    /// The node's name in the peer-to-peer network.
    Network,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let (purpose, file_purpose) = match args.purpose {
        RotatedKey::Issuing => (KeyPurpose::Issuing, Purpose::Issuing),
        RotatedKey::Consensus => (KeyPurpose::Consensus, Purpose::Consensus),
        RotatedKey::Network => (KeyPurpose::Network, Purpose::Network),
    };
    let signer = &args.signer;
    let acted = remote::block_on(async {
        let session = signer.open().await?;
        let id = signer.member()?;
        let (path, folder) = (args.new_key.as_deref(), signer.member_dir.as_deref());
        let key = KeyInFolder::make(path, folder, file_purpose, &signer.passphrase)?;
        let new = key.proved(&session.trust.anchor().chain_id, &id, purpose);
        let events = vec![Event::RotateKey(Box::new(KeyRotation { purpose, new }))];
        let mut acted = signer.act(&session, BatchChain::Governance, events).await?;
        acted.new_key = Some(if acted.batches.is_empty() {
            key.path().to_owned()
        } else {
            key.settle().inspect_err(|_| acted.note_entered())?
        });
        anyhow::Ok(acted)
    })??;
    acted.print(output)?;
    Ok(Outcome::Yes)
}
