//! Ports that stay a test's own while its nodes are stopped.
//!
//! A process of tests reserves blocks of ports by locks on files, which end with it, and gives no port to two networks.
//! The blocks lie below the ports that systems give to outgoing connections, so nothing but another program's listener
//! can come between.

use std::fs::{File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// What this process has reserved and not given away, and the locks of all that it has reserved.
struct Reserved {
    rest: Range<u16>,
    locks: Vec<File>,
}

/// `count` ports of this machine in a row that nobody listens on, and that no other test gets while this process lives.
pub fn reserve_ports(count: usize) -> Vec<u16> {
    static RESERVED: Mutex<Reserved> = Mutex::new(Reserved { rest: 0..0, locks: Vec::new() });
    let count = u16::try_from(count).ok().filter(|count| *count <= BLOCK_PORTS).expect("at most a block");
    let mut reserved = RESERVED.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if reserved.rest.len() < usize::from(count) {
            let (block, lock) = reserve_block();
            reserved.rest = block;
            reserved.locks.push(lock);
        }
        let chosen = reserved.rest.start..reserved.rest.start + count;
        let taken =
            chosen.clone().rev().find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_err());
        // Another program's listener is passed over.
        reserved.rest.start = taken.map_or(chosen.end, |port| port + 1);
        if taken.is_none() {
            return chosen.collect();
        }
    }
}

fn reserve_block() -> (Range<u16>, File) {
    let folder = std::env::temp_dir().join("sanad-e2e-ports");
    std::fs::create_dir_all(&folder).unwrap();
    let blocks = PORTS.clone().step_by(usize::from(BLOCK_PORTS));
    for block in blocks.map(|first| first..first + BLOCK_PORTS) {
        // Another user's file is that user's block.
        let Ok(lock) = File::create(folder.join(block.start.to_string())) else { continue };
        match lock.try_lock() {
            Ok(()) => return (block, lock),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => panic!("{}: {error}", folder.display()),
        }
    }
    panic!("all ports from {} to {} are reserved: {}", PORTS.start, PORTS.end, folder.display());
}

/// Linux gives those from 32768 on to outgoing connections (`net.ipv4.ip_local_port_range`). A multiple of a block.
const PORTS: Range<u16> = 20_000..32_640;
/// Enough for 16 nodes.
const BLOCK_PORTS: u16 = 80;
