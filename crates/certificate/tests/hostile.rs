//! PDFs that strangers send.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

mod support;

use peak_alloc::PeakAlloc;
use sanad_certificate::{AttachmentError, File, PDF_BYTES_MAX, extract, pack};
use support::{NAME, issue};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// A PDF of these objects, numbered from 1 on; the first is the catalog.
fn pdf(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", index + 1).into_bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let start = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    places.iter().for_each(|place| bytes.extend(format!("{place:010} 00000 n \n").into_bytes()));
    let size = objects.len() + 1;
    bytes.extend(
        format!("trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n").into_bytes(),
    );
    bytes
}

fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("<<{dictionary}/Length {}>>\nstream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

fn specification(name: &str, number: usize) -> Vec<u8> {
    format!("<</Type/Filespec/UF({name})/EF<</F {number} 0 R>>>>").into_bytes()
}

const CATALOG: &[u8] = b"<</Type/Catalog>>";
const RECEIPT: &[u8] = b"{\"format\": \"sanad-receipt/v1\"}";

fn attached(files: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut objects = vec![CATALOG.to_vec()];
    for (index, file) in files.iter().enumerate() {
        objects.push(specification(&format!("{index}.json"), 3 + 2 * index));
        objects.push(file.clone());
    }
    objects
}

#[test]
fn one_credential_and_one_receipt_are_needed() {
    let file = |content: &[u8]| stream("", content);
    let good = extract(&pdf(&attached(&[file(b"{}"), file(RECEIPT)]), "")).unwrap();
    assert_eq!((good.name.as_str(), &good.document[..], &good.receipt[..]), ("0.json", &b"{}"[..], RECEIPT));
    let fault = |files: &[Vec<u8>]| extract(&pdf(&attached(files), "")).unwrap_err();
    assert!(matches!(fault(&[]), AttachmentError::None));
    assert!(matches!(fault(&[file(b"{}")]), AttachmentError::Count { count: 1 }));
    let two = [file(b"{}"), file(RECEIPT), file(b"{ }")];
    assert!(matches!(fault(&two), AttachmentError::Count { count: 3 }));
    assert!(matches!(fault(&[file(b"{}"), file(b"{ }")]), AttachmentError::NoReceipt));
    // A third one is the ZIP of endorsements, and nothing else.
    let zip = |names: &[&str]| {
        let contents = [&b"{}"[..], RECEIPT];
        let files = names
            .iter()
            .zip(contents)
            .map(|(name, bytes)| File { name: (*name).into(), bytes: bytes.into() });
        file(&pack("endorsements", &files.collect::<Vec<_>>()).unwrap())
    };
    let whole = zip(&["a.json", "a.json.receipt.json"]);
    let good = extract(&pdf(&attached(&[whole.clone(), file(RECEIPT), file(b"{ }")]), "")).unwrap();
    assert_eq!((&good.document[..], good.endorsements[0].name.as_str()), (&b"{ }"[..], "a.json"));
    for odd in [zip(&["a.json"]), zip(&["a.json", "b.json.receipt.json"]), file(b"PK\x03\x04")] {
        assert!(matches!(fault(&[file(b"{}"), file(RECEIPT), odd]), AttachmentError::Endorsements(_)));
    }
    let count = |files: &[Vec<u8>]| match fault(files) {
        AttachmentError::Count { count } => count,
        other => panic!("{other:?}"),
    };
    assert_eq!(count(&[whole.clone(), file(RECEIPT), whole.clone()]), 3, "either could be the credential");
    assert_eq!(count(&[file(b"{}"), file(RECEIPT), whole.clone(), file(b"{ }")]), 4);
    assert!(matches!(fault(&[file(RECEIPT), file(RECEIPT), whole]), AttachmentError::TwoReceipts));
    assert!(matches!(fault(&[file(RECEIPT), file(RECEIPT)]), AttachmentError::TwoReceipts));
    // A specification inside another object counts, too.
    let mut hidden = attached(&[file(b"{}"), file(RECEIPT)]);
    hidden.push(stream("", b"{ }"));
    hidden[0] = b"<</Type/Catalog/Names[[<</EF<</UF 6 0 R>>>>]]>>".to_vec();
    assert!(matches!(extract(&pdf(&hidden, "")), Err(AttachmentError::Count { count: 3 })));
    let odd = stream("/Filter/ASCIIHexDecode", b"7b7d>");
    assert!(matches!(fault(&[odd, file(RECEIPT)]), AttachmentError::Attachment));
}

#[test]
fn an_update_may_add_but_not_change() {
    let file = |content: &[u8]| stream("", content);
    let first = pdf(&attached(&[file(b"{}"), file(RECEIPT)]), "");
    let old_start = String::from_utf8_lossy(&first).rfind("xref\n0").unwrap();
    let update = |number: usize, object: &[u8]| {
        let mut bytes = first.clone();
        let place = bytes.len();
        bytes.extend(format!("{number} 0 obj\n").into_bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
        let start = bytes.len();
        let table = format!(
            "xref\n{number} 1\n{place:010} 00000 n \ntrailer\n<</Size 9/Root 1 0 R/Prev {old_start}>>\n"
        );
        bytes.extend(format!("{table}startxref\n{start}\n%%EOF\n").into_bytes());
        bytes
    };
    let signed = update(8, b"<</Type/Sig>>");
    assert_eq!(extract(&signed).unwrap().document, b"{}");
    let replaced = update(3, &file(b"{\"other\": 1}"));
    assert!(matches!(extract(&replaced), Err(AttachmentError::Revisions)), "{:?}", extract(&replaced));
    // Without the mark of its end, the first revision is not seen; with one elsewhere, neither.
    let end = first.len() - b"%%EOF\n".len();
    let mut hidden = replaced.clone();
    hidden[end..end + 5].copy_from_slice(b"%%E0F");
    assert!(matches!(extract(&hidden), Err(AttachmentError::Revisions)), "{:?}", extract(&hidden));
    hidden.extend(b"%%EOF\n");
    assert!(matches!(extract(&hidden), Err(AttachmentError::Revisions)), "{:?}", extract(&hidden));
    let mut often = first.clone();
    (0..16).for_each(|_| often.extend(b"\n%%EOF"));
    assert!(matches!(extract(&often), Err(AttachmentError::ManyRevisions)));
}

/// A linearised PDF, as `qpdf --linearize` lays it out: the first section of the table in front, with the way to the second.
fn linearized(objects: &[Vec<u8>], length: Option<usize>) -> Vec<u8> {
    let lay_out = |length: usize, second: usize, start: usize| {
        let number = objects.len() + 1;
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let own = bytes.len();
        bytes.extend(format!("{number} 0 obj\n<</Linearized 1/L {length:010}/N 1>>\nendobj\n").into_bytes());
        let first = bytes.len();
        let size = number + 1;
        let table = format!(
            "xref\n{number} 1\n{own:010} 00000 n \ntrailer\n<</Size {size}/Root 1 0 R/Prev {second:010}>>\n"
        );
        bytes.extend(format!("{table}startxref\n0\n%%EOF\n").into_bytes());
        let mut places = Vec::new();
        for (index, object) in objects.iter().enumerate() {
            places.push(bytes.len());
            bytes.extend(format!("{} 0 obj\n", index + 1).into_bytes());
            bytes.extend(object);
            bytes.extend(b"\nendobj\n");
        }
        let second = bytes.len();
        bytes.extend(format!("xref\n0 {number}\n0000000000 65535 f \n").into_bytes());
        places.iter().for_each(|place| bytes.extend(format!("{place:010} 00000 n \n").into_bytes()));
        bytes.extend(format!("trailer\n<</Size {number}>>\nstartxref\n{start:010}\n%%EOF\n").into_bytes());
        (bytes, second, first)
    };
    let (bytes, second, first) = lay_out(0, 0, 0);
    lay_out(length.unwrap_or(bytes.len()), second, first).0
}

#[test]
fn a_linearised_file_is_one_revision() {
    let file = |content: &[u8]| stream("", content);
    let objects = attached(&[file(b"{}"), file(RECEIPT)]);
    let sound = linearized(&objects, None);
    assert_eq!(extract(&sound).unwrap().document, b"{}");
    // One that says another length was added to, and the addition is not marked.
    let other = linearized(&objects, Some(sound.len() + 100));
    assert!(matches!(extract(&other), Err(AttachmentError::Revisions)), "{:?}", extract(&other));
    // Updates of it are looked at as ever.
    let update = |object: &[u8], number: usize, mark: &str| {
        let mut bytes = sound.clone();
        let place = bytes.len();
        bytes.extend(format!("{number} 0 obj\n").into_bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
        let start = bytes.len();
        let old = String::from_utf8_lossy(&sound).find("xref\n").unwrap();
        let table =
            format!("xref\n{number} 1\n{place:010} 00000 n \ntrailer\n<</Size 9/Root 1 0 R/Prev {old}>>\n");
        bytes.extend(format!("{table}startxref\n{start}\n{mark}\n").into_bytes());
        bytes
    };
    assert_eq!(extract(&update(b"<</Type/Sig>>", 8, "%%EOF")).unwrap().document, b"{}");
    let replaced = update(&file(b"{\"other\": 1}"), 3, "%%EOF");
    assert!(matches!(extract(&replaced), Err(AttachmentError::Revisions)), "{:?}", extract(&replaced));
    // By the program that makes such files, where it is installed.
    let folder = tempfile::tempdir().unwrap();
    let [before, after] =
        ["a.pdf", "b.pdf"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    let whole = issue(NAME).default().pdf;
    std::fs::write(&before, &whole).unwrap();
    if support::run("qpdf", &["--linearize", &before, &after]).is_some() {
        assert_eq!(extract(&std::fs::read(&after).unwrap()).unwrap(), extract(&whole).unwrap());
    }
}

#[test]
fn encryption_is_refused() {
    let file = |content: &[u8]| stream("", content);
    let mut objects = attached(&[file(b"{}"), file(RECEIPT)]);
    objects.push(b"<</Filter/Standard/V 1/R 2/O(00000000000000000000000000000000)/U(00000000000000000000000000000000)/P -4>>".to_vec());
    let encrypted = pdf(&objects, "/Encrypt 6 0 R/ID[(a)(a)]");
    let fault = extract(&encrypted).unwrap_err();
    assert!(matches!(fault, AttachmentError::Encrypted), "{fault:?}");
}

#[test]
fn whatever_is_sent_costs_little_memory() {
    let deflated = |length: usize| {
        let zip = sanad_certificate::pack(
            "a",
            &[sanad_certificate::File { name: "x".into(), bytes: vec![b' '; length] }],
        );
        let zip = zip.unwrap();
        // Local header of 30 bytes and the name; the central directory begins with PK 01 02.
        let end = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        [b"\x78\x9c", &zip[33..end]].concat()
    };
    let bomb = stream("/Filter/FlateDecode", &deflated(512 << 20));
    assert!(bomb.len() < 1 << 20);
    let in_attachment = pdf(&attached(&[bomb.clone(), stream("", RECEIPT)]), "");
    let object_stream = stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode", &deflated(512 << 20));
    let mut in_objects = attached(&[stream("", b"{}"), stream("", RECEIPT)]);
    in_objects.push(object_stream);
    let twice = stream("/Filter[/FlateDecode/FlateDecode]", &deflated(64 << 20));
    let numbers = b"1 ".repeat((PDF_BYTES_MAX - 4096) / 2);
    let array = [&b"["[..], &numbers[..], b"]"].concat();
    let deep = [b"[".repeat(1 << 20), b"]".repeat(1 << 20)].concat();
    let long = vec![b'%'; PDF_BYTES_MAX + 1];
    let streams = stream("", b"").repeat(2000);
    for (name, file) in [
        ("attachment", in_attachment),
        ("objects", pdf(&in_objects, "")),
        ("twice", pdf(&attached(&[twice, stream("", RECEIPT)]), "")),
        ("array", pdf(&[CATALOG.to_vec(), array], "")),
        ("deep", pdf(&[CATALOG.to_vec(), deep], "")),
        ("long", long),
        ("streams", pdf(&[CATALOG.to_vec(), streams], "")),
    ] {
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        let started = std::time::Instant::now();
        let result = extract(&file);
        let peak = (ALLOCATOR.peak_usage() - before) >> 20;
        println!(
            "{name}: {} bytes, {peak} MiB, {:?}: {:?}",
            file.len(),
            started.elapsed(),
            result.as_ref().err()
        );
        assert!(peak < MEMORY_MIB_MAX, "{name}: {peak} MiB");
        assert!(result.is_err(), "{name}");
    }
}

#[test]
fn cut_or_changed_files_are_refused_or_as_before() {
    let whole = issue(NAME).default().pdf;
    let contents = extract(&whole).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 97) {
        assert!(extract(&whole[..length]).is_err(), "{length} bytes");
    }
    let mut state = 1_u32;
    for _ in 0..200 {
        let mut changed = whole.clone();
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let place = state as usize % changed.len();
        changed[place] ^= 1 << (state % 8);
        if let Ok(found) = extract(&changed) {
            // What was found is verified next.
            assert!(found.document.len() <= contents.document.len() * 4, "byte {place}");
        }
    }
}

/// Most memory of any PDF, in MiB.
const MEMORY_MIB_MAX: usize = 600;
