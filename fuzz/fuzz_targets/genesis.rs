//! A genesis file: what is accepted makes a chain, and is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::codec;
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis};
use sanad_core::state::State;
use sanad_core::trust::TrustAnchor;
use sanad_fuzz::{canonical, read};

fuzz_target!(|data: &[u8]| {
    let Ok(genesis) = read(data, Genesis::from_json) else { return };
    assert_eq!(Genesis::from_json(genesis.to_json().as_bytes()).expect("its own JSON form"), genesis);
    let again = canonical::<Genesis>(&codec::encode(&genesis), GENESIS_BYTES_MAX).expect("its own encoding");
    // Signatures are no part of the encoding.
    assert_eq!(Genesis { signatures: genesis.signatures.clone(), ..again }, genesis);
    let _ = genesis.check_signatures();
    let anchor = TrustAnchor::new(&genesis).expect("a checked genesis has validators");
    let state = State::genesis(&genesis).expect("a checked genesis has a state");
    assert_eq!((anchor.chain_id, &anchor.validators), (state.chain_id(), state.validators()));
});
