//! The demo's document, embedded so that its secrets are known as such.

/// `deploy/bootstrap.demo.yaml`, which `--demo` applies.
pub const DEMO_DOCUMENT: &str = include_str!("../../../../deploy/bootstrap.demo.yaml");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::{BootstrapError, Document, SecretSources};

    fn parse(demo: bool) -> Result<Document, BootstrapError> {
        let environment = |name: &str| panic!("the demo asks for {name}");
        let sources = SecretSources { environment: &environment, directory: ".".into() };
        Document::parse(DEMO_DOCUMENT, &sources, demo)
    }

    #[test]
    fn the_demo_is_a_demo_only() {
        assert!(parse(true).unwrap().is_demo());
        let Err(BootstrapError::Invalid(faults)) = parse(false) else { panic!("its secrets are accepted") };
        let secrets = DEMO_DOCUMENT.matches(": demo-").count() - DEMO_DOCUMENT.matches("id: demo-").count();
        assert_eq!(faults.iter().count(), secrets, "{faults}");
        assert!(secrets > 5);
        assert!(faults.iter().all(|fault| fault.message.contains("demo")), "{faults}");
    }
}
