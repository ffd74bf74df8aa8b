//! The text of one file within our limits. What is no regular file is refused before it is opened, so that nothing blocks.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::refusal::{Refusal, RefusalKind};

const LARGEST: u64 = 32 << 20;

/// The text of a compose file. UTF-16 is told by its byte order mark, as go-yaml does it.
pub fn read(path: &Path) -> Result<String, Refusal> {
    let bytes = bytes(path)?;
    let units = |of: fn([u8; 2]) -> u16| bytes.chunks_exact(2).skip(1).map(move |pair| of([pair[0], pair[1]]));
    let text = match bytes.get(..2) {
        Some([0xff, 0xfe]) => char::decode_utf16(units(u16::from_le_bytes)).collect::<Result<String, _>>(),
        Some([0xfe, 0xff]) => char::decode_utf16(units(u16::from_be_bytes)).collect(),
        _ => return utf8(path, bytes),
    };
    match text {
        Ok(text) if bytes.len() % 2 == 0 => Ok(text),
        _ => Err(refuse(path, "is not whole UTF-16, which its first two bytes announce")),
    }
}

/// The text of a file of variables, which Compose reads as it is: UTF-8 only.
pub fn read_variables(path: &Path) -> Result<String, Refusal> {
    // Compose hands on whatever bytes there are; our values are text.
    utf8(path, bytes(path)?).map_err(|refusal| Refusal { kind: RefusalKind::Limit, ..refusal })
}

fn utf8(path: &Path, bytes: Vec<u8>) -> Result<String, Refusal> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let lines = &error.as_bytes()[..good];
        let line = lines.iter().filter(|byte| **byte == b'\n').count() + 1;
        refuse(path, &format!("is not UTF-8 at byte {good}, in line {line}"))
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => refuse(path, "does not exist"),
        ErrorKind::PermissionDenied => refuse(path, "may not be read by this user"),
        _ => refuse(path, &format!("cannot be read: {error}")),
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    // The one device that people name on purpose, for "no variables".
    if !metadata.is_file() && path.canonicalize().is_ok_and(|path| path == Path::new("/dev/null")) {
        return Ok(Vec::new());
    }
    if metadata.is_dir() {
        return Err(refuse(path, "is a folder, not a file"));
    }
    if !metadata.is_file() {
        return Err(Refusal { kind: RefusalKind::Limit, ..refuse(path, "is no regular file") });
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Refusal::limit(None, format!("{} is larger than {} MiB", path.display(), LARGEST >> 20)));
    }
    Ok(bytes)
}

fn refuse(path: &Path, what: &str) -> Refusal {
    Refusal::nowhere(format!("{} {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        fs::write(&path, bytes).expect("the temporary folder is writable");
        let read = read(&path).map_err(|refusal| refusal.message.replace(&path.display().to_string(), "file"));
        assert_eq!(read.as_deref().map_err(String::as_str), expected);
    }

    fn check_path(path: &Path, expected: &str) {
        let refusal = read(path).expect_err("no file to read");
        assert!(refusal.message.ends_with(expected), "{}", refusal.message);
    }

    #[test]
    fn files_are_utf_8_or_marked_utf_16() {
        check(b"", Ok(""));
        check("é\n".as_bytes(), Ok("é\n"));
        check(b"a\nb\xffc", Err("file is not UTF-8 at byte 3, in line 2"));
        check(b"\xff\xfea\0\xe9\0", Ok("aé"));
        check(b"\xfe\xff\0a\xd8\x3d\xde\x00", Ok("a\u{1f600}"));
        check(b"\xfe\xff\0a\xd8\x3d", Err("file is not whole UTF-16, which its first two bytes announce"));
        check(b"\xfe\xff\0", Err("file is not whole UTF-16, which its first two bytes announce"));
    }

    #[test]
    fn what_is_no_file_is_refused_unopened() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        check_path(folder.path(), " is a folder, not a file");
        check_path(&folder.path().join("none"), " does not exist");
        check_path(Path::new("/dev/zero"), "/dev/zero is no regular file");
        assert_eq!(read(Path::new("/dev/null")).as_deref(), Ok(""));
    }

    #[test]
    fn a_file_of_variables_is_never_utf_16() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(".env");
        fs::write(&path, b"\xff\xfeA\0").expect("the temporary folder is writable");
        let refusal = read_variables(&path).expect_err("no UTF-8");
        assert!(refusal.message.ends_with(" is not UTF-8 at byte 0, in line 1"), "{}", refusal.message);
    }

    #[test]
    fn a_large_file_is_our_own_limit() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        File::create(&path).and_then(|file| file.set_len(LARGEST + 1)).expect("the temporary folder is writable");
        assert_eq!(read(&path).expect_err("too large").kind, RefusalKind::Limit);
    }
}
