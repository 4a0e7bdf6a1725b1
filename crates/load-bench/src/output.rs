//! Files that a measurement leaves behind.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

/// Flags of every command whose figures somebody may want to keep.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Output {
    /// Also write everything as JSON
    #[arg(long, value_name = "FILE", value_parser = new_file)]
    json: Option<PathBuf>,
}

impl Output {
    /// Writes the report, where one is wanted.
    pub(crate) fn write(&self, report: &impl Serialize) -> anyhow::Result<()> {
        let Some(path) = &self.json else { return Ok(()) };
        let file = File::create(path).with_context(|| cannot_write(path))?;
        Ok(serde_json::to_writer_pretty(file, report)?)
    }
}

/// Writes a text as a file.
pub(crate) fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| cannot_write(path))
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

/// A file in a folder that there is: otherwise that would be noticed when all is measured.
pub(crate) fn new_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.file_name().is_none() || path.is_dir() {
        return Err("this is no name of a file".to_owned());
    }
    if folder.is_dir() { Ok(path) } else { Err(format!("there is no folder {}", folder.display())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_refused_before_anything_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("figures.json");
        assert_eq!(new_file(&inside.display().to_string()), Ok(inside.clone()));
        assert_eq!(new_file("figures.json"), Ok("figures.json".into()));
        let missing = folder.path().join("nothing");
        let refused = new_file(&missing.join("figures.json").display().to_string());
        assert_eq!(refused, Err(format!("there is no folder {}", missing.display())));
        for wrong in [&*folder.path().display().to_string(), "/", ".."] {
            assert!(new_file(wrong).is_err(), "{wrong}");
        }
        Output { json: Some(inside.clone()) }.write(&["figure"]).unwrap();
        assert_eq!(fs::read_to_string(inside).unwrap(), "[\n  \"figure\"\n]");
        Output::default().write(&["figure"]).unwrap();
    }
}
