//! `tessera openapi`: writes the documents that are checked in, from the code.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::failure::Failure;

pub(super) fn run(out: &Path) -> Result<(), Failure> {
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let documents = [
        ("agenda", agenda::openapi()),
        ("applications", applications::openapi()),
        ("auth-server", auth_server::openapi()),
        ("base-token", base_token::openapi()),
        ("provisioning", provisioning::openapi()),
        ("rooms", rooms::openapi()),
    ];
    for (name, document) in documents {
        let mut text = document.to_pretty_json().context("the document does not serialize")?;
        text.push('\n');
        let path = out.join(format!("{name}.json"));
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
