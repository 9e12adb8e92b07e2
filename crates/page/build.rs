//! Makes a table of the files in `site/`, each compressed as well.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Served with a trust file inside, so not as it is.
const SINGLE_FILE: &str = "page.html";

fn main() -> Result<(), Box<dyn Error>> {
    let site = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("site");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed={}", site.display());
    let mut names = Vec::new();
    list(&site, "", &mut names)?;
    names.sort();
    let mut table = String::from(
        "/// Every file of the page that is the same everywhere.\npub const FILES: &[PageFile] = &[\n",
    );
    for name in names.iter().filter(|name| *name != SINGLE_FILE) {
        let (path, plain) = (format!("/{name}"), site.join(name));
        let compressed = out.join(format!("{}.gz", name.replace('/', "_")));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&std::fs::read(&plain)?)?;
        std::fs::write(&compressed, gzip.finish()?)?;
        let media_type = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        };
        writeln!(
            table,
            "PageFile {{ path: {path:?}, media_type: {media_type:?}, content: include_bytes!({plain:?}), gzip: include_bytes!({compressed:?}) }},"
        )?;
    }
    table.push_str("];\n");
    let index = std::fs::read_to_string(site.join("index.html"))?;
    let policy = index
        .split_once("script-src ")
        .and_then(|(_, rest)| rest.split_once(';'))
        .ok_or("no policy in index.html")?
        .0;
    writeln!(
        table,
        "/// Which scripts the page's policy allows: those of the site, and the one that `page.js` unpacks.\n\
         pub const SCRIPT_POLICY: &str = {policy:?};\n\
         /// The policy of the page as a header, with what a `meta` element cannot say: nobody frames it.\n\
         pub const PAGE_POLICY: &str = {:?};",
        format!(
            "default-src 'none'; script-src {policy}; style-src 'self'; img-src 'self' blob:; media-src blob:; connect-src 'self'; \
             worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    )?;
    Ok(std::fs::write(out.join("files.rs"), table)?)
}

/// Names of all files below a folder, with `/` between their parts.
fn list(folder: &Path, above: &str, names: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
