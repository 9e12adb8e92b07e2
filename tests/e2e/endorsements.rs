//! An endorsement by a second university: signed, entered, and verified beside the award.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;

use sanad_e2e::Net;
use sanad_e2e::rosters::prepare;

#[test]
fn an_endorsement_is_verified_beside_its_award_and_no_other() {
    let net = Net::start(&["--nodes", "2", "--heartbeat-ms", "500"]);
    let roster = prepare(&net, &["Siti Nur'aini"]);
    let url = net.url(1);
    let (merapi, bromo) = (net.path("net/node-1"), net.path("net/node-2"));
    net.sanad(&["issue", "roster", &roster, "--issuer-dir", &merapi, "--node", &url]).json(0);
    let folder = Path::new(&net.path("wisuda")).read_dir().unwrap().next().unwrap().unwrap().path();
    let award = folder.join("credential.json").to_str().unwrap().to_owned();
    let endorse = |document: &str, more: &[&str], issuer: &str| {
        let arguments = ["endorse", document, "--issuer-dir", issuer, "--node", &url];
        net.sanad(&[&arguments[..], more].concat())
    };
    let comment = ["--comment", "Diakui 3 SKS."];

    let done = endorse(&award, &comment, &bromo).json(0);
    assert_eq!(
        (done["award"].as_bool(), done["awarded_by"].as_str()),
        (Some(true), Some("did:web:univ-merapi.example"))
    );
    let endorsement = folder.join("credential.endorsement.json").to_str().unwrap().to_owned();
    let verified = net.sanad(&["verify", &award, &endorsement]).json(0);
    let finding = &verified["findings"][1];
    assert_eq!(finding["verdict"], "active");
    assert_eq!(
        (finding["endorses"]["endorsed"].as_str(), finding["endorses"]["document"].as_str()),
        (Some("award"), Some(award.as_str()))
    );
    assert_eq!(finding["issuer"]["name"], "Universitas Bromo", "{finding:#}");
    assert_eq!(
        net.sanad(&["verify", &endorsement]).json(0)["findings"][0]["endorses"]["endorsed"],
        "missing"
    );

    // The same credential laid out otherwise has the same receipt, and is not the file that was endorsed.
    let other = net.path("other.json");
    fs::write(&other, fs::read_to_string(&award).unwrap().replace("\n  ", "\n    ")).unwrap();
    fs::copy(format!("{award}.receipt.json"), format!("{other}.receipt.json")).unwrap();
    let verified = net.sanad(&["verify", &other, &endorsement]).json(1);
    assert_eq!(verified["findings"][1]["endorses"]["endorsed"], "changed");

    // Of the achievement, whoever is awarded it.
    let general = net.path("general.json");
    endorse(&award, &[&comment[..], &["--achievement", "--out", &general]].concat(), &bromo).json(0);
    let verified = net.sanad(&["verify", &other, &general]).json(0);
    assert_eq!(verified["findings"][1]["endorses"]["endorsed"], "achievement");

    for (document, issuer, more, expected) in [
        (&award, &merapi, &comment, "is its issuer"),
        (&award, &bromo, &["--comment", "Diakui\u{200b}"], "U+200B"),
        (&award, &bromo, &["--comment", "Lain."], "says something else"),
    ] {
        let refused = endorse(document, more, issuer);
        assert!(refused.code == 2 && refused.err.contains(expected), "{refused:?}");
    }
    // What was made elsewhere is entered, and endorsed with what was found of it.
    let elsewhere = net.path("kursus.pdf");
    fs::write(&elsewhere, "%PDF-1.4 of another platform").unwrap();
    let refused = endorse(&elsewhere, &comment, &bromo);
    assert!(refused.code == 2 && refused.err.contains("enter it with sanad issue"), "{refused:?}");
    net.sanad(&["issue", &elsewhere, "--issuer-dir", &bromo, "--node", &url]).json(0);
    let done = endorse(&elsewhere, &comment, &bromo).json(0);
    assert!(
        done["checked"].as_str().unwrap().contains("nothing in the document is read as a signed credential")
    );
    let verified = net.sanad(&["verify", &elsewhere, &net.path("kursus.endorsement.json")]).json(0);
    assert_eq!(verified["findings"][1]["endorses"]["document"].as_str(), Some(elsewhere.as_str()));

    // Beside another document than the one it speaks for, a script must not take it for its endorsement.
    let verified = net.sanad(&["verify", &elsewhere, &endorsement]).json(2);
    assert_eq!(verified["findings"][1]["endorses"]["endorsed"], "missing");
    let several = net.path("several.json");
    let text = r#"{"type": ["VerifiableCredential", "EndorsementCredential"], "credentialSubject": [{"id": "urn:a"}, {"id": "urn:b"}]}"#;
    fs::write(&several, text).unwrap();
    net.sanad(&["issue", &several, "--issuer-dir", &bromo, "--node", &url]).json(0);
    let verified = net.sanad(&["verify", &several]).json(2);
    assert_eq!(verified["findings"][0]["endorses"]["endorsed"], "unreadable");

    // What is void by now is not endorsed, though its receipt speaks for it.
    let void = net.path("void.txt");
    fs::write(&void, "a certificate").unwrap();
    net.sanad(&["issue", &void, "--issuer-dir", &merapi, "--node", &url]).json(0);
    net.sanad(&["revoke", &void, "--yes", "--issuer-dir", &merapi, "--node", &url]).json(0);
    assert_eq!(net.sanad(&["verify", &void]).json(0)["findings"][0]["verdict"], "active");
    let refused = endorse(&void, &comment, &bromo);
    assert!(
        refused.code == 2 && refused.err.contains("it is not endorsed") && refused.err.contains("revoked"),
        "{refused:?}"
    );

    let tampered = net.path("tampered.json");
    fs::write(&tampered, fs::read_to_string(&award).unwrap().replace("Nur'aini", "Nur'ain")).unwrap();
    fs::copy(format!("{award}.receipt.json"), format!("{tampered}.receipt.json")).unwrap();
    let refused = endorse(&tampered, &comment, &bromo);
    assert!(refused.code == 2 && refused.err.contains("it is not endorsed"), "{refused:?}");
    assert!(!Path::new(&net.path("tampered.endorsement.json")).exists());
}
