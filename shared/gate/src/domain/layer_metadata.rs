//! What a layer's upload says of the functions it fits.

use std::collections::BTreeMap;

/// The user metadata that names the runtimes, comma-separated.
pub const RUNTIMES: &str = "compatible-runtimes";

/// The user metadata that names the architectures, comma-separated.
pub const ARCHITECTURES: &str = "compatible-architectures";

/// `CompatibleRuntimes` takes at most 15, `CompatibleArchitectures` at most 2 (service model).
const MAX_RUNTIMES: usize = 15;

const MAX_ARCHITECTURES: usize = 2;

/// The runtimes and architectures of a layer; empty where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerMetadata {
    runtimes: Vec<String>,
    architectures: Vec<String>,
}

/// Why metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the metadata {name} is {value:?}: expected at most {most} comma-separated names")]
pub struct LayerMetadataError {
    name: &'static str,
    value: String,
    most: usize,
}

impl LayerMetadata {
    /// Reads them off an upload's user metadata. Which names exist is Lambda's to say.
    pub fn read(metadata: &BTreeMap<String, String>) -> Result<Self, LayerMetadataError> {
        Ok(Self {
            runtimes: list(metadata, RUNTIMES, MAX_RUNTIMES)?,
            architectures: list(metadata, ARCHITECTURES, MAX_ARCHITECTURES)?,
        })
    }

    /// For `CompatibleRuntimes`.
    #[must_use]
    pub fn runtimes(&self) -> &[String] {
        &self.runtimes
    }

    /// For `CompatibleArchitectures`.
    #[must_use]
    pub fn architectures(&self) -> &[String] {
        &self.architectures
    }
}

fn list(
    metadata: &BTreeMap<String, String>,
    name: &'static str,
    most: usize,
) -> Result<Vec<String>, LayerMetadataError> {
    let Some(value) = metadata.get(name) else {
        return Ok(Vec::new());
    };
    let names: Vec<String> = value
        .split(',')
        .map(|name| name.trim().to_owned())
        .collect();
    let is_name = |text: &String| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    if names.len() > most || !names.iter().all(is_name) {
        return Err(LayerMetadataError {
            name,
            value: value.clone(),
            most,
        });
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_are_at_most_two() {
        let read = |text: &str| {
            let metadata = BTreeMap::from([(ARCHITECTURES.to_owned(), text.to_owned())]);
            LayerMetadata::read(&metadata)
        };
        let both = read("arm64, x86_64").unwrap();
        assert_eq!(both.architectures(), ["arm64", "x86_64"]);
        assert_eq!(both.runtimes(), [""; 0]);
        let refused = read("arm64,x86_64,riscv64").unwrap_err().to_string();
        assert!(refused.contains("at most 2"), "{refused}");
        assert!(read("arm64,").is_err());
    }

    fn read(runtimes: &str) -> Result<LayerMetadata, LayerMetadataError> {
        LayerMetadata::read(&BTreeMap::from([(
            RUNTIMES.to_owned(),
            runtimes.to_owned(),
        )]))
    }

    #[test]
    fn lists_are_read_strictly() {
        assert_eq!(
            read("python3.13, nodejs24.x").unwrap().runtimes(),
            ["python3.13", "nodejs24.x"]
        );
        assert_eq!(
            LayerMetadata::read(&BTreeMap::new()).unwrap(),
            LayerMetadata::default()
        );
        for bad in ["", "a,,b", "a b", "a;b", &["x"; 16].join(",")] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
