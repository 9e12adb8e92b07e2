//! The verifier's page, as the node serves it.

use sanad_api::{SiteContent, SiteFile};
use sanad_page::{FILES, NODE_CONFIG, PAGE_POLICY, PageFile, SINGLE};

/// Every file of the page; the last trust file is in its configuration, and in the page in one file.
pub(crate) fn files() -> Vec<SiteFile> {
    let mut files: Vec<SiteFile> = FILES.iter().map(fixed).collect();
    let index = files.iter().find(|file| file.path == "/index.html").copied();
    files.extend(index.map(|index| SiteFile { path: "/", ..index }));
    files.extend([CONFIG, DOWNLOAD]);
    files
}

fn fixed(file: &PageFile) -> SiteFile {
    let PageFile { path, media_type, content, gzip, .. } = *file;
    SiteFile { path, media_type, content: SiteContent::Fixed { plain: content, gzip }, headers: &PAGE }
}

const CONFIG: SiteFile = SiteFile {
    path: sanad_page::CONFIG,
    media_type: "application/json",
    content: SiteContent::WithTrustFile(|trust| NODE_CONFIG.with(trust)),
    headers: &PAGE,
};
const DOWNLOAD: SiteFile = SiteFile {
    path: sanad_page::SINGLE_FILE,
    media_type: "text/html; charset=utf-8",
    content: SiteContent::WithTrustFile(|trust| SINGLE.with(trust)),
    headers: &DOWNLOADED,
};

/// The page's own policy. Its camera is its own.
const PAGE: [(&str, &str); 3] = [
    ("content-security-policy", PAGE_POLICY),
    ("permissions-policy", "camera=(self), microphone=(), geolocation=()"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Kept as a file, not opened here: its script stands inside.
const DOWNLOADED: [(&str, &str); 2] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("content-disposition", "attachment; filename=\"sanad-verifier.html\""),
];
