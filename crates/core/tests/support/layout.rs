//! The binary form of a receipt cut into its fields, as `docs/formats/receipt.md` says and not as the decoder
//! does: what the worked example shows, and where the mutation tests strike.

use std::ops::Range;

/// One field: its name in the page, and its place in the bytes.
pub type Field = (String, Range<usize>);

struct Cutter<'a> {
    bytes: &'a [u8],
    at: usize,
    fields: Vec<Field>,
}

/// Cuts a sound receipt. `validators` is the size of the set that it starts from.
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
        self.opening(flags >> 2 & 3);
        self.fixed("commitment", 32);
        let by = flags >> 4 & 3;
        if by != SEALED {
            validators = self.changes(validators);
        }
        let mut newer = 0;
        if by == HISTORY {
            self.fixed("newer rules", 1);
            newer = self.number("newer height");
            for field in ["newer round", "newer time", "newer log size"] {
                self.number(field);
            }
            for field in ["log root", "state root", "previous", "history root", "batches root"] {
                self.fixed(&format!("newer {field}"), 32);
            }
            self.fixed("newer next validators hash", 32);
            self.certificate("newer ", validators);
        }
        let (height, size) = self.header("");
        if by == HISTORY {
            self.fixed("validators hash", 32);
        }
        if flags >> 6 & 1 == 1 {
            self.fixed("next validators hash", 32);
        }
        let index = self.number("log index");
        self.path("log path", index, size);
        self.status_leaf();
        self.path("status path", index / 256, size.div_ceil(256));
        self.record();
        let (index, count) = (self.number("member index"), self.number("member count"));
        self.path("member path", index, count);
        self.fixed("others root", 32);
        match by {
            SEALED => drop(self.fixed("history path", 32 * 16)),
            HISTORY => self.path("history path", height - 1, newer - 1),
            _ => self.certificate("", validators),
        }
    }

    fn opening(&mut self, form: u8) {
        match form {
            0 => drop(self.fixed("secret", 32)),
            1 => {
                self.fixed("secret", 32);
                self.summary();
            }
            2 => {
                self.fixed("summary key", 32);
                self.summary();
                self.fixed("content", 32);
            }
            _ => {
                self.fixed("content key", 32);
                self.fixed("summary hash", 32);
            }
        }
    }

    fn summary(&mut self) {
        let fields = self.fixed("summary count", 1)[0];
        for n in 0..fields {
            self.fixed(&format!("summary {n} label"), 1);
            self.text(&format!("summary {n} text"));
        }
    }

    /// Size of the set that the changes lead to.
    fn changes(&mut self, mut validators: usize) -> usize {
        self.number("validator set");
        for n in 0..self.number("changes") {
            let change = format!("change {n} ");
            self.header(&change);
            for root in ["log root", "state root"] {
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
        validators
    }

    /// Height and log size.
    fn header(&mut self, prefix: &str) -> (u64, u64) {
        self.fixed(&format!("{prefix}rules"), 1);
        let height = self.number(&format!("{prefix}height"));
        self.number(&format!("{prefix}round of first proposal"));
        self.number(&format!("{prefix}time"));
        self.fixed(&format!("{prefix}past"), 32);
        (height, self.number(&format!("{prefix}log size")))
    }

    fn status_leaf(&mut self) {
        if self.fixed("status leaf form", 1)[0] == 1 {
            self.fixed("status leaf", 64);
            return;
        }
        let mask = self.fixed("status leaf mask", 8);
        self.fixed("status leaf bytes", ones(&mask));
    }

    fn record(&mut self) {
        let flags = self.fixed("record flags", 1)[0];
        self.text("member id");
        self.text("name");
        self.number("standing since");
        if flags >> 2 & 1 == 1 {
            for n in 0..self.number("issuer ids") {
                self.text(&format!("issuer id {n}"));
                self.number(&format!("issuer id {n} from"));
                self.number(&format!("issuer id {n} until"));
            }
        }
        if flags >> 3 & 1 == 1 {
            for n in 0..self.number("disputed ranges") {
                self.number(&format!("disputed range {n} from"));
                self.number(&format!("disputed range {n} until"));
            }
        }
        self.fixed("rest", 32);
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

/// Values of bits 4 and 5 of the flags.
const SEALED: u8 = 1;
const HISTORY: u8 = 2;

fn ones(bitmap: &[u8]) -> usize {
    bitmap.iter().map(|byte| byte.count_ones() as usize).sum()
}
