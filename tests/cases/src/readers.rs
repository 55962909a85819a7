//! What different programs see in one zip: this project's core, the `zip` crate, Python's zipfile.
//! Names are compared as they stand in the archive.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Command;

use countersign_package::{Archive, EntryKind, Limits};

/// Names and bodies in the order of the directory.
pub type Contents = Vec<(Vec<u8>, Vec<u8>)>;

/// What the core sees, if it accepts the structure.
pub fn core(bytes: &[u8]) -> Result<Contents, String> {
    read_core(bytes, |entry, body| entry.read_to_end(body).map(drop))
}

/// What the core sees when bodies are read in pieces of these sizes, round and round.
pub fn core_in_pieces(bytes: &[u8], pieces: &[usize]) -> Result<Contents, String> {
    let mut sizes = pieces.iter().copied().cycle();
    read_core(bytes, |entry, body| {
        loop {
            let mut piece = vec![0; sizes.next().unwrap_or(1).max(1)];
            match entry.read(&mut piece)? {
                0 => return Ok(()),
                length => body.extend_from_slice(&piece[..length]),
            }
        }
    })
}

/// Leaves directories out that were listed before: the second makes no difference to what is
/// unpacked, and some programs do not list it.
#[must_use]
pub fn directories_once(mut contents: Contents) -> Contents {
    let mut seen = BTreeSet::new();
    contents.retain(|(name, _)| !name.ends_with(b"/") || seen.insert(name.clone()));
    contents
}

fn read_core(
    bytes: &[u8],
    mut read: impl FnMut(&mut dyn Read, &mut Vec<u8>) -> std::io::Result<()>,
) -> Result<Contents, String> {
    let limits = Limits::default();
    let archive = Archive::parse(bytes, &limits).map_err(|error| error.to_string())?;
    let mut contents = Vec::new();
    for entry in archive.entries() {
        let mut body = Vec::new();
        read(&mut entry.contents(), &mut body).map_err(|error| error.to_string())?;
        contents.push((entry.name().as_bytes().to_vec(), body));
    }
    Ok(contents)
}

/// What the `zip` crate sees.
pub fn zip_crate(bytes: &[u8]) -> Result<Contents, String> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut contents = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|error| error.to_string())?;
        let mut body = Vec::new();
        file.read_to_end(&mut body)
            .map_err(|error| error.to_string())?;
        contents.push((file.name_raw().to_vec(), body));
    }
    Ok(contents)
}

/// What the `zip` crate sees from the front, as a stream, up to where it cannot go on: it does not
/// know where a body with a descriptor ends. Bodies are the only thing that it looks at.
#[must_use]
pub fn zip_crate_from_front(bytes: &[u8]) -> Contents {
    let mut stream = Cursor::new(bytes);
    let mut contents = Vec::new();
    while let Ok(Some(mut file)) = zip::read::read_zipfile_from_stream(&mut stream) {
        let mut body = Vec::new();
        let name = file.name_raw().to_vec();
        if file.read_to_end(&mut body).is_err() {
            break;
        }
        contents.push((name, body));
    }
    contents
}

/// What each entry unpacks to, in the letters of `ls`.
pub type Kinds = BTreeSet<(Vec<u8>, char)>;

/// What the core has each entry unpack to.
pub fn kinds_in_core(bytes: &[u8]) -> Result<Kinds, String> {
    let archive = Archive::parse(bytes, &Limits::default()).map_err(|error| error.to_string())?;
    let kinds = archive.entries().iter().map(|entry| {
        let kind = match entry.kind() {
            EntryKind::Directory => 'd',
            EntryKind::File => '-',
            EntryKind::Symlink => 'l',
        };
        (entry.name().as_bytes().to_vec(), kind)
    });
    Ok(kinds.collect())
}

/// The same as the `zip` crate has it.
pub fn kinds_in_zip_crate(bytes: &[u8]) -> Result<Kinds, String> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut kinds = Kinds::new();
    for index in 0..archive.len() {
        let file = archive
            .by_index_raw(index)
            .map_err(|error| error.to_string())?;
        // A directory with the bits of a link among others, as plexus-archiver writes it, it tries to
        // link to nothing, which is an error.
        let kind = if file.is_dir() {
            'd'
        } else if file.is_symlink() {
            'l'
        } else {
            '-'
        };
        kinds.insert((file.name_raw().to_vec(), kind));
    }
    Ok(kinds)
}

/// Reads each numbered zip in the folder; prints, for each, either `ok` and then names and bodies
/// in hexadecimal, or `error`.
const SCRIPT: &str = r"
import sys, zipfile
def raw(info):
    # Unmarked names are read in CP437, one to one, or in UTF-8 where a Unicode path field says so.
    try:
        return info.filename.encode('utf-8' if info.flag_bits & 0x800 else 'cp437', 'strict')
    except UnicodeEncodeError:
        return info.filename.encode('utf-8', 'surrogatepass')
folder, count = sys.argv[1], int(sys.argv[2])
for number in range(count):
    try:
        with zipfile.ZipFile(f'{folder}/{number}.zip') as archive:
            fields = ['ok']
            for info in archive.infolist():
                fields += [raw(info).hex(), archive.read(info).hex()]
    except Exception as error:
        fields = ['error', repr(error).encode().hex()]
    print(','.join(fields))
";

/// What Python's zipfile sees in each of these zips. `None` when there is no Python here.
#[must_use]
pub fn python(zips: &[Vec<u8>], folder: &Path) -> Option<Vec<Result<Contents, String>>> {
    for (number, zip) in zips.iter().enumerate() {
        fs::write(folder.join(format!("{number}.zip")), zip).expect("the folder can be written");
    }
    let output = Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(folder)
        .arg(zips.len().to_string())
        .output()
        .ok()?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("the script prints ASCII");
    let seen: Vec<_> = text.lines().map(seen_by_python).collect();
    assert_eq!(seen.len(), zips.len(), "a line for each zip");
    Some(seen)
}

fn seen_by_python(line: &str) -> Result<Contents, String> {
    let mut fields = line.split(',');
    if fields.next() != Some("ok") {
        let error = fields.next().map(from_hex).unwrap_or_default();
        return Err(String::from_utf8_lossy(&error).into_owned());
    }
    let bytes: Vec<Vec<u8>> = fields.map(from_hex).collect();
    Ok(bytes
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect())
}

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).expect("a hexadecimal digit") as u8;
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| digit(&pair[0]) << 4 | digit(&pair[1]))
        .collect()
}
