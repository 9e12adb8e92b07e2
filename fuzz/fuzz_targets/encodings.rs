//! The encodings that stand inside others. The first byte chooses one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::block::{BlockHeader, HEADER_BYTES};
use sanad_core::codec::CODEC_BYTES_MAX;
use sanad_core::commitment::{OPENING_BYTES_MAX, Opening};
use sanad_core::event::{ENTRY_BYTES_MAX, Entry};
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis};
use sanad_core::json_form;
use sanad_core::member::{MEMBER_RECORD_BYTES_MAX, Member, MemberRecord, MemberState};
use sanad_core::summary::{SUMMARY_BYTES_MAX, Summary};
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, ValidatorSet};
use sanad_fuzz::{canonical, has_json_form, read};

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    match kind {
        b'e' => canonical::<Entry>(data, ENTRY_BYTES_MAX).iter().for_each(has_json_form),
        b'h' => {
            let header = canonical::<BlockHeader>(data, HEADER_BYTES);
            header.iter().for_each(has_json_form);
            assert_eq!(BlockHeader::decode(data).ok(), header.filter(|header| header.check().is_ok()));
        }
        b'v' => canonical::<ValidatorSet>(data, CERTIFICATE_BYTES_MAX).iter().for_each(has_json_form),
        b'r' => {
            if let Some(record) = canonical::<MemberRecord>(data, MEMBER_RECORD_BYTES_MAX) {
                has_json_form(&record);
                let _ = record.check();
            }
        }
        b's' => {
            let _ = canonical::<Summary>(data, SUMMARY_BYTES_MAX);
        }
        b'o' => canonical::<Opening>(data, OPENING_BYTES_MAX).iter().for_each(has_json_form),
        b't' => canonical::<MemberState>(data, CODEC_BYTES_MAX).iter().for_each(has_json_form),
        b'g' => {
            if let Some(genesis) = canonical::<Genesis>(data, GENESIS_BYTES_MAX) {
                has_json_form(&genesis);
                let _ = genesis.check();
            }
        }
        b'm' => {
            if let Ok(member) = read(data, json_form::read::<Member>) {
                has_json_form(&member);
                let _ = member.check();
            }
        }
        _ => {}
    }
});
