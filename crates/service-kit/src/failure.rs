//! How a process that cannot go on says why: in one sentence, on standard error.

use std::{error::Error, process::ExitCode};

/// An error with its causes, the outermost first. What an error has said in its own words is not said again.
#[must_use]
pub fn sentence(error: &(dyn Error + 'static)) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !sentence.contains(&words) {
            sentence = format!("{sentence}: {words}");
        }
        cause = error.source();
    }
    sentence
}

/// What the `main` of a service returns: 0, or 1 after telling what went wrong.
pub fn exit_code<E>(service: &str, outcome: Result<(), E>) -> ExitCode
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let error: Box<dyn Error + Send + Sync> = error.into();
            eprintln!("{service}: {}", sentence(&*error));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::sentence;

    #[derive(Debug, thiserror::Error)]
    enum Layer {
        #[error("data_dir: {0}")]
        Told(#[from] io::Error),
        #[error("bootstrap.file")]
        Above(#[source] Box<Layer>),
    }

    #[test]
    fn causes_are_told_once() {
        let layer = || Layer::Told(io::Error::other("disk full"));
        assert_eq!(sentence(&layer()), "data_dir: disk full");
        assert_eq!(sentence(&Layer::Above(Box::new(layer()))), "bootstrap.file: data_dir: disk full");
    }
}
