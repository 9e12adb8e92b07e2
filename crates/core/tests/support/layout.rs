//! The binary form of a receipt cut into its fields, as `docs/formats/receipt.md` says and not as the decoder
//! does: what the worked example shows, and where the tests of changes strike.
#![allow(dead_code, reason = "each test file uses a part")]

use std::ops::Range;

/// One field: its name in the page, and its place in the bytes.
pub type Field = (String, Range<usize>);

struct Cutter<'a> {
    bytes: &'a [u8],
    at: usize,
    fields: Vec<Field>,
}

/// Cuts a sound receipt. `validators` is the size of the set of the genesis.
pub fn cut(bytes: &[u8], validators: usize) -> Vec<Field> {
    let mut cutter = Cutter { bytes, at: 0, fields: Vec::new() };
    cutter.receipt(validators);
    assert_eq!(cutter.at, bytes.len());
    cutter.fields
}

/// The place of a field.
pub fn place(fields: &[Field], name: &str) -> Range<usize> {
    let found = fields.iter().find(|(field, _)| field == name);
    found.expect("a field of that name").1.clone()
}

impl Cutter<'_> {
    fn receipt(&mut self, mut validators: usize) {
        self.fixed("magic", 4);
        self.fixed("version", 1);
        self.fixed("chain", 8);
        let flags = self.fixed("flags", 1)[0];
        self.fixed("secret", 32);
        self.fixed("commitment", 32);
        for n in 0..self.number("changes") {
            let change = format!("change {n} ");
            self.header(&change);
            for root in ["log root", "status root", "registry root"] {
                self.fixed(&format!("{change}{root}"), 32);
            }
            let leaving = ones(&self.fixed(&format!("{change}leaving"), validators.div_ceil(8)));
            let coming = self.number(&format!("{change}coming"));
            for _ in 0..coming {
                self.text(&format!("{change}member id"));
                self.fixed(&format!("{change}consensus key"), 32);
            }
            self.certificate(&change, validators);
            validators = validators - leaving + coming as usize;
        }
        let size = self.header("");
        if flags & 2 != 0 {
            self.fixed("next validators hash", 32);
        }
        let index = self.number("log index");
        self.path("log path", index, size);
        let mask = self.fixed("status leaf mask", 8);
        self.fixed("status leaf bytes", ones(&mask));
        self.path("status path", index / 256, size.div_ceil(256));
        let flags = self.fixed("record flags", 1)[0];
        self.text("member id");
        self.text("name");
        for (bit, key) in [(2, "issuing key"), (3, "consensus key"), (5, "network key")] {
            if flags >> bit & 1 == 1 {
                self.fixed(key, 32);
            }
        }
        self.number("active from");
        if flags >> 6 & 1 == 1 {
            self.number("active until");
        }
        self.number("next sequence");
        self.fixed("last batch", 32);
        self.number("entries");
        let (index, count) = (self.number("registry index"), self.number("registry count"));
        self.path("registry path", index, count);
        self.certificate("", validators);
    }

    fn header(&mut self, prefix: &str) -> u64 {
        self.number(&format!("{prefix}height"));
        self.number(&format!("{prefix}time"));
        self.fixed(&format!("{prefix}previous"), 32);
        self.fixed(&format!("{prefix}batches root"), 32);
        self.number(&format!("{prefix}log size"))
    }

    fn certificate(&mut self, prefix: &str, validators: usize) {
        self.number(&format!("{prefix}round"));
        let signers = ones(&self.fixed(&format!("{prefix}signers"), validators.div_ceil(8)));
        assert_eq!(signers, validators * 2 / 3 + 1);
        self.fixed(&format!("{prefix}signatures"), 64 * signers);
    }

    /// The path of RFC 6962: one hash a level, but for those where the last node has no sibling.
    fn path(&mut self, name: &str, index: u64, size: u64) {
        let (mut index, mut last, mut hashes) = (index, size - 1, 0);
        while last > 0 {
            hashes += usize::from(index % 2 == 1 || index < last);
            (index, last) = (index / 2, last / 2);
        }
        self.fixed(name, 32 * hashes);
    }

    fn fixed(&mut self, name: &str, length: usize) -> Vec<u8> {
        let range = self.at..self.at + length;
        self.at = range.end;
        self.fields.push((name.to_owned(), range.clone()));
        self.bytes[range].to_vec()
    }

    fn text(&mut self, name: &str) {
        self.fixed(name, 1 + usize::from(self.bytes[self.at]));
    }

    fn number(&mut self, name: &str) -> u64 {
        let length = self.bytes[self.at..].iter().position(|byte| *byte < 128).unwrap() + 1;
        let digits = self.fixed(name, length);
        digits.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 127))
    }
}

fn ones(bitmap: &[u8]) -> usize {
    bitmap.iter().map(|byte| byte.count_ones() as usize).sum()
}
