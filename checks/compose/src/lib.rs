//! Reads a Compose project as Compose does and keeps the place of every value. Pure but for reading files: it reads no
//! clock, no process environment and asks no engine.
//!
//! From the bytes to the project, in the order of the work:
//! - [`source`]: the files that were read, and spans in them;
//! - [`node`]: a YAML value with its origin;
//! - [`document`]: the text of one file becomes nodes, as go-yaml reads them;
//! - [`variables`]: `.env` files and `${…}`;
//! - [`project`]: which files, how they extend, include and lie over each other, and what Compose makes of the sum;
//! - [`resolved`]: the project in the form of `docker compose config --format json`.
//!
//! And from the project to what is wrong with it:
//! - [`model`]: the services as the rules see them, with role and restart policy;
//! - [`rules`]: one rule per file, each a function from the model to [`finding`]s;
//! - [`suppress`]: the comments in the files that allow a finding;
//! - [`audit`]: all of them, in order;
//! - [`fix`]: findings become changes of the files.

pub mod audit;
pub mod document;
pub mod finding;
pub mod fix;
#[cfg(test)]
mod fixture;
pub mod model;
pub mod node;
pub mod project;
pub mod refusal;
pub mod resolved;
pub mod rule;
pub mod rules;
pub mod secret;
pub mod source;
pub mod suppress;
pub mod variables;
