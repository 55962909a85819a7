//! Deployment packages: good ones, and ones that somebody altered.

use std::io::{Cursor, Read, Write};

use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::error::HarnessError;

/// The file that holds the demo function's code.
const MODULE: &str = "app.py";
/// A layer's file, at the path where Python finds it.
const LIBRARY: &str = "python/shared_library.py";

/// A package of a Python function that answers with `words`.
pub fn function(words: &str) -> Result<Vec<u8>, HarnessError> {
    let source = format!("def handler(event, context):\n    return {{\"says\": \"{words}\"}}\n");
    archive(&[(MODULE, source.as_bytes())])
}

/// A package of a layer for Python functions.
pub fn layer(words: &str) -> Result<Vec<u8>, HarnessError> {
    archive(&[(LIBRARY, format!("WORDS = \"{words}\"\n").as_bytes())])
}

/// A package of a Python function that was zipped with the folder around its content, so that Lambda
/// does not find its module.
pub fn zipped_folder(folder: &str, words: &str) -> Result<Vec<u8>, HarnessError> {
    let inside = files(&function(words)?)?;
    let moved: Vec<(String, Vec<u8>)> = inside
        .into_iter()
        .map(|(name, body)| (format!("{folder}/{name}"), body))
        .collect();
    let borrowed: Vec<(&str, &[u8])> = moved
        .iter()
        .map(|(name, body)| (name.as_str(), body.as_slice()))
        .collect();
    archive(&borrowed)
}

/// What is no package: it begins like a zip file and does not go on like one.
#[must_use]
pub fn malformed() -> Vec<u8> {
    b"PK\x03\x04 this was a deployment package until somebody shortened it".to_vec()
}

/// `package` with other code in it, and every other file, the signature too, as it was.
pub fn altered(package: &[u8], words: &str) -> Result<Vec<u8>, HarnessError> {
    let other = function(words)?;
    let mut files = files(package)?;
    for (name, body) in self::files(&other)? {
        files.retain(|(present, _)| *present != name);
        files.push((name, body));
    }
    let borrowed: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, body)| (name.as_str(), body.as_slice()))
        .collect();
    archive(&borrowed)
}

fn files(package: &[u8]) -> Result<Vec<(String, Vec<u8>)>, HarnessError> {
    let mut archive = ZipArchive::new(Cursor::new(package))?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let mut body = Vec::new();
        file.read_to_end(&mut body)
            .map_err(zip::result::ZipError::from)?;
        files.push((file.name()?.into_owned(), body));
    }
    Ok(files)
}

fn archive(files: &[(&str, &[u8])]) -> Result<Vec<u8>, HarnessError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o644);
    for (name, body) in files {
        writer.start_file(*name, options)?;
        writer
            .write_all(body)
            .map_err(zip::result::ZipError::from)?;
    }
    Ok(writer.finish()?.into_inner())
}
