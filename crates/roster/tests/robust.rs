//! No roster, however damaged, stops the program: it is read within the limits, or refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sanad_roster::{Columns, FAULTS_MAX, Place, Template, propose, read_table};

/// A sequence that is the same every time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

fn try_one(data: &[u8]) {
    match read_table(data, &Place::default()) {
        Ok(table) => {
            assert!(table.rows.iter().all(|row| row.cells.len() == table.header.len()));
            let proposal = propose(&table, &Place::default(), None);
            if let Ok(columns) = Columns::from_toml(&proposal.columns_toml) {
                if let Ok(rows) = columns.read_rows(&table) {
                    assert_eq!(rows.learners.len(), table.rows.len());
                }
                let _ = Template::from_json(data, &columns);
            }
        }
        Err(faults) => assert!((1..=FAULTS_MAX).contains(&faults.len())),
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Columns::from_toml(text);
    }
}

#[test]
fn changed_rosters_are_read_or_refused() {
    let texts = [
        "Nomor Sertifikat;Nama;Tanggal\r\nUM/1;\"Siti; M.T.\";20/11/2026\r\nUM/2;Made;2026-11-20\r\n",
        "sep=,\nNama,SKS\n\"a\"\"b\",\"3,5\"\n",
        "{\"name\": \"{{name}}\", \"list\": [\"{{ a }} b\", {\"x\": 1}]}",
    ];
    let parts: [&[u8]; 12] = [
        b"\"",
        b";",
        b"\r\n",
        b"\n",
        b"{{",
        b"}}",
        b"\xff",
        b"\0",
        b"\xef\xbb\xbf",
        "\u{202e}".as_bytes(),
        b"PK\x03\x04",
        b",",
    ];
    let mut numbers = Numbers(0x5eed_0001);
    for round in 0..20_000 {
        let mut data = texts[round % texts.len()].as_bytes().to_vec();
        for _ in 0..=numbers.below(4) {
            let place = numbers.below(data.len() + 1);
            match numbers.below(3) {
                0 => drop(data.splice(place..place, parts[numbers.below(parts.len())].iter().copied())),
                1 => data.truncate(place),
                _ => drop(data.drain(place..data.len().min(place + 3))),
            }
        }
        try_one(&data);
    }
}
