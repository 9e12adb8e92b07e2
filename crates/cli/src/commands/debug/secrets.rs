//! What must not leave the machine: taken out of the configuration, and of every text.

use std::path::{Path, PathBuf};

use crate::files;

/// Texts that are taken out wherever they are found.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<String>);

/// A configuration, as far as it can be understood.
pub(super) struct Configuration {
    /// Without secrets.
    pub(super) text: String,
    pub(super) data_dir: Option<PathBuf>,
    /// Where metrics are.
    pub(super) admin: Option<std::net::SocketAddr>,
}

impl Secrets {
    /// Reads a configuration. Comments are left out with the rest of what is not a setting; the places of key files and of
    /// the passphrase are taken out, here and later.
    pub(super) fn take_out(&mut self, path: &Path) -> Result<Configuration, String> {
        let text = files::read_text(path, CONFIG_BYTES_MAX).map_err(|error| format!("{error:#}"))?;
        // The parser's error would show the line that it is about.
        let mut table: toml::Table =
            toml::from_str(&text).map_err(|_| "it is not TOML; `sanad-node check` says where".to_owned())?;
        let base = path.parent().unwrap_or(Path::new(""));
        for (section, field) in REMOVED {
            let section = table.get_mut(section).and_then(toml::Value::as_table_mut);
            let Some(value) = section.and_then(|section| section.get_mut(field)) else { continue };
            if let Some(named) = value.as_str().map(str::to_owned) {
                if field == "passphrase_file" {
                    self.add_passphrase_file(&base.join(&named));
                }
                self.add_path(&base.join(&named));
                self.add(&named);
            }
            *value = REPLACEMENT.into();
        }
        let admin = table.get("admin").and_then(|admin| admin.get("listen")?.as_str()?.parse().ok());
        let data_dir = table.get("data_dir").and_then(|dir| Some(base.join(dir.as_str()?)));
        let text = toml::to_string_pretty(&table).map_err(|error| error.to_string())?;
        Ok(Configuration { text: self.strip(&text), data_dir, admin })
    }

    /// Notes what a file of a passphrase holds, and where it is.
    pub(super) fn add_passphrase_file(&mut self, path: &Path) {
        if let Ok(passphrase) = files::read_text(path, PASSPHRASE_BYTES_MAX) {
            self.add(passphrase.lines().next().unwrap_or_default());
        }
        self.add_path(path);
    }

    /// Notes where a file is, by each of its names that is known.
    fn add_path(&mut self, path: &Path) {
        self.add(&path.display().to_string());
        if let Ok(path) = path.canonicalize() {
            self.add(&path.display().to_string());
        }
    }

    /// Notes a text. One that is too short is a part of too many words.
    pub(super) fn add(&mut self, text: &str) {
        if text.len() >= SECRET_BYTES_MIN && !self.0.iter().any(|known| known == text) {
            self.0.push(text.to_owned());
            // A path within another one must not leave the rest of that.
            self.0.sort_by_key(|text| std::cmp::Reverse(text.len()));
        }
    }

    /// A text without any of them.
    pub(super) fn strip(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, REPLACEMENT))
    }
}

/// Settings that name secrets.
const REMOVED: [(&str, &str); 4] =
    [("keys", "consensus"), ("keys", "network"), ("keys", "passphrase_file"), ("api", "tls_key")];
const REPLACEMENT: &str = "(removed)";
/// Longest configuration, in bytes, as the node has it.
const CONFIG_BYTES_MAX: usize = 1 << 20;
const PASSPHRASE_BYTES_MAX: usize = 64 << 10;
const SECRET_BYTES_MIN: usize = 6;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_where_they_are_is_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.toml");
        std::fs::write(folder.path().join("words.txt"), "correct horse battery\n").unwrap();
        let text = "# the passphrase is correct horse battery\ndata_dir = \"data\"\nnote = \"see words.txt\"\n\
                    [keys]\nconsensus = \"keys/voting.json\"\nnetwork = \"keys/net.json\"\n\
                    passphrase_file = \"words.txt\"\n[api]\ntls_key = \"private.pem\"\n[admin]\nlisten = \"127.0.0.1:9464\"\n";
        std::fs::write(&path, text).unwrap();
        let mut secrets = Secrets::default();
        let configuration = secrets.take_out(&path).unwrap();
        assert_eq!(configuration.data_dir, Some(folder.path().join("data")));
        assert_eq!(configuration.admin, Some("127.0.0.1:9464".parse().unwrap()));
        let log = format!("opened {}/words.txt: correct horse battery", folder.path().display());
        for said in [configuration.text, secrets.strip(&log)] {
            for secret in ["horse", "words.txt", "voting", "net.json", "private"] {
                assert!(!said.contains(secret), "{said}");
            }
        }
        std::fs::write(&path, "x = correct horse battery").unwrap();
        assert!(!secrets.take_out(&path).err().unwrap().contains("horse"));
    }
}
