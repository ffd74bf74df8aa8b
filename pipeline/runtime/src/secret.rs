//! Secrets come from a variable `NAME`, or from the file that `NAME_FILE` names (Compose and Swarm mount secrets so).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{name} and {name}_FILE are both set: keep one")]
    Both { name: &'static str },
    #[error("no {name}: set {name}, or {name}_FILE to a file that holds it")]
    Missing { name: &'static str },
    #[error("cannot read {}, which {name}_FILE names", path.display())]
    Unreadable { name: &'static str, path: PathBuf, source: io::Error },
    #[error("{}, which {name}_FILE names, is empty", path.display())]
    Empty { name: &'static str, path: PathBuf },
}

/// The secret `name`, given by value or by file; white space around it (the newline of an editor) is not part of it.
pub fn required(
    name: &'static str,
    value: Option<SecretString>,
    file: Option<&Path>,
) -> Result<SecretString, SecretError> {
    optional(name, value, file)?.ok_or(SecretError::Missing { name })
}

/// As [`required`], for a secret that may be absent.
pub fn optional(
    name: &'static str,
    value: Option<SecretString>,
    file: Option<&Path>,
) -> Result<Option<SecretString>, SecretError> {
    match (value, file) {
        (Some(_), Some(_)) => Err(SecretError::Both { name }),
        (value, None) => Ok(value),
        (None, Some(path)) => {
            let text = fs::read_to_string(path).map_err(|source| SecretError::Unreadable {
                name,
                path: path.to_owned(),
                source,
            })?;
            match text.trim() {
                "" => Err(SecretError::Empty { name, path: path.to_owned() }),
                secret => Ok(Some(SecretString::from(secret))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn check(value: Option<&str>, file: Option<&str>, expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("secret");
        if let Some(text) = file {
            fs::write(&path, text).expect("the temporary folder is writable");
        }
        let got = required("FEED_X", value.map(SecretString::from), file.map(|_| path.as_path()));
        let got = got.map(|secret| secret.expose_secret().to_owned());
        let got = got.map_err(|error| error.to_string().replace(&*path.to_string_lossy(), "PATH"));
        assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn by_value_or_by_file_but_not_both() {
        check(Some("s3cret"), None, Ok("s3cret"));
        check(None, Some("s3cret\n"), Ok("s3cret"));
        check(Some("a"), Some("b"), Err("FEED_X and FEED_X_FILE are both set: keep one"));
        check(None, Some(" \n"), Err("PATH, which FEED_X_FILE names, is empty"));
        check(None, None, Err("no FEED_X: set FEED_X, or FEED_X_FILE to a file that holds it"));
    }
}
