//! Lists of SHA-256 digests, as `sha256sum` writes them: is each file the one that was listed?

use std::path::Path;

use rayon::prelude::*;

use super::layout::Root;
use super::{DatasetError, hex, read};

/// One line for each file of the list at `list`, below `folder`, that is missing, outside, or another.
pub(super) fn wrong(folder: &Path, list: &str) -> Result<Vec<String>, DatasetError> {
    let root = Root::new(folder)?;
    let path = root.file(list)?;
    let text = String::from_utf8(read::bytes(&path)?).map_err(|error| DatasetError::file(&path, error))?;
    let lines: Vec<(usize, &str)> = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect();
    let check = |(number, line): &(usize, &str)| {
        let message = check(&root, line).err()?;
        Some(format!("{list}:{}: {message}", number + 1))
    };
    Ok(lines.par_iter().filter_map(check).collect())
}

fn check(root: &Root, line: &str) -> Result<(), String> {
    // a `*` before the name says that the file was read as binary
    let (digest, name) = line.split_once([' ', '\t']).ok_or("expected a digest and a path")?;
    let name = name.trim_start().trim_start_matches('*').trim_start_matches("./");
    let path = root.file(name).map_err(|error| error.to_string())?;
    let found = hex(&read::sha256(&path).map_err(|error| error.to_string())?);
    match found.eq_ignore_ascii_case(digest) {
        true => Ok(()),
        false => Err(format!("{name}: SHA-256 is {}…, expected {digest:.12}…", &found[..12])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_missing_or_foreign_file_is_named_with_its_line() {
        let folder = tempfile::tempdir().expect("temporary folder");
        for name in ["a", "b"] {
            std::fs::write(folder.path().join(name), "abc").expect("temporary file");
        }
        // FIPS 180-2: SHA-256 of "abc"
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let list = format!("{abc}  a\n{abc} *./b\n\n{}  b\n{abc}  c\n{abc}  ../a\n{abc}\n", abc.replace('b', "c"));
        std::fs::write(folder.path().join("SHA256SUMS"), list).expect("temporary file");
        let wrong = wrong(folder.path(), "SHA256SUMS").expect("a list");
        assert_eq!(wrong.len(), 4, "{wrong:?}");
        assert_eq!(wrong[0], "SHA256SUMS:4: b: SHA-256 is ba7816bf8f01…, expected ca7816cf8f01…");
        assert!(wrong[2].contains("\"../a\" is not a plain path"), "{}", wrong[2]);
    }
}
