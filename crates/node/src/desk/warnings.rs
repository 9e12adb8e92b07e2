//! What the operator should see to, in words.

use sanad_api::{Attendance, ChainState, Diagnosis, Warning};
use sanad_consensus_lite::Role;
use sanad_core::genesis::Parameters;
use sanad_core::ids::Height;
use sanad_core::member::KeyPurpose;
use sanad_core::timeliness::TIME_PRECISION_MS;

use super::diagnosis::{CLOCKS_AGREE_MS, Facts, SKEW_NOTED_MS};
use crate::error::in_words as in_words_long;
use crate::own_keys::MissingKey;

/// All that holds now, the severe ones first.
pub(super) fn warnings(facts: &Facts<'_>, diagnosis: &Diagnosis) -> Vec<Warning> {
    let mut warnings = Vec::new();
    own_vote(facts, diagnosis, &mut warnings);
    clocks(diagnosis, &mut warnings);
    disk(facts, &mut warnings);
    certificate(facts, &mut warnings);
    protocol(facts, &mut warnings);
    keys(facts, &mut warnings);
    others(diagnosis, &mut warnings);
    limits(facts, &mut warnings);
    if facts.failed_reads > 0 {
        warnings.push(warning(
            "unreadable",
            format!("a part of the ledger could not be read, {} times since the start", facts.failed_reads),
            "see the log for the file; stop the node and run `sanad audit` on its data directory",
        ));
    }
    if facts.consensus.counters.evidence > 0 {
        warnings.push(warning(
            "evidence",
            format!("validators contradicted themselves {} times", facts.consensus.counters.evidence),
            "`sanad evidence verify` says who, from evidence.jsonl in the data directory; `sanad evidence submit` records it; ask the member whether its key is in two places",
        ));
    }
    warnings.sort_by_key(|warning| !warning.severe);
    warnings
}

fn own_vote(facts: &Facts<'_>, diagnosis: &Diagnosis, warnings: &mut Vec<Warning>) {
    if let Role::Abstaining { through } = facts.consensus.role {
        let (text, advice) = match through {
            // Nobody has shown how far the key can have come.
            Height(u64::MAX) => (
                "this node does not vote until enough validators have shown how far its key can have come"
                    .to_owned(),
                "wait for them; if they cannot answer while the chain goes on, and the process that ran before is gone for good: `sanad member rejoin` by the member's governance key, while this node runs; if the chain stands, see \"Two of four are lost\" in docs/operations.md",
            ),
            through => {
                let blocks = through.0.saturating_sub(facts.head.height.0);
                let wait =
                    in_words_long(facts.heartbeat.saturating_mul(u32::try_from(blocks).unwrap_or(u32::MAX)));
                let text = format!(
                    "this node does not vote up to height {through}, which its key may have signed before"
                );
                match blocks {
                    0..=FAR_BLOCKS if diagnosis.state == ChainState::Stalled => (
                        text,
                        "if the chain stands because the ledgers of its nodes were set back, it cannot come past that height by itself: start one node with the newest ledger that there is; see \"All are restored from backups\" in docs/operations.md",
                    ),
                    0..=FAR_BLOCKS => {
                        (text, "wait until the chain is past that height; nothing needs to be done")
                    }
                    _ => (
                        format!("{text}: {blocks} blocks from here, at most {wait}"),
                        "if that is too long: a lower height cannot be said afterwards, but the member's governance key can give the node a new consensus key, which votes two blocks later (`sanad member rotate-key consensus`; \"New keys of a node\" in docs/operations.md)",
                    ),
                }
            }
        };
        warnings.push(severe("abstaining", text, advice));
        return;
    }
    let late = |own: &sanad_api::ValidatorDiagnosis| own.own && own.attendance != Attendance::Voting;
    if diagnosis.state == ChainState::Advancing && diagnosis.validators.iter().any(late) {
        warnings.push(severe(
            "own-vote-late",
            "blocks are decided without this node's votes".to_owned(),
            "look at its disk and its network: its votes come too late, or it was restarted a moment ago",
        ));
    }
}

fn clocks(diagnosis: &Diagnosis, warnings: &mut Vec<Warning>) {
    let Some(skew) = diagnosis.clock_skew_ms else { return clocks_differ(diagnosis, warnings) };
    if skew.unsigned_abs() > SKEW_NOTED_MS {
        let (size, side) = (in_words(skew), if skew > 0 { "ahead of" } else { "behind" });
        warnings.push(Warning {
            severe: skew.unsigned_abs() > TIME_PRECISION_MS,
            ..warning(
                "clock-skew",
                format!("this node's clock is {size} {side} those of the others"),
                "set it by NTP (chronyc tracking, timedatectl); until then its first votes are missing, and the others must all be there",
            )
        });
    }
    for validator in diagnosis.validators.iter().filter(|validator| !validator.own) {
        let Some(offset) = validator.clock_offset_ms.map(|offset| offset.saturating_add(skew)) else {
            continue;
        };
        if offset.unsigned_abs() > CLOCKS_AGREE_MS.unsigned_abs() {
            let (size, side) = (in_words(offset), if offset > 0 { "late" } else { "early" });
            warnings.push(warning(
                "clock-skew-other",
                format!(
                    "the clock of {} seems wrong: its last proposal is dated {size} too {side}",
                    validator.member
                ),
                "tell its operator; until it is right, its first votes are missing",
            ));
        }
    }
}

/// Says which clocks differ from this node's where no quorum agrees, and accuses none.
fn clocks_differ(diagnosis: &Diagnosis, warnings: &mut Vec<Warning>) {
    let others = diagnosis.validators.iter().filter(|validator| !validator.own);
    let offsets = others.filter_map(|validator| Some((&validator.member, validator.clock_offset_ms?)));
    let differing: Vec<String> = offsets
        .filter(|(_, offset)| offset.unsigned_abs() > CLOCKS_AGREE_MS.unsigned_abs())
        .map(|(member, offset)| {
            let side = if offset > 0 { "ahead of" } else { "behind" };
            format!("that of {member} is {} {side} this node's", in_words(offset))
        })
        .collect();
    if !differing.is_empty() {
        warnings.push(warning(
            "clocks-differ",
            format!("clocks differ, and too few agree to say which are wrong: {}", differing.join(", ")),
            "compare this node's clock and theirs with NTP (chronyc tracking, timedatectl) or a watch, and set those that are wrong; no block is agreed on in time until enough clocks agree",
        ));
    }
}

/// The size of a difference between clocks, to three digits or so.
fn in_words(difference_ms: i64) -> String {
    let ms = difference_ms.unsigned_abs();
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        120_000..7_200_000 => format!("{} minutes", (ms + 30_000) / 60_000),
        _ => format!("{} hours", ms.saturating_add(1_800_000) / 3_600_000),
    }
}

fn disk(facts: &Facts<'_>, warnings: &mut Vec<Warning>) {
    let (free, all) = (facts.system.disk_free_bytes, facts.system.disk_bytes);
    if all > 0 && free < facts.free_bytes_min {
        warnings.push(severe(
            "disk-full",
            format!("{} MiB are free on the disk of the data directory: no batches are taken", free >> 20),
            "make room or enlarge the disk now: a node whose disk is full stops",
        ));
    } else if all > 0 && free < facts.free_bytes_min.saturating_mul(4).max(DISK_FREE_LOW_BYTES.min(all / 10))
    {
        warnings.push(warning(
            "disk-low",
            format!("{} MiB are free on the disk of the data directory", free >> 20),
            "make room or enlarge the disk: a node whose disk is full stops",
        ));
    }
}

fn certificate(facts: &Facts<'_>, warnings: &mut Vec<Warning>) {
    let now = i64::try_from(facts.now_ms / 1_000).unwrap_or(i64::MAX);
    let days = |ends: i64| ends.saturating_sub(now).div_euclid(86_400);
    if let Some(ends) = facts.system.client_ca_ends {
        let advice = "add the next authority to the file of api.tls_client_ca, send the node SIGHUP, and have the clients get new certificates";
        if ends <= now {
            let text = "an authority of api.tls_client_ca has ended: its clients are refused".to_owned();
            warnings.push(warning("client-ca-ended", text, advice));
        } else if days(ends) < CLIENT_CA_DAYS_MIN {
            let text = format!("an authority of api.tls_client_ca ends in {} days", days(ends));
            warnings.push(warning("client-ca-ends", text, advice));
        }
    }
    let Some(ends) = facts.system.certificate_ends else { return };
    let days = days(ends);
    let advice = "renew the certificate, put it in its place, and send the node SIGHUP";
    if ends <= now {
        let text = "the certificate of the gRPC service has ended".to_owned();
        warnings.push(severe("certificate-ended", text, advice));
    } else if days < CERTIFICATE_DAYS_MIN {
        let text = format!("the certificate of the gRPC service ends in {days} days");
        warnings.push(warning("certificate-ends", text, advice));
    }
}

fn protocol(facts: &Facts<'_>, warnings: &mut Vec<Warning>) {
    let versions = facts.known_versions;
    let known = versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let Parameters { protocol, next_protocol, .. } = facts.parameters;
    if !versions.contains(protocol) {
        warnings.push(severe(
            "outdated",
            format!("protocol version {protocol} is in force, and this program knows {known}: it neither votes nor follows"),
            "stop the node, and start a newer sanad-node on the same data directory",
        ));
    } else if let Some(next) = next_protocol.filter(|next| !versions.contains(&next.protocol)) {
        warnings.push(warning(
            "protocol-coming",
            format!(
                "from height {} on, protocol version {} is in force, and this program knows {known}: it will not vote then",
                next.height, next.protocol
            ),
            "install a newer sanad-node before that height, and restart the node",
        ));
    }
}

fn keys(facts: &Facts<'_>, warnings: &mut Vec<Warning>) {
    for MissingKey { purpose, key, from } in facts.missing_keys {
        let folder =
            "put its file beside the key files that node.toml names: the node finds it there within seconds";
        let name = match purpose {
            KeyPurpose::Network => "network",
            KeyPurpose::Governance | KeyPurpose::Issuing | KeyPurpose::Consensus => "consensus",
        };
        warnings.push(match from {
            Some(height) => warning(
                "key-coming",
                format!("from height {height} on, this member's {name} key is {key}, which this node does not have"),
                folder,
            ),
            None => severe(
                "key-missing",
                format!("this member's {name} key is {key}, which this node does not have"),
                folder,
            ),
        });
    }
}

fn others(diagnosis: &Diagnosis, warnings: &mut Vec<Warning>) {
    for validator in diagnosis.validators.iter().filter(|validator| !validator.connected) {
        let at = match validator.address.as_str() {
            "" => "neither the register nor the configuration says where it is".to_owned(),
            address => format!("it should listen on {address}"),
        };
        warnings.push(warning(
            "not-connected",
            format!("no connection to the validator of {}; {at}", validator.member),
            "ask its operator whether it runs; check address, firewall and route between the two",
        ));
    }
    let (present, needed) = (diagnosis.power_present(), diagnosis.power_needed as usize);
    if diagnosis.state == ChainState::Advancing && present <= needed && diagnosis.validators.len() > needed {
        warnings.push(warning(
            "no-margin",
            format!("{present} of {} validators vote, and {needed} are needed", diagnosis.validators.len()),
            "bring a missing one back: one more that fails stops the chain",
        ));
    }
}

fn limits(facts: &Facts<'_>, warnings: &mut Vec<Warning>) {
    let (open, most) = (facts.system.open_files, facts.system.open_files_max);
    if most > 0 && open > most / 5 * 4 {
        warnings.push(warning(
            "descriptors",
            format!("{open} of {most} files are open"),
            "raise the hard limit of open files (LimitNOFILE of the systemd unit)",
        ));
    }
    if facts.pool_bytes > facts.pool_bytes_max / 10 * 9 {
        warnings.push(warning(
            "pool-full",
            format!("the pool is full: {} of {} bytes wait", facts.pool_bytes, facts.pool_bytes_max),
            "find out why blocks do not take them (`sanad node why`), or raise pool.bytes_max",
        ));
    }
}

fn warning(code: &str, text: String, advice: &str) -> Warning {
    Warning { code: code.to_owned(), text, advice: advice.to_owned(), severe: false }
}

fn severe(code: &str, text: String, advice: &str) -> Warning {
    Warning { severe: true, ..warning(code, text, advice) }
}

/// Blocks that a node leaves out without anything being wrong, at most.
const FAR_BLOCKS: u64 = 1_000;
/// Free bytes below which the disk is low (2 GiB), or a tenth of a smaller disk.
const DISK_FREE_LOW_BYTES: u64 = 2 << 30;
/// Days before the end of a certificate from which it is said.
pub(crate) const CERTIFICATE_DAYS_MIN: i64 = 14;
/// The same for an authority of clients: each of these has to get a new certificate.
pub(crate) const CLIENT_CA_DAYS_MIN: i64 = 30;
