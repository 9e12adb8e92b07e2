//! Trust files, as JSON and binary.

use sanad_core::trust::TrustFile;
use serde_json::json;

use crate::members::chained;
use crate::proofs::chain;

use crate::{Format, Sample, cut, format, longer, text, with};

fn trust_file_samples(written: fn(&TrustFile) -> Vec<u8>) -> Vec<Sample> {
    let chain = chain();
    let sound = chain.trust_file(40);
    let changed = |change: &dyn Fn(&mut TrustFile)| written(&with(&sound, change));
    vec![
        ("sound", "Two changes of the validators.", written(&sound)),
        ("sound-first", "The first header.", written(&chain.trust_file(1))),
        ("sound-announcement", "The header that announces a change.", written(&chain.trust_file(10))),
        ("other-genesis", "A genesis of the same members with another nonce.", {
            changed(&|file| file.genesis.nonce.0[0] ^= 1)
        }),
        ("genesis", "A genesis that is not valid.", changed(&|file| file.genesis.name.clear())),
        ("change-missing", "The first change is missing.", changed(&|f| drop(f.validator_changes.remove(0)))),
        ("last-change-missing", "The last change is missing.", changed(&|f| drop(f.validator_changes.pop()))),
        ("announcement-missing", "The change that the anchor announces is missing.", {
            written(&with(&chain.trust_file(10), |file| drop(file.validator_changes.pop())))
        }),
        ("change-order", "Changes in another order.", changed(&|f| f.validator_changes.swap(0, 1))),
        ("change-path", "A bit of a path was changed.", changed(&|f| f.validator_changes[0].path[0][0] ^= 1)),
        ("change-above", "A change above the anchor.", {
            written(&with(&chain.trust_file(8), |file| {
                file.validator_changes = with(&sound.validator_changes, |_| {});
            }))
        }),
        ("change-signatures", "A change that two of four validators signed.", {
            changed(&|file| file.validator_changes[0].certificate.signatures.truncate(2))
        }),
        ("change-set", "Another set after a change.", {
            changed(&|f| f.validator_changes[1].next = f.validator_changes[0].next.clone())
        }),
        ("anchor-time", "An anchor that was not signed.", changed(&|file| file.anchor.header.time_ms += 1)),
        ("anchor-past", "Another past of the anchor.", changed(&|file| file.anchor.past.previous.0[0] ^= 1)),
        ("anchor-signatures", "Two of four validators signed the anchor.", {
            changed(&|file| file.anchor.certificate.signatures.truncate(2))
        }),
        ("remainder", "Another history.", changed(&|file| file.remainder[0][0] ^= 1)),
        ("remainder-missing", "A peak is missing.", changed(&|file| file.remainder.truncate(1))),
        ("seals", "A root too many.", changed(&|file| file.seals.push([0; 32]))),
    ]
}

fn check_trust_file(bytes: &[u8]) -> Result<(), String> {
    let file = TrustFile::from_bytes(bytes).map_err(|error| chained(&error))?;
    text(file.verify(1_700_000_100_000))
}

pub(super) fn trust_files() -> Format {
    let mut samples = trust_file_samples(|file| file.to_json().into_bytes());
    let sound = chain().trust_file(40);
    let changed = |change: &dyn Fn(&mut TrustFile)| with(&sound, change).to_json().into_bytes();
    samples.push(("format", "Another format.", changed(&|file| file.format = "sanad-trust/v2".into())));
    let context = json!({ "now_ms": 1_700_000_100_000u64 });
    format("trust-file", ("trust_file", ""), context, check_trust_file, samples)
}

pub(super) fn binary_trust_files() -> Format {
    let mut samples = trust_file_samples(TrustFile::to_binary);
    let sound = chain().trust_file(40).to_binary();
    samples.extend([
        ("magic", "Other first bytes.", with(&sound, |bytes| bytes[3] ^= 1)),
        ("version", "Another version.", with(&sound, |bytes| bytes[4] = 2)),
        ("cut", "A byte is missing.", cut(&sound)),
        ("longer", "A byte is left over.", longer(&sound)),
    ]);
    let context = json!({ "now_ms": 1_700_000_100_000u64 });
    format("trust-file-binary", ("trust_file", ""), context, check_trust_file, samples)
}
