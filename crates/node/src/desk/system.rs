//! What the operating system says of the node: disk, descriptors, memory, certificate.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::Watched;

/// A look at the system. What cannot be read is 0 or `None`.
#[derive(Clone, Debug, Default)]
pub(crate) struct System {
    pub(crate) disk_free_bytes: u64,
    pub(crate) disk_bytes: u64,
    pub(crate) open_files: usize,
    pub(crate) open_files_max: usize,
    pub(crate) resident_bytes: u64,
    pub(crate) cpu_seconds: f64,
    /// When the certificate of the gRPC service ends, in seconds since 1970.
    pub(crate) certificate_ends: Option<i64>,
    /// When the first of the authorities that vouch for callers ends.
    pub(crate) client_ca_ends: Option<i64>,
}

impl System {
    /// Reads the disk and `/proc`: not for async workers.
    pub(super) fn read(files: &Watched) -> Self {
        let (disk_free_bytes, disk_bytes) = disk(&files.data_dir).unwrap_or_default();
        let (resident_bytes, cpu_seconds) = process();
        Self {
            disk_free_bytes,
            disk_bytes,
            open_files: std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
            open_files_max: files.open_files_max,
            resident_bytes,
            cpu_seconds,
            certificate_ends: files.tls_certificate.as_deref().and_then(certificate_ends),
            client_ca_ends: files.tls_client_ca.as_deref().and_then(certificates_end),
        }
    }
}

/// Bytes free to this user on the file system of a path, and its size.
pub(crate) fn disk(path: &Path) -> Option<(u64, u64)> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some((found.f_bavail.saturating_mul(found.f_frsize), found.f_blocks.saturating_mul(found.f_frsize)))
}

/// When the first certificate of a PEM file ends, in seconds since 1970.
pub(crate) fn certificate_ends(path: &Path) -> Option<i64> {
    let mut pem = Vec::new();
    File::open(path).ok()?.take(CERTIFICATE_BYTES_MAX).read_to_end(&mut pem).ok()?;
    let first = x509_parser::pem::Pem::iter_from_buffer(&pem).next()?.ok()?;
    Some(first.parse_x509().ok()?.validity().not_after.timestamp())
}

/// When the first certificate of a PEM file to end does so, in seconds since 1970.
pub(crate) fn certificates_end(path: &Path) -> Option<i64> {
    let mut pem = Vec::new();
    File::open(path).ok()?.take(CERTIFICATE_BYTES_MAX).read_to_end(&mut pem).ok()?;
    let ends = x509_parser::pem::Pem::iter_from_buffer(&pem).filter_map(Result::ok);
    ends.filter_map(|pem| Some(pem.parse_x509().ok()?.validity().not_after.timestamp())).min()
}

/// Resident bytes and seconds of processor time of this process.
fn process() -> (u64, f64) {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    let resident = pages.saturating_mul(rustix::param::page_size() as u64);
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
    // proc(5): utime and stime are the 14th and 15th field, the name the second.
    let ticks = ticks(11) + ticks(12);
    (resident, ticks as f64 / rustix::param::clock_ticks_per_second().max(1) as f64)
}

/// Longest certificate file that is looked at, in bytes (1 MiB).
const CERTIFICATE_BYTES_MAX: u64 = 1 << 20;
