//! `.env` files and `${…}`.

pub mod dotenv;
pub mod template;
