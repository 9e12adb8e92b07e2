use std::collections::BTreeMap;

use super::*;

const SECTOR: usize = 512;

/// A disk that forgets what was not synced: at a power cut any of its unsynced sectors may be as they were, new, or
/// torn in the middle, in any order.
#[derive(Clone, Debug, Default)]
struct Forgetful {
    durable: Vec<u8>,
    /// Sectors written since the last sync.
    written: BTreeMap<usize, [u8; SECTOR]>,
    syncs: usize,
    fails: bool,
}

impl Forgetful {
    fn sector(&self, number: usize) -> [u8; SECTOR] {
        let mut sector = [0; SECTOR];
        let start = number * SECTOR;
        if let Some(durable) = self.durable.get(start..) {
            let length = durable.len().min(SECTOR);
            sector[..length].copy_from_slice(&durable[..length]);
        }
        self.written.get(&number).copied().unwrap_or(sector)
    }

    fn put(&mut self, number: usize, sector: [u8; SECTOR]) {
        let end = (number + 1) * SECTOR;
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[end - SECTOR..end].copy_from_slice(&sector);
    }

    fn cut_power(&mut self, random: &mut impl FnMut() -> usize) {
        for (number, new) in std::mem::take(&mut self.written) {
            let old = self.sector(number);
            let torn = random() % SECTOR;
            match random() % 3 {
                0 => {}
                1 => self.put(number, new),
                _ => {
                    let mut sector = old;
                    sector[..torn].copy_from_slice(&new[..torn]);
                    self.put(number, sector);
                }
            }
        }
    }
}

impl Disk for &mut Forgetful {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.durable.clone())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if self.fails {
            return Err(io::Error::other("full"));
        }
        for (at, byte) in (offset as usize..).zip(bytes) {
            let mut sector = self.sector(at / SECTOR);
            sector[at % SECTOR] = *byte;
            self.written.insert(at / SECTOR, sector);
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.syncs += 1;
        for (number, sector) in std::mem::take(&mut self.written) {
            self.put(number, sector);
        }
        Ok(())
    }

    fn is_new(&self) -> bool {
        false
    }

    fn changed_since(&self, _: u64) -> io::Result<bool> {
        Ok(false)
    }

    fn now_ms(&self) -> u64 {
        0
    }
}

/// A small generator: the same numbers for the same seed.
fn numbers(seed: u64) -> impl FnMut() -> usize {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 31) as usize >> 1
    }
}

/// Whatever a power cut does: all that was synced is there, in order, and nothing that was not appended.
#[test]
fn a_power_cut_takes_only_what_was_not_synced() {
    for seed in 0..2_000 {
        let mut random = numbers(seed);
        let mut disk = Forgetful::default();
        let (mut height, mut appended, mut synced) = (Height(1), Vec::<Vec<u8>>::new(), 0);
        for _ in 0..4 {
            let (mut log, contents) = Log::open(&mut disk).unwrap();
            if contents.height == Some(height) {
                assert!(contents.entries.len() >= synced, "seed {seed}");
                assert_eq!(contents.entries[..], appended[..contents.entries.len()], "seed {seed}");
                assert!(contents.remembers(height), "seed {seed}");
                appended.truncate(contents.entries.len());
            } else {
                assert_eq!(synced, 0, "seed {seed}");
                appended.clear();
            }
            // What is intact on the disk now stays, whether it was synced or not.
            synced = appended.len();
            log.begin(height);
            for _ in 0..random() % 40 {
                match random() % 8 {
                    0 => {
                        height = height.next();
                        log.begin(height);
                        appended.clear();
                        synced = 0;
                    }
                    1 | 2 => {
                        let due = log.due;
                        log.flush().unwrap();
                        synced = if due { appended.len() } else { synced };
                    }
                    _ => {
                        let entry = vec![random() as u8; 1 + random() % 900];
                        log.append(height, &entry, random().is_multiple_of(3)).unwrap();
                        appended.push(entry);
                    }
                }
            }
            disk.cut_power(&mut random);
        }
    }
}

fn written(heights: &[(u64, &[&[u8]])]) -> Vec<u8> {
    let mut disk = Forgetful::default();
    let (mut log, contents) = Log::open(&mut disk).unwrap();
    assert_eq!(contents, Contents::default());
    for (height, entries) in heights {
        log.begin(Height(*height));
        for entry in *entries {
            log.append(Height(*height), entry, true).unwrap();
            log.flush().unwrap();
        }
    }
    disk.durable
}

fn contents(bytes: &[u8]) -> Contents {
    let mut disk = Forgetful { durable: bytes.to_vec(), ..Forgetful::default() };
    Log::open(&mut disk).unwrap().1
}

#[test]
fn the_last_height_is_read_and_what_is_left_of_longer_ones_is_not() {
    let bytes = written(&[(6, &[b"a", b"b", b"c", b"d"]), (7, &[b"e"])]);
    let read = contents(&bytes);
    assert_eq!((read.height, read.entries.as_slice()), (Some(Height(7)), &[b"e".to_vec()][..]));
    assert!(read.remembers(Height(7)) && !read.remembers(Height(6)) && !read.remembers(Height(8)));
    // The next height is a new generation, also after a restart.
    let mut disk = Forgetful { durable: bytes, ..Forgetful::default() };
    let (mut log, _) = Log::open(&mut disk).unwrap();
    log.begin(Height(7));
    log.append(Height(7), b"f", true).unwrap();
    log.append(Height(6), b"another height", true).unwrap();
    log.flush().unwrap();
    log.begin(Height(8));
    log.append(Height(8), b"g", true).unwrap();
    log.flush().unwrap();
    let read = contents(&disk.durable);
    assert_eq!((read.height, read.entries.as_slice()), (Some(Height(8)), &[b"g".to_vec()][..]));
}

/// One byte changed: read as far as it is intact, and never as if nothing had followed.
#[test]
fn damage_is_told_from_a_torn_end() {
    let bytes = written(&[(6, &[b"an older entry", b"another"]), (7, &[b"first", b"second", b"third"])]);
    let whole = contents(&bytes).entries;
    let frames = whole.iter().map(|entry| frame::HEAD_BYTES + entry.len()).sum::<usize>();
    let last = frames - (frame::HEAD_BYTES + b"third".len());
    for at in 0..frames {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let read = contents(&damaged);
        assert!(read.entries.len() < whole.len(), "byte {at}");
        assert_eq!(read.entries[..], whole[..read.entries.len()], "byte {at}");
        assert_eq!(read.remembers(Height(7)), at >= last, "byte {at}");
        assert_eq!(read.is_incomplete(Height(7)), at < last, "byte {at}");
        assert!(!read.is_incomplete(Height(8)), "byte {at}");
    }
    for length in 0..bytes.len() {
        let read = contents(&bytes[..length]);
        assert_eq!(read.entries[..], whole[..read.entries.len()]);
    }
}

#[test]
fn only_own_messages_wait_for_the_disk() {
    let mut disk = Forgetful::default();
    let (mut log, _) = Log::open(&mut disk).unwrap();
    log.begin(Height(1));
    log.append(Height(1), b"a vote of another", false).unwrap();
    log.flush().unwrap();
    assert_eq!(log.disk.syncs, 0);
    log.append(Height(1), b"an own one", true).unwrap();
    log.flush().unwrap();
    log.flush().unwrap();
    assert_eq!(log.disk.syncs, 1);
    // What could not be written can be written later.
    log.disk.fails = true;
    assert!(log.append(Height(1), b"more", true).is_err());
    log.disk.fails = false;
    log.append(Height(1), b"more", true).unwrap();
    log.flush().unwrap();
    assert_eq!(contents(&disk.durable).entries.len(), 3);
}

/// After a power cut, what is left of the session before must not follow what the next one writes in its place.
#[test]
fn remains_do_not_continue_another_session() {
    let mut disk = Forgetful::default();
    let (mut log, _) = Log::open(&mut disk).unwrap();
    log.begin(Height(1));
    let lengths = [100, 200, 300].map(|length| vec![7; length]);
    lengths.iter().for_each(|entry| log.append(Height(1), entry, true).unwrap());
    log.flush().unwrap();
    // The second frame is lost.
    let second = frame::HEAD_BYTES + 100;
    disk.durable[second] ^= 1;
    let (mut log, contents) = Log::open(&mut disk).unwrap();
    assert_eq!(contents.entries.len(), 1);
    log.begin(Height(1));
    log.append(Height(1), &[8; 200], true).unwrap();
    log.flush().unwrap();
    let (_, contents) = Log::open(&mut disk).unwrap();
    assert_eq!(contents.entries, [vec![7; 100], vec![8; 200]]);
}

#[test]
fn files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    // What a crash leaves of a file that was being made.
    std::fs::write(&path, [0; 11]).unwrap();
    let (log, contents) = Log::open(LogFile::open(&path).unwrap()).unwrap();
    assert!(contents.is_incomplete(Height(1)));
    assert!(LogFile::open(&path).is_err(), "two at once");
    // A process that ends before it has noted that the log was missing leaves that to the next one.
    drop(log);
    let (mut log, contents) = Log::open(LogFile::open(&path).unwrap()).unwrap();
    assert!(contents.is_incomplete(Height(1)));
    log.allocate().unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), ALLOCATED_BYTES);
    log.begin(Height(3));
    log.append(Height(3), b"entry", true).unwrap();
    log.flush().unwrap();
    drop(log);
    let (_, contents) = Log::open(LogFile::open(&path).unwrap()).unwrap();
    assert_eq!(contents.entries(), [b"entry".to_vec()]);
    assert!(!contents.is_incomplete(Height(3)) && contents.is_own());
    File::options().write(true).open(&path).unwrap().set_len(LOG_BYTES_MAX + 1).unwrap();
    assert_eq!(LogFile::open(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
}
