//! What people see of a finding.

use sanad_core::ids::MemberId;
use sanad_core::member::Standing;

use super::{Basis, Check, Finding, Form};
use crate::credential;
use crate::output::Report;
use crate::time;
use crate::view::View;

impl Report for Finding {
    fn view(&self) -> View {
        let beside = match &self.credential {
            Some(credential) if credential.verdict.is_against() => {
                format!("; as a credential: {}", credential.verdict)
            }
            _ => String::new(),
        };
        let expired = if self.expired { "; expired by its summary" } else { "" };
        let failed: Vec<String> =
            self.checks.iter().filter(|check| !check.holds).map(|check| check.part.to_string()).collect();
        let parts = if failed.is_empty() { String::new() } else { format!(" ({})", failed.join(", ")) };
        let mut view = View::new().line(format!("{}: {}{parts}{expired}{beside}", self.target, self.verdict));
        if let Some(reason) = &self.reason {
            view = view.fact("because", reason);
        }
        if let Some(as_of) = &self.as_of {
            let age = time::format_age(as_of.age_seconds);
            let sealed =
                if self.form == Some(Form::Sealed) { "; sealed, so old by construction" } else { "" };
            view = view.fact("as of", format!("block {}, {} ({age}){sealed}", as_of.height, as_of.time));
        }
        if let Some(time) = &self.existed_by {
            view = view.fact("existed by", time);
        }
        if let Some(issuer) = &self.issuer {
            let standing = match issuer.standing {
                Standing::Active => String::new(),
                other => format!(", {other} since block {}", issuer.since),
            };
            view = view.fact("issuer", format!("{} ({}){standing}", issuer.name, issuer.id));
        }
        for (label, text) in self.summary.iter().flat_map(|summary| summary.fields()) {
            view = view.fact(label.as_str(), text);
        }
        if let Some(index) = self.log_index {
            view = view.fact("log index", index);
        }
        if !self.signers.is_empty() {
            let names: Vec<&str> = self.signers.iter().map(MemberId::as_str).collect();
            let count = format!("{} of {}", names.len(), self.validators);
            view = view.fact("signed by", format!("{count}: {}", names.join(", ")));
        }
        match self.rests_on {
            Some(Basis::Genesis) => view = view.fact("rests on", "genesis only"),
            Some(Basis::TrustFile { height, time_ms, age_seconds }) => {
                let (time, age) = (time::format_ms(time_ms), time::format_age(age_seconds));
                view = view.fact("rests on", format!("the trust file of block {height}, {time} ({age})"));
            }
            None => {}
        }
        for Check { part, holds, proves, detail, .. } in &self.checks {
            view = view.line(match holds {
                true => format!("  [ok] {part}: {proves} ({detail})"),
                false => format!("  [NO] {part}: {detail}"),
            });
        }
        if let Some(credential) = &self.credential {
            view = view.line("  the document by itself:").then(credential::view(credential));
        }
        self.not_proved.iter().fold(view, |view, open| view.line(format!("  not proved: {open}")))
    }
}
