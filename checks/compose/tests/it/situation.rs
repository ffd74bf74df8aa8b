//! A whole project: its files and the command line that reads them. Generated from a seed, or read from `tests/projects`,
//! where the command stands in the file `command` in the form that is printed for a seed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use feedctl_compose::project::Request;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Situation {
    /// By path below the folder of the whole.
    pub files: BTreeMap<String, Vec<u8>>,
    pub command: CommandLine,
}

/// `cd FOLDER && NAME=value docker compose OPTION…`; values with blanks stand in single quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// Where the command runs, below the folder of the whole.
    pub folder: String,
    pub environment: BTreeMap<String, String>,
    pub options: Vec<String>,
}

impl Situation {
    /// The files below `folder`; `command` and `answer.json` are not part of the project.
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut situation = Self::default();
        let mut waiting = vec![folder.to_owned()];
        while let Some(current) = waiting.pop() {
            for entry in fs::read_dir(&current)? {
                let path = entry?.path();
                let name = path.strip_prefix(folder).expect("found below it").to_string_lossy().into_owned();
                if path.is_dir() {
                    waiting.push(path);
                } else if name == "command" {
                    situation.command = CommandLine::parse(&fs::read_to_string(path)?);
                } else {
                    situation.files.insert(name, fs::read(path)?);
                }
            }
        }
        Ok(situation)
    }

    pub(crate) fn write(&self, root: &Path) -> io::Result<()> {
        fs::create_dir_all(root.join(&self.command.folder))?;
        for (name, content) in &self.files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().expect("below the root"))?;
            fs::write(path, content)?;
        }
        Ok(())
    }
}

impl CommandLine {
    pub(crate) fn parse(text: &str) -> Self {
        let mut line = Self::default();
        let mut words = words(text).into_iter().filter(|word| word != "&&" && word != "compose").peekable();
        while let Some(word) = words.next() {
            match word.split_once('=') {
                _ if word == "cd" => line.folder = words.next().unwrap_or_default(),
                _ if word == "docker" => line.options = words.by_ref().collect(),
                Some((name, value)) => drop(line.environment.insert(name.to_owned(), value.to_owned())),
                None => panic!("`{word}` in the command {text:?}"),
            }
        }
        line
    }

    /// The environment of both readers: what the line sets, and as little as a program can do with.
    pub(crate) fn environment(&self, root: &Path) -> BTreeMap<String, String> {
        let mut environment = self.environment.clone();
        environment.insert("HOME".to_owned(), root.join("home").to_string_lossy().into_owned());
        environment.insert("PATH".to_owned(), std::env::var("PATH").expect("a PATH to find docker on"));
        environment
    }

    pub(crate) fn request(&self, root: &Path) -> Request {
        let mut request = Request {
            working_folder: root.join(&self.folder),
            environment: self.environment(root),
            ..Request::default()
        };
        for pair in self.options.chunks(2) {
            let [option, value] = pair else { panic!("an option without a value: {pair:?}") };
            match option.as_str() {
                "-f" => request.files.push(PathBuf::from(value)),
                "-p" => request.name = Some(value.clone()),
                "--env-file" => request.env_files.push(PathBuf::from(value)),
                "--project-directory" => request.project_directory = Some(PathBuf::from(value)),
                _ => panic!("unknown option {option}"),
            }
        }
        request
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "$ {}", self.command)?;
        for (name, content) in &self.files {
            writeln!(out, "--- {name}")?;
            let visible = String::from_utf8_lossy(content).replace('\r', "\\r").replace('\t', "\\t");
            writeln!(out, "{}", visible.strip_suffix('\n').unwrap_or(&visible))?;
        }
        Ok(())
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.folder.is_empty() {
            write!(out, "cd {} && ", self.folder)?;
        }
        for (name, value) in &self.environment {
            write!(out, "{name}={} ", quoted(value))?;
        }
        write!(out, "docker compose")?;
        self.options.iter().try_for_each(|option| write!(out, " {}", quoted(option)))
    }
}

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,=@+%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) { word.to_owned() } else { format!("'{word}'") }
}

fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut in_quotes) = (Vec::new(), None::<String>, false);
    for character in text.chars() {
        match character {
            '\'' => {
                in_quotes = !in_quotes;
                word.get_or_insert_default();
            }
            blank if blank.is_whitespace() && !in_quotes => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[test]
fn a_command_reads_as_it_is_printed() {
    let line = CommandLine::parse("cd sub && A= B='x y' docker compose -f a.yml --env-file 'b c'");
    assert_eq!(line.folder, "sub");
    assert_eq!(line.environment.get("B").map(String::as_str), Some("x y"));
    assert_eq!(line.options, ["-f", "a.yml", "--env-file", "b c"]);
    assert_eq!(CommandLine::parse(&line.to_string()), line);
}
