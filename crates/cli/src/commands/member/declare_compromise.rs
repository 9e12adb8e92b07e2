//! `sanad member declare-compromise`: somebody else may have held an issuing key.

use std::path::PathBuf;

use anyhow::{Context, bail};
use jiff::Timestamp;
use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::governance::Compromise;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::{KeyPurpose, KeyTerm};
use sanad_core::signature::PublicKey;

use super::entries::all_entries;
use crate::governance::{KeyInFolder, Session, SignerArgs};
use crate::keys::Purpose;
use crate::output::{Outcome, Output, note};
use crate::remote;
use crate::time::{self, parse_time};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member declare-compromise --since 2026-11-20T00:00:00Z --member-dir merapi
  sanad member declare-compromise --from 4711 --no-replacement --member-dir merapi
  sanad member declare-compromise --issuing-key 8d1f... --since 2026-11-20T00:00:00Z --member-dir merapi

What the key entered from then on is disputed in every answer and every later receipt, offline too; what stood before
stands. A key in force ends with the block, and a new one takes its place unless --no-replacement is given. Afterwards:
sanad member affected shows the disputed credentials, sanad member confirm stands by those that are the member's own.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The first log index from which entries are disputed
    #[arg(long, value_name = "INDEX", required_unless_present = "since")]
    from: Option<LogIndex>,
    /// The time from which they are: the first block at or after it
    #[arg(long, value_name = "TIME", value_parser = parse_time, conflicts_with = "from")]
    since: Option<Timestamp>,
    /// The issuing key, of one that is no longer in force [default: the one in force]
    #[arg(long, value_name = "PUBLIC KEY")]
    issuing_key: Option<PublicKey>,
    /// Make no new key: the member issues nothing until it rotates to one
    #[arg(long)]
    no_replacement: bool,
    /// The file for the new key [default: DIR/keys/issuing.next.json]
    #[arg(long, value_name = "FILE", conflicts_with = "no_replacement")]
    new_key: Option<PathBuf>,
    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let signer = &args.signer;
    let acted = remote::block_on(async {
        let session = signer.open().await?;
        let id = signer.member()?;
        let state = session.member(&id).await?;
        let first = match (args.from, args.since) {
            (Some(from), _) => from,
            (None, Some(since)) => first_index(&session, since).await?,
            (None, None) => bail!("from when on? give --since TIME or --from INDEX"),
        };
        if first.0 > session.proof.header.log_size.0 {
            bail!(
                "the log ends before index {}; nothing in the future is disputed",
                session.proof.header.log_size
            );
        }
        let (term, from) = disputed_term(&state.rest().keys, args.issuing_key, first)
            .with_context(|| format!("{id} cannot declare this"))?;
        if let Err(error) = note_disputed(&session, &id, from, term.until).await {
            // A declaration is urgent: it does not wait for this.
            note(format_args!("how many credentials this disputes is not known: {error:#}"));
        }
        let replaced = term.until.is_none() && !args.no_replacement;
        let (path, folder) = (args.new_key.as_deref(), signer.member_dir.as_deref());
        let made = replaced.then(|| KeyInFolder::make(path, folder, Purpose::Issuing, &signer.passphrase));
        let made = made.transpose()?;
        let chain_id = session.trust.anchor().chain_id;
        let replacement = made.as_ref().map(|key| key.proved(&chain_id, &id, KeyPurpose::Issuing));
        let compromise = Compromise { key: term.key, from, replacement };
        let events = vec![Event::DeclareCompromise(Box::new(compromise))];
        let mut acted = signer.act(&session, BatchChain::Governance, events).await?;
        if let Some(key) = made {
            let place = if acted.batches.is_empty() {
                key.path().to_owned()
            } else {
                key.settle().inspect_err(|_| acted.note_entered())?
            };
            acted.new_key = Some(place);
        }
        anyhow::Ok(acted)
    })??;
    acted.print(output)?;
    Ok(Outcome::Yes)
}

/// The issuing key that is compromised, in force unless it is named, and the first index from which its entries are
/// disputed, if everything from `first` on is in doubt.
///
/// Without a name it is refused if other keys were in force since then: the stolen one may be among them.
fn disputed_term(
    terms: &[KeyTerm],
    named: Option<PublicKey>,
    first: LogIndex,
) -> anyhow::Result<(KeyTerm, LogIndex)> {
    let issuing = || terms.iter().filter(|term| term.purpose == KeyPurpose::Issuing);
    let is_it = |term: &&KeyTerm| match named {
        Some(key) => term.key == key,
        None => term.until.is_none(),
    };
    let Some(term) = issuing().find(is_it).copied() else {
        bail!("it never had that issuing key, or has none in force; --issuing-key names a former one");
    };
    let range = |term: &KeyTerm| {
        let until =
            term.until.map_or_else(|| "in force".to_owned(), |until| format!("up to, without, {until}"));
        format!("{} from log index {}, {until}", term.key, term.from)
    };
    let others =
        issuing().filter(|other| other.key != term.key && other.until.is_some_and(|until| until > first));
    let others: Vec<String> = others.map(range).collect();
    if named.is_none() && !others.is_empty() {
        bail!(
            "other issuing keys were in force since then: {}; and then {}. Say for each key that may be in wrong hands \
             --issuing-key KEY",
            others.join("; "),
            range(&term)
        );
    }
    if term.until.is_some_and(|until| until <= first) {
        bail!("the key was no longer in force by then: {}", range(&term));
    }
    Ok((term, first.max(term.from)))
}

/// Says on stderr what a declaration disputes so far.
async fn note_disputed(
    session: &Session,
    id: &MemberId,
    from: LogIndex,
    until: Option<LogIndex>,
) -> anyhow::Result<()> {
    let (_, complete) = all_entries(&session.remote, &session.trust, id, |_| false).await?;
    let disputed = |index: &&LogIndex| **index >= from && until.is_none_or(|until| **index < until);
    let indices: Vec<LogIndex> = complete.statuses.keys().filter(disputed).copied().collect();
    let Some(first) = indices.first() else {
        note("no credential of the log is disputed by this");
        return Ok(());
    };
    let header = session.first_height(|header| header.log_size.0 > first.0).await?;
    let entered = header.map_or_else(String::new, |header| {
        format!(", entered in block {} at {}", header.height, time::format_ms(header.time_ms))
    });
    let count = indices.len();
    note(format_args!("credentials disputed by this: {count}; the first at log index {first}{entered}"));
    Ok(())
}

/// The first log index of the first block at or after a time; the end of the log, if there is none.
async fn first_index(session: &Session, since: Timestamp) -> anyhow::Result<LogIndex> {
    let since = u64::try_from(since.as_millisecond()).context("a time since 1970")?;
    if since > time::now_ms().max(session.proof.header.time_ms) {
        bail!("{} is in the future; nothing in the future is disputed", time::format_ms(since));
    }
    let first = session.first_height(|header| header.time_ms >= since).await?;
    let Some(first) = first else { return Ok(LogIndex(session.proof.header.log_size.0)) };
    match first.height.0 {
        0 | 1 => Ok(LogIndex(0)),
        height => Ok(LogIndex(session.header(Height(height - 1)).await?.log_size.0)),
    }
}

#[cfg(test)]
mod tests {
    use sanad_core::signature::SecretKey;

    use super::*;

    fn term(seed: u8, from: u64, until: Option<u64>) -> KeyTerm {
        let key = SecretKey::from_seed(&[seed; 32]).public();
        KeyTerm { purpose: KeyPurpose::Issuing, key, from: LogIndex(from), until: until.map(LogIndex) }
    }

    #[test]
    fn a_former_key_is_not_passed_over() {
        let (stolen, present) = (term(1, 0, Some(10)), term(2, 10, None));
        let terms = [stolen, present];
        let why = disputed_term(&terms, None, LogIndex(4)).unwrap_err().to_string();
        for part in
            [stolen.key.to_string(), "from log index 0, up to, without, 10".into(), present.key.to_string()]
        {
            assert!(why.contains(&part), "{part} is not in {why}");
        }
        assert_eq!(disputed_term(&terms, Some(stolen.key), LogIndex(4)).unwrap(), (stolen, LogIndex(4)));
        assert_eq!(disputed_term(&terms, Some(present.key), LogIndex(4)).unwrap(), (present, LogIndex(10)));
        assert_eq!(disputed_term(&terms, None, LogIndex(10)).unwrap(), (present, LogIndex(10)));
        assert_eq!(disputed_term(&terms, None, LogIndex(12)).unwrap(), (present, LogIndex(12)));
        assert!(disputed_term(&terms, Some(stolen.key), LogIndex(10)).is_err(), "it ended before");
        assert!(disputed_term(&[stolen], None, LogIndex(4)).is_err(), "none is in force");
    }
}
