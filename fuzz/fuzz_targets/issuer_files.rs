//! What an issuer reads of its own folders: pending files, and what a file is by its content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sanad_core::event::Event;
use sanad_issuer::{Artifact, Pending, recognise};

fuzz_target!(|data: &[u8]| {
    let artifact = recognise(data, None);
    let Ok(pending) = Pending::from_json(data) else { return };
    // Whatever is read as a pending file holds secrets: it is never taken for a document.
    assert_eq!(artifact, Some(Artifact::PendingFile));
    let events = &pending.batch.batch().events;
    assert_eq!(events.len(), pending.documents.len());
    for (document, event) in pending.documents.iter().zip(events) {
        assert_eq!(*event, Event::Issue { commitment: document.commitment });
    }
});
