//! Positions in status lists: one for each credential, whatever happens to it.

use sanad_register::{Position, RegisterError};

use super::support::{Desk, award};

#[test]
fn a_position_is_a_credentials_own_for_good() {
    let desk = Desk::new();
    let mut register = desk.open().unwrap();
    let first = register.positions(&["urn:a", "urn:b", "urn:a"]).unwrap();
    assert_eq!(first[0], first[2]);
    let mut sorted = first[..2].to_vec();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1]);
    drop(register);

    let mut register = desk.open().unwrap();
    let owner = register.owner().clone();
    assert_eq!(register.positions(&["urn:b", "urn:c", "urn:a"]).unwrap(), [first[1], 2, first[0]]);
    assert_eq!(register.listed().unwrap(), (Vec::new(), 3));
    let mut add = |number: u64, credential: &str, n: u64| {
        let mut new = award(&owner, n);
        new.position = Some(Position { number, credential: credential.to_owned() });
        let mut adding = register.begin(0)?;
        adding.add(&new)?;
        adding.commit().map(|()| new.commitment)
    };
    let commitment = add(2, "urn:c", 1).unwrap();
    for (number, credential) in [(2, "urn:c"), (2, "urn:d"), (7, "urn:c"), (1 << 20, "urn:e")] {
        let refused = add(number, credential, 2).unwrap_err();
        assert!(matches!(refused, RegisterError::Position { .. } | RegisterError::Full { .. }), "{refused}");
    }
    // Of a credential that another register allotted it to.
    let imported = add(9, "urn:z", 3).unwrap();
    assert_eq!(register.listed().unwrap(), (vec![(2, commitment), (9, imported)], 10));
    assert_eq!(register.positions(&["urn:new"]).unwrap(), [10]);
}
