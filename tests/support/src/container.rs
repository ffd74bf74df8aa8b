//! A container of a test: removed, with its volumes, when the value is dropped.

use std::process::Command;

pub(crate) struct Container {
    id: String,
}

impl Container {
    /// `docker run` in the background, with `options` before and `arguments` behind the image.
    pub(crate) fn run(image: &str, options: &[&str], arguments: &[&str]) -> Container {
        let run = ["run", "--detach", "--pull", "never", "--label", "feed.test=1"];
        Container { id: docker(&[&run, options, &[image], arguments].concat()) }
    }

    /// As a crash of the machine would, but for its disk.
    pub(crate) fn kill9(&self) {
        docker(&["kill", "--signal", "KILL", &self.id]);
    }

    pub(crate) fn start(&self) {
        docker(&["start", &self.id]);
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Not `docker`: a panic while another one unwinds would end the process.
        drop(Command::new("docker").args(["rm", "--force", "--volumes", &self.id]).output());
    }
}

/// The output of a docker command, without its newline.
///
/// # Panics
/// When it fails, with what it said.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let shown = arguments.join(" ");
    let output = Command::new("docker").args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run docker ({error}): run `make setup`"));
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    let said = text(&output.stderr);
    assert!(output.status.success(), "`docker {shown}` failed; `make setup` brings the engine and the images\n{said}");
    text(&output.stdout)
}
