//! `sanad issuer page`: the verifier's page for a web server.

use std::path::{Path, PathBuf};

use anyhow::bail;
use sanad_page::{
    CONFIG, FILES, FOLDER, HASHES, SINGLE, SINGLE_FILE, WIDE_WORKER, WORKER, page_hash, site_config,
};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report, warn};
use crate::trust::{TrustArgs, read_genesis, read_trust_file};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad issuer page www/v --trust konsorsium.trust --export ../export/
  sanad issuer page www/v --trust konsorsium.trust --export https://log.example.org/

Writes the verifier's page and the explorer into a folder for any web server: the one at which the issuer's codes
point, SITE/v. Its files are those of every other copy of this version, and `sha256sum -c page.sha256` checks them. Only
config.json differs, and page.html, the page in one file for a USB stick, which has the trust file inside.
Beside a folder that is called v lies its service worker, v.sw.js: codes say SITE/v without a slash, and from there it
answers for that address, too, where there is no network.
An export on another host is named in the policy of index.html and explorer.html, so that these two differ, too.
Write the page anew with a new trust file at least once a year. Files of an earlier run are replaced, those of another site
never.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The folder
    dir: PathBuf,
    /// Address of a static export that answers for the status now; one without https:// is below the page's own
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    export: String,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Written {
    dir: PathBuf,
    files: usize,
    /// Of `page.sha256`, which is the same for every copy of this version.
    page_hash: String,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = trusted(&args.trust)?;
    if trust.is_empty() {
        warn(format_args!("without --trust or --genesis, visitors have to bring the file of the consortium"));
    }
    let host = other_host(&args.export)?;
    let fixed = FILES.iter().map(|file| {
        let named = host.filter(|_| file.path.ends_with(".html"));
        (file.path, named.map_or_else(|| file.content.to_vec(), |host| with_host(file.content, host)))
    });
    let own = [
        (CONFIG, site_config(&args.export, &trust).into_bytes()),
        (SINGLE_FILE, SINGLE.with(&trust).into_bytes()),
    ];
    let all = fixed.chain(own).map(|(path, content)| (path.trim_start_matches('/'), content));
    let mut all: Vec<_> = all.collect();
    // The hashes first: by them the next run knows the folder, if this one is cut off.
    all.sort_by_key(|(path, _)| *path != hashes());
    refuse_foreign(&args.dir, all.iter().map(|(path, _)| *path))?;
    let mut count = 0;
    for (path, content) in all {
        let path = args.dir.join(path);
        files::create_folder(files::parent(&path))?;
        files::replace(&path, &content, Mode::Public)?;
        count += 1;
    }
    let beside =
        args.dir.file_name().filter(|name| *name == FOLDER).map(|_| args.dir.with_file_name(WIDE_WORKER));
    let worker = FILES.iter().find(|file| file.path == WORKER);
    if let (Some(path), Some(worker)) = (beside, worker) {
        files::replace(&path, worker.content, Mode::Public)?;
        count += 1;
    }
    output.print(&Written { dir: args.dir.clone(), files: count, page_hash: page_hash() })?;
    Ok(Outcome::Yes)
}

/// A folder with the hashes of a page is replaced; one without them may be the front of a university's site.
fn refuse_foreign<'a>(dir: &Path, mut written: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
    if dir.join(hashes()).exists() {
        return Ok(());
    }
    match written.find(|path| dir.join(path).exists()) {
        Some(path) => bail!(
            "{} is of another site: there is no {} beside it; name a folder for the page alone, as {}",
            dir.join(path).display(),
            hashes(),
            dir.join(FOLDER).display()
        ),
        None => Ok(()),
    }
}

/// Name of the list of hashes.
fn hashes() -> &'static str {
    HASHES.trim_start_matches('/')
}

/// The file that verifiers get, once it is proved; nothing without one.
fn trusted(args: &TrustArgs) -> anyhow::Result<Vec<u8>> {
    args.given()?;
    match (&args.trust, &args.genesis) {
        (Some(path), _) => Ok(read_trust_file(path)?.to_binary()),
        (None, Some(path)) => Ok(read_genesis(path)?.to_json().into_bytes()),
        (None, None) => Ok(Vec::new()),
    }
}

/// Scheme and host of an address elsewhere. It stands in a policy, where a blank or a semicolon would end it.
fn other_host(export: &str) -> anyhow::Result<Option<&str>> {
    let Some((scheme, rest)) = export.split_once("://") else {
        if export.starts_with("//") {
            bail!("--export {export} names a host without a scheme; write https:{export}");
        }
        let first = export.split(['/', '?', '#']).next().unwrap_or_default();
        if first.contains(':') || (first.contains('.') && ![".", ".."].contains(&first)) {
            bail!(
                "--export {export} is neither an address that begins with https:// nor one below the page's own, as ../export/; write \
                 https://{export}, or ./{export}"
            );
        }
        return Ok(None);
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if !["http", "https"].contains(&scheme) || host.is_empty() || !host.bytes().all(is_plain) {
        bail!("--export {export} is not an http or https address");
    }
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_here =
        name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if scheme == "http" && !is_here {
        bail!("--export {export} is read over http on the same machine alone; give its https address");
    }
    Ok(Some(&export[..scheme.len() + "://".len() + host.len()]))
}

fn with_host(page: &[u8], host: &str) -> Vec<u8> {
    let page = String::from_utf8_lossy(page);
    page.replacen("connect-src 'self'", &format!("connect-src 'self' {host}"), 1).into_bytes()
}

impl Report for Written {
    fn view(&self) -> View {
        View::new()
            .fact("folder", self.dir.display())
            .fact("files", self.files)
            .fact("page hash", &self.page_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_another_site_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let written = || ["page.sha256", "index.html", "config.json"].into_iter();
        refuse_foreign(dir.path(), written()).unwrap();
        std::fs::write(dir.path().join("index.html"), "the university").unwrap();
        let refused = refuse_foreign(dir.path(), written()).unwrap_err().to_string();
        assert!(refused.contains("index.html is of another site"), "{refused}");
        // An earlier page.
        std::fs::write(dir.path().join("page.sha256"), "").unwrap();
        refuse_foreign(dir.path(), written()).unwrap();
    }

    #[test]
    fn the_policy_names_the_host_of_another_address_alone() {
        for (export, host) in [
            ("", None),
            ("../export/", None),
            ("./log.example.org/", None),
            ("export/2026.1/", None),
            ("/export/", None),
            ("https://log.example.org/a/b", Some("https://log.example.org")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("http://127.0.0.1:8080/x", Some("http://127.0.0.1:8080")),
            ("http://localhost", Some("http://localhost")),
        ] {
            assert_eq!(other_host(export).unwrap(), host, "{export}");
        }
        for export in [
            "//a.example/",
            "https://",
            "https://a.example; script-src *",
            "ftp://a.example/",
            "javascript://x",
            "javascript:alert(1)",
            "log.example.org",
            "log.example.org/export/",
            "log.example.org:8080",
            "http://log.example.org/",
            "http://127.0.0.1.example.org/",
            "http://localhost.example.org/",
        ] {
            assert!(other_host(export).is_err(), "{export}");
        }
        for file in FILES.iter().filter(|file| file.path.ends_with(".html")) {
            let page = String::from_utf8(with_host(file.content, "https://a.example")).unwrap();
            assert!(page.contains("connect-src 'self' https://a.example;"), "{}", file.path);
        }
    }
}
