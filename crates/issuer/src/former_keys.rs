//! Former issuing keys in documents that are not entered yet: a key that leaked is replaced, and verifiers refuse what it signed.

use sanad_core::document::DocumentKind;
use sanad_core::member::{KeyPurpose, MemberRest, MemberState};
use sanad_credential::{Circumstances, multikey, signing_keys};

/// The issuing keys that a member had before the one in force, as Multikeys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormerKeys(Vec<String>);

impl FormerKeys {
    /// Those of a member.
    pub fn of(member: &MemberState) -> Self {
        Self::in_rest(member.rest())
    }

    /// Those in the rest of a member's record.
    pub(crate) fn in_rest(rest: &MemberRest) -> Self {
        let current = rest.current_key(KeyPurpose::Issuing);
        let issuing = rest.keys.iter().filter(|term| term.purpose == KeyPurpose::Issuing);
        let former = issuing.filter(|term| Some(term.key) != current);
        Self(former.map(|term| multikey(&term.key)).collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The former key that signed a document, if one did.
    pub fn signer_of(&self, kind: DocumentKind, document: &[u8]) -> Option<&str> {
        // Signatures are slow to check, and a proof in JSON names its key in plain text.
        let is_named = |key: &String| document.windows(key.len()).any(|part| part == key.as_bytes());
        if self.is_empty() || (kind == DocumentKind::Json && !self.0.iter().any(is_named)) {
            return None;
        }
        // Dates do not matter to a signature.
        let signed = signing_keys(document, &Circumstances { now_ms: 0, member: None, rest: None });
        self.0.iter().find(|key| signed.contains(key)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use sanad_core::ids::LogIndex;
    use sanad_core::member::KeyTerm;
    use sanad_credential::{Cryptosuite, Signer};
    use sanad_testkit::issuing_key;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_former_key_signed_is_known_by_its_proof() {
        let state = MemberState::genesis(&sanad_testkit::genesis().members[0]);
        let (mut record, mut rest) = (state.record().clone(), state.rest().clone());
        let place = rest.keys.iter().position(|term| term.purpose == KeyPurpose::Issuing).unwrap();
        assert!(FormerKeys::of(&state).is_empty());
        rest.keys[place].key = issuing_key("before").public();
        rest.keys[place].until = Some(LogIndex(10));
        let key = issuing_key("now").public();
        let term = KeyTerm { purpose: KeyPurpose::Issuing, key, from: LogIndex(10), until: None };
        rest.keys.insert(place + 1, term);
        record.rest = rest.hash();
        let former = FormerKeys::of(&MemberState::new(record, rest).unwrap());
        let signed = |name: &str| {
            let credential = json!({
                "@context": ["https://www.w3.org/ns/credentials/v2"],
                "type": ["VerifiableCredential"],
                "issuer": "did:web:ui.example",
                "credentialSubject": {"id": "urn:uuid:1"},
            });
            let did = "did:web:ui.example".to_owned();
            let signer = Signer::of_did(issuing_key(name), did, Cryptosuite::EddsaJcs2022);
            signer.sign(credential.as_object().unwrap().clone(), "2026-11-20T08:00:00Z").unwrap()
        };
        let expected = multikey(&issuing_key("before").public());
        assert_eq!(former.signer_of(DocumentKind::Json, &signed("before")), Some(expected.as_str()));
        for other in [signed("now"), signed("else"), expected.as_bytes().to_vec(), b"{}".to_vec()] {
            assert_eq!(former.signer_of(DocumentKind::Json, &other), None);
        }
    }
}
