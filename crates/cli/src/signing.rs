//! Signing credentials as an issuer of the register.

use std::path::Path;

use anyhow::{Context, bail};
use clap::ValueEnum;
use jiff::Timestamp;
use sanad_core::member::{KeyPurpose, MemberState};
use sanad_core::signature::SecretKey;
use sanad_credential::{Cryptosuite, Signer, did_key};
use sanad_issuer::{CredentialForm, Issuer, StatusListPlace, Written, did_web};

use crate::output::note;

/// How a credential is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Over the RDF of the credential; what verifiers of Open Badges 3.0 know.
    #[value(name = "eddsa-rdfc-2022")]
    Rdfc,
    /// Over its canonical JSON.
    #[value(name = "eddsa-jcs-2022")]
    Jcs,
}

/// The form of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// An Open Badge 3.0 in JSON: shown as a whole.
    Json,
    /// An SD-JWT VC: the learner chooses what to show of it, with `sanad credential present`.
    SdJwt,
}

impl From<Form> for CredentialForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Json => Self::Json,
            Form::SdJwt => Self::SdJwt,
        }
    }
}

/// The form of a credential, and how it is signed.
#[derive(clap::Args, Debug)]
pub(crate) struct FormArgs {
    /// The form of the credential
    #[arg(long, value_enum, default_value = "json")]
    form: Form,
    /// How to sign a credential in JSON [default: eddsa-rdfc-2022]
    #[arg(long, value_enum)]
    suite: Option<Suite>,
}

impl FormArgs {
    /// The form, and how to sign.
    pub(crate) fn form(&self) -> anyhow::Result<(CredentialForm, Suite)> {
        match (self.form, self.suite) {
            (Form::SdJwt, Some(_)) => {
                bail!("--suite is of credentials in JSON; an SD-JWT is signed with EdDSA")
            }
            (form, suite) => Ok((form.into(), suite.unwrap_or(Suite::Rdfc))),
        }
    }
}

/// The signer of credentials that name `named` as their issuer: an issuer id of the member, whose key is the current one.
pub(crate) fn signer(
    suite: Suite,
    named: &str,
    issuer: &Issuer,
    member: &MemberState,
) -> anyhow::Result<Signer> {
    check_issuer_id(named, member)?;
    if member.rest().current_key(KeyPurpose::Issuing) != Some(issuer.key.public()) {
        let id = &member.record().id;
        bail!("the issuing key is not the one that the register has for {id}; it may have been replaced");
    }
    signer_of(suite, named, &issuer.key)
}

/// Whether the register has `named` as an issuer id of the member now.
pub(crate) fn check_issuer_id(named: &str, member: &MemberState) -> anyhow::Result<()> {
    let ids = member.record().issuer_ids.iter().filter(|term| term.until.is_none());
    let ids: Vec<&str> = ids.map(|term| term.id.as_str()).collect();
    if ids.contains(&named) {
        return Ok(());
    }
    bail!(
        "the issuer that is named, {named}, is not an issuer id of {} in the register; it has {}",
        member.record().id,
        if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
    )
}

/// Where the status lists of an issuer are, if they are those of `named`.
pub(crate) fn status_list_place(named: &str, member: &MemberState) -> anyhow::Result<StatusListPlace> {
    let did = did_web(member).filter(|did| *did == named).with_context(|| {
        format!("status lists are published on the site of the issuer's first did:web, and the credential names {named}")
    })?;
    Ok(StatusListPlace::of_did(did)?)
}

/// Says of a credential that an earlier run had signed that it was signed anew.
pub(crate) fn say_written(written: Written, file: &Path) {
    match written {
        Written::There => {}
        Written::Anew => note(format_args!(
            "{} was signed by an earlier run and not yet entered, with a key that is not the issuing key in force: signed anew with the \
             key in force",
            file.display()
        )),
    }
}

/// The time of a signature made now.
pub(crate) fn created_now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn signer_of(suite: Suite, named: &str, key: &SecretKey) -> anyhow::Result<Signer> {
    let suite = match suite {
        Suite::Rdfc => Cryptosuite::EddsaRdfc2022,
        Suite::Jcs => Cryptosuite::EddsaJcs2022,
    };
    let own = did_key(&key.public());
    match named {
        did if did.starts_with("did:web:") => Ok(Signer::of_did(key.clone(), did.to_owned(), suite)),
        did if did == own => Ok(Signer::did_key(key.clone(), suite)),
        other => {
            bail!("the issuer that is named is {other}; a credential is signed for a did:web, or for {own}")
        }
    }
}
